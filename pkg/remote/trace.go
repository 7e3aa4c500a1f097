package remote

import (
	"context"
	"encoding/hex"
	"math/rand/v2"
	"net/http"
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
	TraceID   string // 32 hexadecimal digits
	SpanID    string // 16 hexadecimal digits: this service's part of the trace
	flags     string // 2 hexadecimal digits
	state     string // what others along the way want to have passed on
}

// NewTrace takes up the trace of a request's headers. What is missing or
// malformed is made anew.
func NewTrace(h http.Header) Trace {
	t := Trace{SpanID: randomHex(8)}
	if id := h.Get(requestIDHeader); plainID(id) {
		t.RequestID = id
	} else {
		t.RequestID = randomHex(16)
	}
	if id, flags, ok := parseTraceparent(h.Get(traceparentHeader)); ok {
		t.TraceID, t.flags = id, flags
		t.state = strings.Join(h[tracestateHeader], ",")
	} else {
		t.TraceID, t.flags = randomHex(16), "00"
	}
	return t
}

// parseTraceparent reads version-trace-parent-flags. Versions to come may have
// more behind that.
func parseTraceparent(s string) (traceID, flags string, ok bool) {
	const length = 55
	if len(s) < length || (len(s) > length && (s[:2] == "00" || s[length] != '-')) {
		return "", "", false
	}
	version, trace, span, flags := s[:2], s[3:35], s[36:52], s[53:55]
	ok = s[2] == '-' && s[35] == '-' && s[52] == '-' && version != "ff" &&
		lowerHex(version) && lowerHex(trace) && lowerHex(span) && lowerHex(flags) &&
		strings.Trim(trace, "0") != "" && strings.Trim(span, "0") != ""
	return trace, flags, ok
}

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

// randomHex makes an id. It is no secret.
func randomHex(bytes int) string {
	var b [16]byte
	for i := 0; i < bytes; i += 8 {
		word := rand.Uint64() | 1 // an id of zeros only is none
		for j := range 8 {
			b[i+j] = byte(word >> (8 * j))
		}
	}
	return hex.EncodeToString(b[:bytes])
}

// SetRequest writes the trace into the headers of a call to another service.
func (t Trace) SetRequest(h http.Header) {
	h[requestIDHeader] = []string{t.RequestID}
	h[traceparentHeader] = []string{"00-" + t.TraceID + "-" + t.SpanID + "-" + t.flags}
	if t.state != "" {
		h[tracestateHeader] = []string{t.state}
	}
}

// SetAnswer writes the request id into the headers of an answer.
func (t Trace) SetAnswer(h http.Header) { h[requestIDHeader] = []string{t.RequestID} }

type traceKey struct{}

// WithTrace gives a context that carries a trace to the calls made with it.
func WithTrace(ctx context.Context, t *Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

// TraceOf is the trace that a context carries, nil where it carries none.
func TraceOf(ctx context.Context) *Trace {
	t, _ := ctx.Value(traceKey{}).(*Trace)
	return t
}
