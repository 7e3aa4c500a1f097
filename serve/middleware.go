package serve

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/prizegen/prizegen/pkg/remote"
)

// recorder remembers what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += n
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// traced takes up the trace of every request and bars what no answer of ours
// wants a browser to do.
func (s *Server) traced(a *api, next http.Handler) http.Handler {
	nosniff, closing := []string{"nosniff"}, []string{"close"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		trace := remote.NewTrace(r.Header)
		h := w.Header()
		trace.SetAnswer(h)
		h["X-Content-Type-Options"] = nosniff
		if s.draining.Load() {
			h["Connection"] = closing // so that the caller does not come back on it
		}
		next.ServeHTTP(w, r.WithContext(remote.WithTrace(r.Context(), &trace)))
	})
}

// measured counts and logs the requests of a route, and answers with the problem
// where one fails.
func (s *Server) measured(a *api, route route) http.Handler {
	counts := s.metrics.route(route.method, route.path)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		s.metrics.inFlight.Inc()
		recorded := &recorder{ResponseWriter: w}
		defer func() {
			if crash := recover(); crash != nil {
				a.crashed(recorded, r, crash)
			}
			took := time.Since(started)
			s.metrics.inFlight.Dec()
			counts.answered(recorded.status, took)
			a.logged(r, recorded, took)
		}()
		if err := route.handle(recorded, r); err != nil {
			a.refuse(recorded, r, err)
		}
	})
}

// crashed tells of a bug and answers if nothing was answered yet.
func (a *api) crashed(w *recorder, r *http.Request, crash any) {
	if crash == http.ErrAbortHandler {
		panic(crash)
	}
	err := fmt.Errorf("%v\n%s", crash, debug.Stack())
	if w.status == 0 {
		a.refuse(w, r, err)
		return
	}
	a.log.ErrorContext(r.Context(), "a request failed after its answer had begun", slog.Any("error", err))
}

// slow is how long a request takes that is worth a line in the log.
const slow = time.Second

// logged writes a line about a request: as a warning where the server failed, as
// information where the request was wrong or slow, else for debugging only, since
// the proxy in front and the metrics have them all.
func (a *api) logged(r *http.Request, w *recorder, took time.Duration) {
	level := slog.LevelDebug
	switch {
	case w.status >= http.StatusInternalServerError:
		level = slog.LevelWarn
	case w.status >= http.StatusBadRequest || took >= slow:
		level = slog.LevelInfo
	}
	if !a.log.Enabled(r.Context(), level) {
		return
	}
	a.log.LogAttrs(r.Context(), level, "request",
		slog.String("method", clip(r.Method)), slog.String("path", clip(r.URL.Path)), slog.Int("status", w.status),
		slog.Int("bytes", w.bytes), slog.Float64("took_ms", float64(took.Microseconds())/1000), slog.String("from", r.RemoteAddr))
}

// TraceHandler is a slog handler that adds the ids of the request that a line is
// about, where its context has them.
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
