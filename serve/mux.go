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

// handler handles a request. If it returns an error, the response is a problem.
type handler func(w *responseRecorder, r *http.Request) error

// mux is the mux of a server. It counts and logs the requests to every route.
type mux struct {
	*http.ServeMux
	backend *backend
}

func (m *mux) handle(pattern string, h handler) {
	m.Handle(pattern, m.backend.measured(pattern, h))
}

// HandleFunc registers a handler. The context of its requests contains the trace.
func (m *mux) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	m.handle(pattern, func(w *responseRecorder, r *http.Request) error {
		h(w, r.WithContext(w.context()))
		return nil
	})
}

// traced returns a handler that continues the trace of a request, or starts a new one.
func (b *backend) traced(next http.Handler) http.Handler {
	closing := []string{"close"}
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w := &responseRecorder{ResponseWriter: rw, request: r, trace: remote.NewTrace(r.Header)}
		h := rw.Header()
		w.trace.SetResponse(h)
		b.traffic.underWay.Add(1)
		defer b.traffic.underWay.Add(-1)
		if b.traffic.draining.Load() {
			b.traffic.begun.Add(1)
			h["Connection"] = closing
		}
		next.ServeHTTP(w, r)
	})
}

// measured returns a handler that counts and logs the requests to a route. It sends a
// problem if handle returns an error.
func (b *backend) measured(pattern string, handle handler) http.Handler {
	counts := b.metrics.route(pattern)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w := recorderOf(rw)
		started := time.Now()
		b.metrics.inFlight.Inc()
		defer func() {
			if v := recover(); v != nil {
				b.panicked(w, v)
			}
			if w.release != nil {
				w.release()
			}
			took := time.Since(started)
			b.metrics.inFlight.Dec()
			counts.answered(w.status, took)
			b.logRequest(w, took)
		}()
		if err := handle(w, r); err != nil {
			b.refuse(w, err)
		}
	})
}

// panicked logs the panic of a handler. It sends a problem unless the response has begun.
func (b *backend) panicked(w *responseRecorder, v any) {
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(v)
	}
	err := fmt.Errorf("panic: %v\n%s", v, debug.Stack())
	if w.status == 0 {
		b.refuse(w, err)
		return
	}
	b.log.ErrorContext(w.context(), "request failed after its response had begun", slog.Any("error", err))
}

// slow is the duration from which requests are logged at level info as slow.
const slow = time.Second

// logRequest logs a request. The level is warn if the server failed, and info if the
// request was invalid or slow. Otherwise it is debug, because the metrics and the proxy's
// log cover all requests.
func (b *backend) logRequest(w *responseRecorder, took time.Duration) {
	r := w.request
	level := slog.LevelDebug
	switch {
	case w.status >= http.StatusInternalServerError:
		level = slog.LevelWarn
	case w.status >= http.StatusBadRequest || took >= slow:
		level = slog.LevelInfo
	}
	if !b.log.Enabled(r.Context(), level) {
		return
	}
	b.log.LogAttrs(w.context(), level, "request",
		slog.String("method", excerpt.Of(r.Method)), slog.String("path", excerpt.Of(r.URL.Path)), slog.Int("status", w.status),
		slog.Int("bytes", w.bytes), slog.Float64("took_ms", float64(took.Microseconds())/1000), slog.String("from", r.RemoteAddr))
}

// TraceHandler is an [slog.Handler] that adds the request, trace and span IDs from the
// context, if any, to each record.
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
