package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/remote"
)

// problemError is an error as it is answered. Handlers return it to huma.
type problemError struct {
	problem remote.Problem
	header  http.Header // added to the answer
}

func (e *problemError) Error() string { return e.problem.Error() }

// GetStatus implements [huma.StatusError].
func (e *problemError) GetStatus() int { return e.problem.Status }

// GetHeaders implements [huma.HeadersError].
func (e *problemError) GetHeaders() http.Header { return e.header }

// ContentType implements [huma.ContentTypeFilter].
func (e *problemError) ContentType(string) string { return remote.ProblemType }

// problem returns a problem of the type about:blank.
func problem(status int, format string, args ...any) *remote.Problem {
	return &remote.Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: fmt.Sprintf(format, args...)}
}

// badRequest returns the problem for invalid values in a request, without details.
func badRequest() *remote.Problem {
	return &remote.Problem{Type: "urn:prizegen:problem:bad-request", Title: "invalid request", Status: http.StatusUnprocessableEntity}
}

// parameterProblem returns the problem for an invalid query parameter.
func parameterProblem(name, format string, args ...any) error {
	p, detail := badRequest(), fmt.Sprintf(format, args...)
	p.Detail = name + ": " + detail
	p.Errors = []remote.FieldError{{Detail: detail, Parameter: name}}
	return p
}

// instance returns the instance of a problem, which has the ID of the request.
func instance(ctx context.Context) string {
	if trace := remote.TraceOf(ctx); trace != nil {
		return "urn:prizegen:request:" + trace.RequestID
	}
	return ""
}

// refuse answers with the problem for an error.
func (s *Server) refuse(w *responseRecorder, err error) {
	e := s.problem(w.context(), err)
	body, err := json.Marshal(e.problem)
	if err != nil {
		body = []byte(`{"title":"Internal Server Error","status":500}`)
	}
	h := w.Header()
	for name, values := range e.header {
		h[name] = values
	}
	h["Cache-Control"] = s.noStore
	_ = s.write(w, e.problem.Status, remote.ProblemType, body)
}

// minRetryAfter is the time after which a caller may retry, unless more is known.
const minRetryAfter = time.Second

// retryAfter returns the header that asks a caller to wait.
func retryAfter(wait time.Duration) http.Header {
	seconds := int((max(wait, minRetryAfter) + time.Second - 1) / time.Second)
	return http.Header{"Retry-After": {strconv.Itoa(seconds)}}
}

// problem returns the problem for an error. It logs the errors that concern the operator.
func (s *Server) problem(ctx context.Context, err error) *problemError {
	p, header := s.describe(ctx, err)
	p.Instance = instance(ctx)
	return &problemError{p, header}
}

// describe returns the problem for an error, and headers for the answer.
func (s *Server) describe(ctx context.Context, err error) (remote.Problem, http.Header) {
	var unavailable *remote.Unavailable
	var source *sourceError
	switch {
	case errors.Is(err, errBusy):
		return *problem(http.StatusServiceUnavailable, "%v; try again in a moment", err), retryAfter(0)
	case errors.Is(err, errTooManyTokens):
		return *problem(http.StatusTooManyRequests, "%v; try again in a moment", err), retryAfter(0)
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return *problem(statusClientClosed, "the caller closed the connection"), nil
	}
	p, ok := remote.ProblemOf(err)
	if !ok {
		s.cfg.Log.ErrorContext(ctx, "request failed", slog.Any("error", err))
		return *problem(http.StatusInternalServerError, "internal error; the log has details under the ID of this request"), nil
	}
	var header http.Header
	// Only the log has the addresses of databases and services.
	switch {
	case errors.As(err, &unavailable):
		header = retryAfter(unavailable.RetryAfter)
		s.cfg.Log.WarnContext(ctx, "service unavailable", slog.String("service", unavailable.Service), slog.Any("error", err))
		p.Detail = "the " + unavailable.Service + " service is not available at the moment; the log has details under the ID of this request"
	case errors.As(err, &source):
		header = retryAfter(0)
		s.cfg.Log.WarnContext(ctx, "no seed", slog.String("source", source.name), slog.Any("error", source.err))
	case errors.Is(err, campaign.ErrUnavailable):
		header = retryAfter(0)
		s.cfg.Log.WarnContext(ctx, "request refused", slog.Any("error", err))
		p.Detail = "the database is not available at the moment; the log has details under the ID of this request"
	case errors.Is(err, campaign.ErrBusy):
		header = retryAfter(0)
		s.cfg.Log.WarnContext(ctx, "request refused", slog.Any("error", err))
	case errors.Is(err, remote.ErrForbidden):
		header = http.Header{"Www-Authenticate": {`Bearer realm="prizegen"`}}
	}
	return *p, header
}

// statusClientClosed is the status of a request whose client has disconnected, as in NGINX.
const statusClientClosed = 499
