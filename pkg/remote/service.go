package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/go-json-experiment/json"
)

// service calls one service.
type service struct {
	name     string
	base     *url.URL
	root     *url.URL // the same, with a path that others can be joined to
	http     *http.Client
	agent    string
	timeout  time.Duration // of one attempt
	observer Observer
	pure     failsafe.Executor[[]byte] // for calls that may be made again
	once     failsafe.Executor[[]byte] // for those that may not
}

// call is one call of a service.
type call struct {
	method, path string
	query        url.Values
	header       map[string]string
	body         any  // nil for none
	once         bool // whether it must not be made again, since it changes something
}

// How calls that fail are treated. Together they end before three seconds have
// passed where nobody listens.
const (
	attempts        = 3
	firstDelay      = 50 * time.Millisecond
	longestDelay    = 400 * time.Millisecond
	retryTime       = 1500 * time.Millisecond
	dialTime        = 1200 * time.Millisecond
	breakerFailures = 5 // in a row
	breakerDelay    = time.Second
	waitForTurn     = 2 * time.Second
)

func newService(cfg *Config, name string, base *url.URL, client *http.Client) *service {
	root := *base
	if root.Path == "" {
		root.Path = "/"
	}
	s := &service{name: name, base: base, root: &root, http: client, agent: cfg.UserAgent, timeout: cfg.Timeout, observer: cfg.Observer}
	retry := retrypolicy.NewBuilder[[]byte]().
		HandleIf(func(_ []byte, err error) bool { return again(err) }).
		WithMaxAttempts(attempts).
		WithMaxDuration(retryTime).
		WithBackoff(firstDelay, longestDelay).
		WithJitterFactor(0.5).
		ReturnLastFailure().
		OnRetry(func(failsafe.ExecutionEvent[[]byte]) { s.observer.Retried(name) }).
		Build()
	breaker := circuitbreaker.NewBuilder[[]byte]().
		HandleIf(func(_ []byte, err error) bool { return again(err) }).
		WithFailureThreshold(breakerFailures).
		WithDelay(breakerDelay).
		OnStateChanged(func(e circuitbreaker.StateChangedEvent) { s.observer.Breaker(name, e.NewState.String()) }).
		Build()
	s.observer.Breaker(name, breaker.State().String())
	inFlight := bulkhead.NewBuilder[[]byte](uint(cfg.MaxInFlight)).WithMaxWaitTime(waitForTurn).Build()
	s.pure = failsafe.With[[]byte](retry, breaker, inFlight)
	s.once = failsafe.With[[]byte](breaker, inFlight)
	return s
}

// call asks the service and reads its answer.
func (s *service) call(ctx context.Context, method, path string, request, answer any) error {
	return s.read(ctx, call{method: method, path: path, body: request}, answer)
}

// read makes a call and reads its answer, where answer is not nil.
func (s *service) read(ctx context.Context, c call, answer any) error {
	body, err := s.make(ctx, c)
	if err != nil || answer == nil {
		return err
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return s.strange(unreadable(err))
	}
	return nil
}

func unreadable(err error) error { return fmt.Errorf("its answer can't be read: %w", err) }

// ask sends a request, nil for none, and gives the body of the answer.
func (s *service) ask(ctx context.Context, method, path string, request any) ([]byte, error) {
	return s.make(ctx, call{method: method, path: path, body: request})
}

// make makes a call and gives the body of the answer.
func (s *service) make(ctx context.Context, c call) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	body, err := encode(c.body)
	if err != nil {
		return nil, fmt.Errorf("encode the request: %w", err)
	}
	executor := s.pure
	if c.once {
		executor = s.once
	}
	started := time.Now()
	answer, err := executor.WithContext(ctx).GetWithExecution(func(e failsafe.Execution[[]byte]) ([]byte, error) {
		return s.attempt(e.Context(), &c, body)
	})
	s.observer.Called(s.name, time.Since(started), err)
	if err == nil {
		return answer, nil
	}
	return nil, s.orEnded(ctx, s.explain(err))
}

// orEnded is an error, or that of the context where that has ended.
func (s *service) orEnded(ctx context.Context, err error) error {
	switch end := ctx.Err(); {
	case errors.Is(end, context.DeadlineExceeded):
		return s.unavailable(context.Cause(ctx)) // which does not say who was waited for
	case end != nil:
		return context.Cause(ctx)
	case errors.Is(err, errNoTurn):
		return s.unavailable(err)
	}
	return err
}

// plainBody is a request that is JSON already.
type plainBody []byte

func encode(request any) ([]byte, error) {
	switch request := request.(type) {
	case nil:
		return nil, nil
	case plainBody:
		return request, nil
	}
	return json.Marshal(request)
}

