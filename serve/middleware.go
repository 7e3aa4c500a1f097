package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/remote"
)

// responseRecorder is an [http.ResponseWriter] that records the status and the length of an
// answer.
type responseRecorder struct {
	http.ResponseWriter
	server  *Server
	request *http.Request
	trace   remote.Trace
	status  int // 0 before the header is written
	bytes   int
}

// recorderOf returns w as the recorder that it is for every request of a server.
func recorderOf(w http.ResponseWriter) *responseRecorder {
	recorder, ok := w.(*responseRecorder)
	if !ok {
		panic(fmt.Sprintf("serve: the response writer is a %T", w))
	}
	return recorder
}

// context returns the context of the request, with the trace for calls and the log.
func (w *responseRecorder) context() context.Context {
	return w.trace.Context(w.request.Context())
}

// WriteHeader implements [http.ResponseWriter].
func (w *responseRecorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *responseRecorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	if w.bytes > 0 {
		// A long answer may take long if the client keeps reading. Not every connection
		// supports deadlines.
		_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(writeTime))
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += n
	return n, err
}

// Unwrap returns the writer of the connection, for [http.ResponseController].
func (w *responseRecorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// traced continues or starts the trace of every request.
func (s *Server) traced(next http.Handler) http.Handler {
	closing := []string{"close"}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w := &responseRecorder{ResponseWriter: rw, server: s, request: r, trace: remote.NewTrace(r.Header)}
		h := rw.Header()
		w.trace.SetAnswer(h)
		s.underWay.Add(1)
		defer s.underWay.Add(-1)
		if s.draining.Load() {
			s.begun.Add(1)
			h["Connection"] = closing
		}
		next.ServeHTTP(w, r)
	})
}

// measured counts and logs the requests of a route, and answers the errors of its
// handler with problems.
func (s *Server) measured(pattern string, handle handler) http.Handler {
	counts := s.metrics.route(pattern)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w := recorderOf(rw)
		started := time.Now()
		s.metrics.inFlight.Inc()
		defer func() {
			if v := recover(); v != nil {
				s.panicked(w, v)
			}
			took := time.Since(started)
			s.metrics.inFlight.Dec()
			counts.answered(w.status, took)
			s.logRequest(w, took)
		}()
		if err := handle(w, r); err != nil {
			s.refuse(w, err)
		}
	})
}

// panicked logs the panic of a handler and answers, unless an answer has begun.
func (s *Server) panicked(w *responseRecorder, v any) {
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(v)
	}
	err := fmt.Errorf("panic: %v\n%s", v, debug.Stack())
	if w.status == 0 {
		s.refuse(w, err)
		return
	}
	s.cfg.Log.ErrorContext(w.context(), "request failed after its answer had begun", slog.Any("error", err))
}

// slow is the minimum duration of a request that is logged at level info.
const slow = time.Second

// logRequest logs a request: at level warn if the server failed, at level info if the request
// was wrong or slow, otherwise at level debug, since the metrics and the log of the proxy
// have all requests.
func (s *Server) logRequest(w *responseRecorder, took time.Duration) {
	r := w.request
	level := slog.LevelDebug
	switch {
	case w.status >= http.StatusInternalServerError:
		level = slog.LevelWarn
	case w.status >= http.StatusBadRequest || took >= slow:
		level = slog.LevelInfo
	}
	if !s.cfg.Log.Enabled(r.Context(), level) {
		return
	}
	s.cfg.Log.LogAttrs(w.context(), level, "request",
		slog.String("method", excerpt.Of(r.Method)), slog.String("path", excerpt.Of(r.URL.Path)), slog.Int("status", w.status),
		slog.Int("bytes", w.bytes), slog.Float64("took_ms", float64(took.Microseconds())/1000), slog.String("from", r.RemoteAddr))
}

// TraceHandler is an [slog.Handler] that adds the IDs of the request to a record if the
// context has one.
type TraceHandler struct{ slog.Handler }

// Handle implements [slog.Handler].
func (h TraceHandler) Handle(ctx context.Context, line slog.Record) error {
	if trace := remote.TraceOf(ctx); trace != nil {
		line.AddAttrs(slog.String("request_id", trace.RequestID), slog.String("trace_id", trace.TraceID()), slog.String("span_id", trace.SpanID()))
	}
	return h.Handler.Handle(ctx, line)
}

// WithAttrs implements [slog.Handler].
func (h TraceHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return TraceHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements [slog.Handler].
func (h TraceHandler) WithGroup(name string) slog.Handler {
	return TraceHandler{h.Handler.WithGroup(name)}
}
