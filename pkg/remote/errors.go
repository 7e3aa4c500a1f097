package remote

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/sony/gobreaker/v2"

	"github.com/prizegen/prizegen/pkg/wire"
)

// Unavailable is the error for a service that cannot be reached or accepts no requests.
// errors.Is reports that it is [wire.ErrUnavailable].
type Unavailable struct {
	Service    string        // the service's role
	URL        string        // the service's URL
	RetryAfter time.Duration // how long to wait before a retry; 0 if unknown
	Err        error         // the cause
}

func (e *Unavailable) Error() string {
	switch {
	case isBreakerOpen(e.Err):
		return fmt.Sprintf("the %s service at %s failed several times in a row and is temporarily not called", e.Service, e.URL)
	case errors.Is(e.Err, errQueueFull):
		return fmt.Sprintf("too many calls to the %s service at %s are in progress", e.Service, e.URL)
	case errors.As(e.Err, new(*statusError)):
		return fmt.Sprintf("the %s service at %s accepts no requests at the moment: %v", e.Service, e.URL, e.Err)
	}
	return fmt.Sprintf("the %s service at %s does not answer: %v", e.Service, e.URL, e.Err)
}

// Is reports whether target is [wire.ErrUnavailable].
func (e *Unavailable) Is(target error) bool { return target == wire.ErrUnavailable }

// Temporary returns true, because the same call may succeed later.
func (e *Unavailable) Temporary() bool { return true }

// Unwrap returns the cause.
func (e *Unavailable) Unwrap() error { return e.Err }

// InvalidResponse is the error for a response that a service should not have sent, because
// it is malformed or does not follow from the key. errors.Is reports that it is
// [wire.ErrNonconforming]. It does not wrap its cause, so that the service's mistake is not
// taken for the caller's. Reason contains no part of a draw.
type InvalidResponse struct {
	Service string // the service's role
	URL     string // the service's URL
	Status  int    // of the response; 0 if the response is a success with a wrong body
	Reason  string
}

func (e *InvalidResponse) Error() string {
	return fmt.Sprintf("the %s service at %s: %s", e.Service, e.URL, e.Reason)
}

// Is reports whether target is [wire.ErrNonconforming].
func (e *InvalidResponse) Is(target error) bool { return target == wire.ErrNonconforming }

// PlainError is the error for a call that would send a key, a seed or a token to another
// machine over HTTP without TLS.
type PlainError struct {
	Service string
	URL     string
}

func (e *PlainError) Error() string {
	return fmt.Sprintf("the %s service at %s has no TLS: anyone who can read the network traffic could predict draws from the keys that are sent to it", e.Service, e.URL)
}

// transportError is an error while sending a request or receiving the response.
type transportError struct{ err error }

func (e *transportError) Error() string { return e.err.Error() }
func (e *transportError) Unwrap() error { return e.err }

// withoutURL returns the cause of an error from net/http, without the URL.
func withoutURL(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// statusError is the error for a response whose status is not 2xx.
type statusError struct {
	status     int
	retryAfter time.Duration
	err        error
}

func (e *statusError) Error() string { return e.err.Error() }
func (e *statusError) Unwrap() error { return e.err }

// checkStatus returns a *statusError unless the status is 2xx.
func checkStatus(answer *http.Response, body []byte) error {
	if answer.StatusCode >= 200 && answer.StatusCode < 300 {
		return nil
	}
	e := &statusError{status: answer.StatusCode}
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && seconds > 0 {
		e.retryAfter = time.Duration(min(seconds, 3600)) * time.Second
	}
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	var problem wire.Problem
	switch {
	case kind == wire.ProblemType && json.Unmarshal(body, &problem) == nil:
		problem.Status = answer.StatusCode
		e.err = &problem
	case answer.StatusCode < 400 && answer.Header.Get("Location") != "":
		e.err = fmt.Errorf("it answered %s with a redirect to %q; use the address of the service itself", answer.Status, answer.Header.Get("Location"))
	default:
		e.err = fmt.Errorf("it answered %s without a reason", answer.Status)
	}
	return e
}

// isRetryable reports whether a call that failed with err should be retried.
func isRetryable(err error) bool {
	var status *statusError
	if errors.As(err, &status) {
		switch status.status {
		case http.StatusBadGateway:
			return !errors.Is(err, wire.ErrNonconforming) // then a retry is pointless
		case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
		return false
	}
	var transport *transportError
	return errors.As(err, &transport) && !errors.Is(err, context.Canceled)
}

// callError converts the error of a call to the error for the caller.
func (s *service) callError(err error) error {
	var status *statusError
	if errors.As(err, &status) && !isRetryable(err) {
		var problem *wire.Problem
		if errors.As(err, &problem) && problem.Unwrap() != nil {
			return problem // the caller's mistake, with the same error as in process
		}
		return s.refused(&InvalidResponse{Status: status.status, Reason: status.err.Error()})
	}
	if errors.Is(err, errTooLong) {
		return s.invalidResponse(err)
	}
	e := s.unavailable(err)
	switch {
	case errors.As(err, &status):
		e.RetryAfter = status.retryAfter
	case isBreakerOpen(err):
		e.RetryAfter = breakerDelay
	}
	return e
}

// contextErr returns the error of ctx if ctx is done, and err otherwise.
func (s *service) contextErr(ctx context.Context, err error) error {
	switch end := ctx.Err(); {
	case errors.Is(end, context.DeadlineExceeded):
		return s.unavailable(context.Cause(ctx)) // this error names the service
	case end != nil:
		return context.Cause(ctx)
	case errors.Is(err, errBatchTimeout):
		return s.unavailable(err)
	}
	return err
}

func (s *service) unavailable(err error) *Unavailable {
	return &Unavailable{Service: s.name, URL: s.base.Redacted(), Err: err}
}

// invalidResponse returns the error for a response whose body is wrong.
func (s *service) invalidResponse(err error) error {
	return s.refused(&InvalidResponse{Reason: err.Error()})
}

// refused completes the error for a refused response, records it, and reports it to the
// observer.
func (s *service) refused(e *InvalidResponse) error {
	e.Service, e.URL = s.name, s.base.Redacted()
	s.wrong.Store(&wrongResponse{time.Now(), e})
	s.observer.Refused(s.name, e)
	return e
}

// errQueueFull is the error for a call that has waited too long for other calls.
var errQueueFull = errors.New("too many calls are in progress")

// isBreakerOpen reports whether err is the error for a call that a circuit breaker refused.
func isBreakerOpen(err error) bool {
	return errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests)
}

// isStatus reports whether err is the error for a response with the given status.
func isStatus(err error, status int) bool {
	var e *statusError
	return errors.As(err, &e) && e.status == status
}

func decodeError(err error) error { return fmt.Errorf("decoding its response: %w", err) }
