package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/go-json-experiment/json"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/semaphore"

	"github.com/prizegen/prizegen/pkg/wire"
)

// service makes calls to one service.
type service struct {
	name     string
	base     *url.URL
	root     *url.URL // base with a path to which others can be joined
	http     *http.Client
	agent    string
	timeout  time.Duration // for one attempt
	observer Observer
	isPlain  bool // has no TLS, so calls with secrets are refused
	breaker  *gobreaker.CircuitBreaker[[]byte]
	inFlight *semaphore.Weighted           // held by calls in progress
	wrong    atomic.Pointer[wrongResponse] // the last refused response
}

// wrongResponse is a refused response.
type wrongResponse struct {
	at  time.Time
	err *InvalidResponse
}

// call is a call to a service.
type call struct {
	method, path string
	query        url.Values
	header       map[string]string
	body         any  // encoded as JSON; nil for none
	once         bool // never retried, because it changes something
}

// Limits for failing calls. With these, a call to an address on which nothing listens fails
// within three seconds.
const (
	maxAttempts     = 3
	minRetryDelay   = 50 * time.Millisecond
	maxRetryDelay   = 400 * time.Millisecond
	maxRetryTime    = 1500 * time.Millisecond
	dialTimeout     = 1200 * time.Millisecond
	breakerFailures = 5 // in a row
	breakerDelay    = time.Second
	queueTimeout    = 2 * time.Second
)

// newService returns a client for the service at base.
func newService(cfg *Config, name string, base *url.URL, client *http.Client) *service {
	root := *base
	if root.Path == "" {
		root.Path = "/"
	}
	s := &service{name: name, base: base, root: &root, http: client, agent: cfg.UserAgent, isPlain: IsPlain(base) && !cfg.AllowPlainHTTP, timeout: cfg.Timeout, observer: cfg.Observer, inFlight: semaphore.NewWeighted(int64(cfg.MaxInFlight))}
	s.breaker = gobreaker.NewCircuitBreaker[[]byte](gobreaker.Settings{
		Timeout:       breakerDelay,
		ReadyToTrip:   func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= breakerFailures },
		IsSuccessful:  func(err error) bool { return !isRetryable(err) || isStatus(err, http.StatusTooManyRequests) },
		OnStateChange: func(_ string, _, now gobreaker.State) { s.observer.Breaker(name, now.String()) },
	})
	s.observer.Breaker(name, s.breaker.State().String())
	return s
}

// call makes a call that may be retried, and decodes the response.
func (s *service) call(ctx context.Context, method, path string, request, answer any) error {
	return s.read(ctx, call{method: method, path: path, body: request}, answer)
}

// read makes a call and decodes the response into answer, unless answer is nil.
func (s *service) read(ctx context.Context, c call, answer any) error {
	body, err := s.do(ctx, c)
	if err != nil || answer == nil {
		return err
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return s.invalidResponse(decodeError(err))
	}
	return nil
}

// post makes a POST call that may be retried. It returns the body of the response.
func (s *service) post(ctx context.Context, path string, request any) ([]byte, error) {
	return s.do(ctx, call{method: http.MethodPost, path: path, body: request})
}

// do makes a call. It returns the body of the response.
func (s *service) do(ctx context.Context, c call) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if s.isPlain && (c.method != http.MethodGet || c.header["Authorization"] != "") {
		return nil, &PlainError{s.name, s.base.Redacted()}
	}
	body, err := encode(c.body)
	if err != nil {
		return nil, fmt.Errorf("encode the request: %w", err)
	}
	started := time.Now()
	answer, err := s.try(ctx, &c, body)
	if !c.once && isRetryable(err) {
		answer, err = s.retry(ctx, &c, body, started, err)
	}
	s.observer.Called(s.name, time.Since(started), err)
	if err == nil {
		return answer, nil
	}
	return nil, s.contextErr(ctx, s.callError(err))
}

// retry makes further attempts of a call whose first attempt failed with err.
func (s *service) retry(ctx context.Context, c *call, body []byte, started time.Time, err error) ([]byte, error) {
	delays := &backoff.ExponentialBackOff{InitialInterval: minRetryDelay, MaxInterval: maxRetryDelay, Multiplier: 2, RandomizationFactor: 0.5}
	delays.Reset()
	for attempt := 1; ; attempt++ {
		delay := delays.NextBackOff()
		if attempt == maxAttempts || !isRetryable(err) || time.Since(started)+delay > maxRetryTime {
			return nil, err
		}
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		s.observer.Retried(s.name)
		var answer []byte
		if answer, err = s.try(ctx, c, body); err == nil {
			return answer, nil
		}
	}
}

// try makes an attempt, unless the circuit breaker is open. It first waits until few enough
// calls are in progress.
func (s *service) try(ctx context.Context, c *call, body []byte) ([]byte, error) {
	return s.breaker.Execute(func() ([]byte, error) {
		if !s.inFlight.TryAcquire(1) {
			waiting, cancel := context.WithTimeoutCause(ctx, queueTimeout, errQueueFull)
			defer cancel()
			if s.inFlight.Acquire(waiting, 1) != nil {
				return nil, context.Cause(waiting)
			}
		}
		defer s.inFlight.Release(1)
		return s.attempt(ctx, c, body)
	})
}

// encodedBody is a request body that is already encoded as JSON.
type encodedBody []byte

// encode encodes the body of a request.
func encode(request any) ([]byte, error) {
	switch request := request.(type) {
	case nil:
		return nil, nil
	case encodedBody:
		return request, nil
	}
	return json.Marshal(request)
}

// request returns the HTTP request for a call.
func (s *service) request(ctx context.Context, c *call, body []byte) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, c.method, "", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.URL = s.root.JoinPath(c.path)
	request.URL.RawQuery = c.query.Encode()
	request.Host = request.URL.Host
	request.Header["User-Agent"] = []string{s.agent}
	request.Header["Accept"] = []string{"application/json, " + wire.ProblemType}
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

// attempt makes one HTTP request.
func (s *service) attempt(caller context.Context, c *call, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(caller, s.timeout, fmt.Errorf("no response within %v", s.timeout))
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
			return text, checkStatus(answer, text)
		}
	}
	switch {
	case errors.Is(err, errTooLong):
		return nil, err
	case errors.Is(caller.Err(), context.Canceled):
		return nil, context.Cause(caller) // not a failure of the service
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	}
	return nil, &transportError{withoutURL(err)}
}

// maxResponse is the maximum length of a response in bytes. It is large enough for 100,000
// outcomes with the longest names.
const maxResponse = 64 << 20

var errTooLong = fmt.Errorf("its response has more than %d bytes", maxResponse)

// readAll reads the body of a response.
func readAll(answer *http.Response) ([]byte, error) {
	if answer.ContentLength > maxResponse {
		return nil, errTooLong
	}
	if answer.ContentLength >= 0 {
		text := make([]byte, answer.ContentLength)
		_, err := io.ReadFull(answer.Body, text)
		return text, err
	}
	var b bytes.Buffer
	n, err := b.ReadFrom(io.LimitReader(answer.Body, maxResponse+1))
	if err == nil && n > maxResponse {
		err = errTooLong
	}
	return b.Bytes(), err
}