// request writes a call as an HTTP request.
func (s *service) request(ctx context.Context, c *call, body []byte) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, c.method, "", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.URL = s.root.JoinPath(c.path)
	request.URL.RawQuery = c.query.Encode()
	request.Host = request.URL.Host
	request.Header["User-Agent"] = []string{s.agent}
	request.Header["Accept"] = []string{"application/json, " + ProblemType}
	if len(body) > 0 {
		request.Header["Content-Type"] = []string{"application/json"}
	}
	for name, value := range c.header {
		request.Header.Set(name, value)
	}
	if trace := TraceOf(ctx); trace != nil {
		trace.SetRequest(request.Header)
	}
	return request, nil
}

// attempt asks once.
func (s *service) attempt(caller context.Context, c *call, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(caller, s.timeout, fmt.Errorf("no answer within %v", s.timeout))
	defer cancel()
	request, err := s.request(ctx, c, body)
	if err != nil {
		return nil, err
	}
	answer, err := s.http.Do(request)
	if err == nil {
		defer answer.Body.Close()
		var text []byte
		if text, err = readAll(answer); err == nil {
			return text, refusal(answer, text)
		}
	}
	switch {
	case errors.Is(err, errTooLong):
		return nil, err
	case errors.Is(caller.Err(), context.Canceled):
		return nil, context.Cause(caller) // it says nothing about the service
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	}
	return nil, &lostError{bare(err)}
}

// maxAnswer is the number of bytes of the longest answer that is read: 100,000
// outcomes with names as long as they may be.
const maxAnswer = 64 << 20

var errTooLong = fmt.Errorf("its answer has more than %d bytes", maxAnswer)

func readAll(answer *http.Response) ([]byte, error) {
	if answer.ContentLength > maxAnswer {
		return nil, errTooLong
	}
	if answer.ContentLength >= 0 {
		text := make([]byte, answer.ContentLength)
		_, err := io.ReadFull(answer.Body, text)
		return text, err
	}
	var b bytes.Buffer
	n, err := b.ReadFrom(io.LimitReader(answer.Body, maxAnswer+1))
	if err == nil && n > maxAnswer {
		err = errTooLong
	}
	return b.Bytes(), err
}

// lostError is that a request or its answer was lost on the way.
type lostError struct{ err error }

func (e *lostError) Error() string { return e.err.Error() }
func (e *lostError) Unwrap() error { return e.err }

// refusedError is an answer other than a success.
type refusedError struct {
	status     int
	retryAfter time.Duration
	err        error
}

func (e *refusedError) Error() string { return e.err.Error() }
func (e *refusedError) Unwrap() error { return e.err }

// refusal reads what an answer says is wrong; nil for a success.
func refusal(answer *http.Response, body []byte) error {
	if answer.StatusCode >= 200 && answer.StatusCode < 300 {
		return nil
	}
	refused := &refusedError{status: answer.StatusCode}
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && seconds > 0 {
		refused.retryAfter = time.Duration(min(seconds, 3600)) * time.Second
	}
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	var problem Problem
	switch {
	case kind == ProblemType && json.Unmarshal(body, &problem) == nil:
		problem.Status = answer.StatusCode
		refused.err = &problem
	case answer.StatusCode < 400 && answer.Header.Get("Location") != "":
		refused.err = fmt.Errorf("it answered %s and points to %q, expected the address where the service itself is", answer.Status, answer.Header.Get("Location"))
	default:
		refused.err = fmt.Errorf("it answered %s without saying why", answer.Status)
	}
	return refused
}

// again says whether a failure is one that may pass by itself.
func again(err error) bool {
	var refused *refusedError
	if errors.As(err, &refused) {
		switch refused.status {
		case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
		return false
	}
	var lost *lostError
	return errors.As(err, &lost) && !errors.Is(err, context.Canceled)
}

// explain tells what became of a call that failed.
func (s *service) explain(err error) error {
	var refused *refusedError
	if errors.As(err, &refused) && !again(err) {
		var problem *Problem
		if errors.As(err, &problem) && problem.Unwrap() != nil {
			return problem // the caller's mistake, which is told as it would be in process
		}
		return s.strange(refused.err)
	}
	if errors.Is(err, errTooLong) {
		return s.strange(err)
	}
	e := s.unavailable(err)
	switch {
	case errors.As(err, &refused):
		e.RetryAfter = refused.retryAfter
	case errors.Is(err, circuitbreaker.ErrOpen):
		e.RetryAfter = breakerDelay
	}
	return e
}

func (s *service) unavailable(err error) *Unavailable {
	return &Unavailable{Service: s.name, URL: s.base.Redacted(), Err: err}
}

// strange is an answer that makes no sense, which another try would not mend. It
// hides the error: what a service gets wrong is no mistake of the caller, as it
// would be taken for where the two are of one kind.
func (s *service) strange(err error) error {
	return fmt.Errorf("the %s service at %s: %v", s.name, s.base.Redacted(), err) //nolint:errorlint // hidden, see above
}
