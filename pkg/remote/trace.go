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

// The headers of a [Trace].
const (
	requestIDHeader   = "X-Request-Id"
	traceparentHeader = "Traceparent"
	tracestateHeader  = "Tracestate"
)

// Trace identifies a request in all services. It consists of an ID for the logs and the
// context of a distributed trace (https://www.w3.org/TR/trace-context/).
type Trace struct {
	RequestID string // 1 to 128 letters, digits and -_.:

	traceID [16]byte
	spanID  [8]byte // of this service
	flags   string  // 2 hexadecimal digits
	state   string  // other systems' data, which is passed on
}

// TraceID returns the ID of the trace as 32 hexadecimal digits.
func (t *Trace) TraceID() string { return hex.EncodeToString(t.traceID[:]) }

// SpanID returns the ID of this service's part of the trace as 16 hexadecimal digits.
func (t *Trace) SpanID() string { return hex.EncodeToString(t.spanID[:]) }

// NewTrace returns the trace in the headers of a request. It generates parts that are
// missing or malformed.
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

// maxState is the maximum length of a state that is passed on.
const maxState = 512

// parseTraceparent parses version-trace-parent-flags. Later versions may have more
// fields, which are ignored, and more flags, which are cleared.
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

// knownFlags are the flags of version 00: sampled, and random trace ID.
const knownFlags = 0b11

// lowerHex reports whether s consists of lower-case hexadecimal digits.
func lowerHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }

// plainID reports whether a request ID is safe to log.
func plainID(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.:", r)
	}) < 0
}

// randomID fills id with random bytes. IDs are not secret.
func randomID(id []byte) {
	for i := 0; i < len(id); i += 8 {
		binary.BigEndian.PutUint64(id[i:], rand.Uint64()|1) // an ID of zeros is invalid
	}
}

// SetRequest sets the headers of a request to another service.
func (t *Trace) SetRequest(h http.Header) {
	h[requestIDHeader] = []string{t.RequestID}
	h[traceparentHeader] = []string{"00-" + t.TraceID() + "-" + t.SpanID() + "-" + t.flags}
	if t.state != "" {
		h[tracestateHeader] = []string{t.state}
	}
}

// SetResponse sets the request ID in the headers of a response.
func (t *Trace) SetResponse(h http.Header) { h[requestIDHeader] = []string{t.RequestID} }

type traceKey struct{}

// traced is a context with a trace.
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

// Context returns a copy of ctx with the trace. Calls with this context send the trace.
func (t Trace) Context(ctx context.Context) context.Context {
	return &traced{ctx, t}
}

// TraceOf returns the trace in a context, or nil if there is none.
func TraceOf(ctx context.Context) *Trace {
	t, _ := ctx.Value(traceKey{}).(*Trace)
	return t
}
