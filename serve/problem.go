package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/prizegen/prizegen/pkg/access"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/wire"
	"github.com/prizegen/prizegen/serve/ratelimit"
)

// statusClientClosed is the status for a request whose client has disconnected, as in
// NGINX.
const statusClientClosed = 499

// problemError is an error that huma can send as a problem.
type problemError struct {
	problem wire.Problem
	header  http.Header // additional headers of the response
}

func (e *problemError) Error() string { return e.problem.Error() }

// GetStatus implements [huma.StatusError].
func (e *problemError) GetStatus() int { return e.problem.Status }

// GetHeaders implements [huma.HeadersError].
func (e *problemError) GetHeaders() http.Header { return e.header }

// ContentType implements [huma.ContentTypeFilter].
func (e *problemError) ContentType(string) string { return wire.ProblemType }

// problem returns a problem of type about:blank.
func problem(status int, format string, args ...any) *wire.Problem {
	return &wire.Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: fmt.Sprintf(format, args...)}
}

// badRequest returns the problem for invalid values in a request. The caller adds the
// details.
func badRequest() *wire.Problem {
	return &wire.Problem{Type: "urn:prizegen:problem:bad-request", Title: "invalid request", Status: http.StatusUnprocessableEntity}
}

// parameterProblem returns the problem for an invalid query parameter.
func parameterProblem(name, format string, args ...any) error {
	p, detail := badRequest(), fmt.Sprintf(format, args...)
	p.Detail = name + ": " + detail
	p.Errors = []wire.FieldError{{Detail: detail, Parameter: name}}
	return p
}

// overloadError is the error for requests that are refused because of overload.
type overloadError struct {
	status int
	what   string // the rest of the message, after "too many"
}

func (e *overloadError) Error() string { return "too many " + e.what }

var (
	errBusy          = &overloadError{http.StatusServiceUnavailable, "draws are in progress"}
	errCompiling     = &overloadError{http.StatusServiceUnavailable, "rules are being compiled"}
	errExports       = &overloadError{http.StatusServiceUnavailable, "exports are in progress"}
	errTooManyTokens = &overloadError{http.StatusTooManyRequests, "wrong tokens"}
)

// instance returns the "instance" of a problem, which contains the request ID.
func instance(ctx context.Context) string {
	if trace := remote.TraceOf(ctx); trace != nil {
		return "urn:prizegen:request:" + trace.RequestID
	}
	return ""
}

// minRetryAfter is how long a caller must wait before a retry, if no longer time is given.
const minRetryAfter = time.Second

// retryAfter returns a Retry-After header. It rounds wait up to whole seconds, at least
// minRetryAfter.
func retryAfter(wait time.Duration) http.Header {
	seconds := int((max(wait, minRetryAfter) + time.Second - 1) / time.Second)
	return http.Header{"Retry-After": {strconv.Itoa(seconds)}}
}

// describe returns the problem for an error, and additional headers for the response. It
// logs errors that concern the operator.
func describe(ctx context.Context, log *slog.Logger, err error) (wire.Problem, http.Header) {
	var unavailable *remote.Unavailable
	var wrong *remote.InvalidResponse
	var source *sourceError
	var overload *overloadError
	var limited *ratelimit.Refusal
	switch {
	case errors.As(err, &limited):
		return *problem(http.StatusTooManyRequests, "%v", limited), retryAfter(limited.Wait)
	case errors.As(err, &overload):
		return *problem(overload.status, "%v; try again in a moment", err), retryAfter(0)
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return *problem(statusClientClosed, "the client closed the connection"), nil
	}
	var role *access.RoleError
	if errors.As(err, &role) {
		err = campaign.Errorf(wire.ErrRole, "%v", role)
	}
	p, ok := wire.ProblemOf(err)
	if !ok {
		log.ErrorContext(ctx, "request failed", slog.Any("error", err))
		return *problem(http.StatusInternalServerError, "internal error; the log has details under the ID of this request"), nil
	}
	var header http.Header
	// Only the log contains the addresses of databases and services.
	switch {
	case errors.As(err, &unavailable):
		header = retryAfter(unavailable.RetryAfter)
		log.WarnContext(ctx, "service unavailable", slog.String("service", unavailable.Service), slog.Any("error", err))
		p.Detail = "the " + unavailable.Service + " service is not available at the moment; the log has details under the ID of this request"
	case errors.As(err, &wrong): // logged once; see refusals
		p.Detail = "the " + wrong.Service + " service sent a wrong response, which was refused; the log has the reason"
	case errors.As(err, &source):
		header = retryAfter(0)
		log.WarnContext(ctx, "cannot get a seed", slog.String("source", source.name), slog.Any("error", source.err))
	case errors.Is(err, campaign.ErrUnavailable):
		header = retryAfter(0)
		log.WarnContext(ctx, "request refused", slog.Any("error", err))
		p.Detail = "the database is not available at the moment; the log has details under the ID of this request"
	case errors.Is(err, campaign.ErrBusy):
		header = retryAfter(0)
		log.WarnContext(ctx, "request refused", slog.Any("error", err))
	case errors.Is(err, wire.ErrForbidden):
		header = http.Header{"Www-Authenticate": {`Bearer realm="prizegen"`}}
	}
	return *p, header
}
