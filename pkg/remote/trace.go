package remote

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
)

// The headers that a [Trace] travels in.
const (
	requestIDHeader   = "X-Request-Id"
	traceparentHeader = "Traceparent"
	tracestateHeader  = "Tracestate"
)

// Trace follows one request through all services: an id of its own for the logs,
// and the context of a distributed trace as W3C Trace Context has it
// (https://www.w3.org/TR/trace-context/).
type Trace struct {
	RequestID string // 1 to 128 letters, digits and -_.:

	traceID [16]byte
	spanID  [8]byte // this service's part of the trace
	flags   string  // 2 hexadecimal digits
	state   string  // what others along the way want to have passed on
}

// TraceID is the id of the trace: 32 hexadecimal digits.
func (t *Trace) TraceID() string { return hex.EncodeToString(t.traceID[:]) }

// SpanID is the id of this service's part of the trace: 16 hexadecimal digits.
func (t *Trace) SpanID() string { return hex.EncodeToString(t.spanID[:]) }

// NewTrace takes up the trace of a request's headers. What is missing or
// malformed is made anew.
func NewTrace(h http.Header) Trace {
	var t Trace
	randomID(t.spanID[:])
	if id := h.Get(requestIDHeader); plainID(id) {
		t.RequestID = id
	} else {
		var id [16]byte
		randomID(id[:])
		t.RequestID = hex.EncodeToString(id[:])
	}
	parents := h[traceparentHeader]
	if id, flags, ok := parseTraceparent(strings.Join(parents, ",")); ok && len(parents) == 1 {
		t.traceID, t.flags = id, flags
		if state := strings.Join(h[tracestateHeader], ","); len(state) <= maxState {
			t.state = state
		}
	} else {
		randomID(t.traceID[:])
		t.flags = "00"
	}
	return t
}

// maxState is the length of the longest state that is passed on: others need not
// do as much.
const maxState = 512

// parseTraceparent reads version-trace-parent-flags. Versions to come may have
// more behind that, and more flags, which are cleared.
func parseTraceparent(s string) (traceID [16]byte, flags string, ok bool) {
	const length = 55
	if len(s) < length || (len(s) > length && (s[:2] == "00" || s[length] != '-')) {
		return traceID, "", false
	}
	version, trace, span, flags := s[:2], s[3:35], s[36:52], s[53:55]
	ok = s[2] == '-' && s[35] == '-' && s[52] == '-' && version != "ff" &&
		lowerHex(version) && lowerHex(trace) && lowerHex(span) && lowerHex(flags) &&
		strings.Trim(trace, "0") != "" && strings.Trim(span, "0") != ""
	if ok {
		_, _ = hex.Decode(traceID[:], []byte(trace)) // it is hexadecimal
		bits, _ := strconv.ParseUint(flags, 16, 8)
		flags = fmt.Sprintf("%02x", bits&knownFlags)
	}
	return traceID, flags, ok
}

// knownFlags are those that have a meaning: sampled, and made from random bits.
const knownFlags = 0b11

func lowerHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

// plainID says whether a request id from outside can stand in a log.
func plainID(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.:", r)
	}) < 0
}

// randomID fills in an id. It is no secret.
func randomID(id []byte) {
	for i := 0; i < len(id); i += 8 {
		binary.BigEndian.PutUint64(id[i:], rand.Uint64()|1) // an id of zeros only is none
	}
}

// SetRequest writes the trace into the headers of a call to another service.
func (t *Trace) SetRequest(h http.Header) {
	h[requestIDHeader] = []string{t.RequestID}
	h[traceparentHeader] = []string{"00-" + t.TraceID() + "-" + t.SpanID() + "-" + t.flags}
	if t.state != "" {
		h[tracestateHeader] = []string{t.state}
	}
}

// SetAnswer writes the request id into the headers of an answer.
func (t *Trace) SetAnswer(h http.Header) { h[requestIDHeader] = []string{t.RequestID} }

type traceKey struct{}

// traced is a context that carries a trace; the two are one piece of memory.
type traced struct {
	context.Context
	trace Trace
}

// Value implements [context.Context].
func (c *traced) Value(key any) any {
	if key == (traceKey{}) {
		return &c.trace
	}
	return c.Context.Value(key)
}

// WithTrace gives a context that carries a trace to the calls made with it.
func WithTrace(ctx context.Context, t Trace) context.Context {
	return &traced{ctx, t}
}

// TraceOf is the trace that a context carries, nil where it carries none.
func TraceOf(ctx context.Context) *Trace {
	t, _ := ctx.Value(traceKey{}).(*Trace)
	return t
}
