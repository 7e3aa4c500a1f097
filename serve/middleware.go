package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/prizegen/prizegen/pkg/remote"
)

// exchange is one request and what has become of its answer.
type exchange struct {
	http.ResponseWriter
	request *http.Request
	trace   remote.Trace
	status  int // 0 before the answer begins
	bytes   int
}

// context is that of the request, with the trace for calls and the log.
func (x *exchange) context() context.Context {
	return remote.WithTrace(x.request.Context(), x.trace)
}

// WriteHeader implements [http.ResponseWriter].
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 {
		x.status = status
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (x *exchange) Write(p []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	if x.bytes > 0 { // a long answer may take long, as long as somebody reads it
		_ = http.NewResponseController(x.ResponseWriter).SetWriteDeadline(time.Now().Add(writeTime)) // where it can be set
	}
	n, err := x.ResponseWriter.Write(p)
	x.bytes += n
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// traced takes up the trace of every request.
func (s *Server) traced(next http.Handler) http.Handler {
	closing := []string{"close"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{ResponseWriter: w, request: r, trace: remote.NewTrace(r.Header)}
		h := w.Header()
		x.trace.SetAnswer(h)
		s.underWay.Add(1)
		defer s.underWay.Add(-1)
		if s.draining.Load() {
			s.begun.Add(1)
			h["Connection"] = closing // so that the caller does not come back on it
		}
		next.ServeHTTP(x, r)
	})
}

// measured counts and logs the requests of a route, and answers with the problem
// where one fails.
func (s *Server) measured(a *api, route route) http.Handler {
	counts := s.metrics.route(route.method, route.path)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x, ok := w.(*exchange)
		if !ok {
			panic("serve: a request came in past its trace")
		}
		started := time.Now()
		s.metrics.inFlight.Inc()
		defer func() {
			if crash := recover(); crash != nil {
				a.crashed(x, crash)
			}
			took := time.Since(started)
			s.metrics.inFlight.Dec()
			counts.answered(x.status, took)
			a.logged(x, took)
		}()
		if err := route.handle(x, r); err != nil {
			a.refuse(x, err)
		}
	})
}

// crashed tells of a bug and answers if nothing was answered yet.
func (a *api) crashed(x *exchange, crash any) {
	if err, ok := crash.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(crash)
	}
	err := fmt.Errorf("%v\n%s", crash, debug.Stack())
	if x.status == 0 {
		a.refuse(x, err)
		return
	}
	a.log.ErrorContext(x.context(), "a request failed after its answer had begun", slog.Any("error", err))
}

// slow is how long a request takes that is worth a line in the log.
const slow = time.Second

// logged writes a line about a request: as a warning where the server failed, as
// information where the request was wrong or slow, else for debugging only, since
// the proxy in front and the metrics have them all.
func (a *api) logged(x *exchange, took time.Duration) {
	r := x.request
	level := slog.LevelDebug
	switch {
	case x.status >= http.StatusInternalServerError:
		level = slog.LevelWarn
	case x.status >= http.StatusBadRequest || took >= slow:
		level = slog.LevelInfo
	}
	if !a.log.Enabled(r.Context(), level) {
		return
	}
	a.log.LogAttrs(x.context(), level, "request",
		slog.String("method", clip(r.Method)), slog.String("path", clip(r.URL.Path)), slog.Int("status", x.status),
		slog.Int("bytes", x.bytes), slog.Float64("took_ms", float64(took.Microseconds())/1000), slog.String("from", r.RemoteAddr))
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
