package drand

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/excerpt"
)

const (
	maxResponse  = 64 << 10 // bytes; a round takes a few hundred
	maxRedirects = 3
)

// errNotPublished is wrapped by the error for a mirror that does not have a round.
var errNotPublished = errors.New("the round is not published yet")

// mirrors holds the mirrors of a client.
type mirrors struct {
	urls      []*url.URL
	http      *http.Client
	timeout   time.Duration // for one request to one mirror
	headStart time.Duration // time before the next mirror is also queried
	userAgent string
}

func newMirrors(cfg Config) (mirrors, error) {
	m := mirrors{
		http: &http.Client{}, timeout: cmp.Or(cfg.Timeout, 10*time.Second),
		headStart: cmp.Or(cfg.HeadStart, time.Second), userAgent: cmp.Or(cfg.UserAgent, "prizegen"),
	}
	addresses := cfg.URLs
	if len(addresses) == 0 {
		addresses = DefaultURLs()
	}
	for _, address := range addresses {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return mirrors{}, fmt.Errorf("invalid drand mirror %q in drand-urls; use an address such as https://api.drand.sh", excerpt.Of(address))
		}
		m.urls = append(m.urls, u)
	}
	if cfg.HTTP != nil {
		client := *cfg.HTTP
		m.http = &client
	}
	if m.http.CheckRedirect == nil {
		m.http.CheckRedirect = func(_ *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return fmt.Errorf("it redirected more than %d times", maxRedirects)
			}
			return nil
		}
	}
	return m, nil
}

// MirrorError is an error from one mirror.
type MirrorError struct {
	URL string // without a password
	Err error
}

// Error implements [error].
func (e *MirrorError) Error() string { return e.URL + ": " + e.Err.Error() }

// Unwrap returns e.Err.
func (e *MirrorError) Unwrap() error { return e.Err }

// unavailableError is the error if no mirror has returned a valid response. It wraps
// [ErrUnavailable] and the errors of the mirrors.
type unavailableError struct {
	subject string
	mirrors []error // in the order of the mirrors
}

func (e *unavailableError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "no drand mirror has returned %s:", e.subject)
	for _, err := range e.mirrors {
		fmt.Fprintf(&text, " %v;", err)
	}
	return text.String() + " try again later, or use other mirrors in drand-urls"
}

func (e *unavailableError) Unwrap() []error { return append([]error{ErrUnavailable}, e.mirrors...) }

// request is a request to a mirror. decode decodes and verifies the body of the response,
// and subject describes the request in errors.
type request[T any] struct {
	subject, path string
	decode        func(body []byte) (T, error)
}

// fetch returns the first valid response. It queries the mirrors in order, each as soon as
// the previous one fails or has used up its head start. After the first valid response, it
// cancels the remaining requests.
func fetch[T any](ctx context.Context, m mirrors, req request[T]) (T, error) {
	type result struct {
		mirror int
		value  T
		err    error
	}
	fetching, cancel := context.WithCancel(ctx)
	defer cancel()
	var zero T
	results := make(chan result, len(m.urls)) // has room for every result, so no goroutine blocks
	failures := make([]error, len(m.urls))
	next := time.NewTimer(0)
	defer next.Stop()
	for asked, failed := 0, 0; failed < len(m.urls); {
		select {
		case <-ctx.Done():
			return zero, fmt.Errorf("fetching %s: %w", req.subject, context.Cause(ctx))
		case <-next.C:
			if asked == len(m.urls) {
				continue
			}
			go func(mirror int) {
				value, err := fetchFrom(fetching, m, m.urls[mirror], req)
				results <- result{mirror, value, err}
			}(asked)
			asked++
			next.Reset(m.headStart)
		case r := <-results:
			if r.err == nil {
				return r.value, nil
			}
			failures[r.mirror] = &MirrorError{URL: m.urls[r.mirror].Redacted(), Err: r.err}
			failed++
			next.Reset(0)
		}
	}
	if ctx.Err() != nil { // the requests may fail before the select notices
		return zero, fmt.Errorf("fetching %s: %w", req.subject, context.Cause(ctx))
	}
	return zero, &unavailableError{subject: req.subject, mirrors: failures}
}

// fetchFrom returns the response of one mirror.
func fetchFrom[T any](ctx context.Context, m mirrors, base *url.URL, req request[T]) (T, error) {
	var zero T
	ctx, cancel := context.WithTimeoutCause(ctx, m.timeout, fmt.Errorf("no response within %s", m.timeout))
	defer cancel()
	body, err := m.get(ctx, base.JoinPath(req.path).String())
	if err != nil {
		if ctx.Err() != nil {
			return zero, context.Cause(ctx)
		}
		return zero, err
	}
	return req.decode(body)
}

// get sends a GET request and returns the body of the response.
func (m mirrors) get(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", m.userAgent)
	resp, err := m.http.Do(req)
	if err != nil {
		var outer *url.Error
		if errors.As(err, &outer) { // MirrorError contains the address
			err = outer.Err
		}
		return nil, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusTooEarly, http.StatusNotFound:
		return nil, fmt.Errorf("%w: it answered %s", errNotPublished, resp.Status)
	default:
		return nil, fmt.Errorf("it answered %s", excerpt.Of(resp.Status))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxResponse+1))
	if err != nil {
		return nil, fmt.Errorf("its response was cut off: %w", err)
	}
	if len(body) > maxResponse {
		return nil, fmt.Errorf("its response has more than %d bytes, which is too long for drand", maxResponse)
	}
	return body, nil
}

// errPage is the error for a response that is a web page, for example from a captive
// portal.
var errPage = errors.New("it answered with a web page instead of JSON; check that it is the address of a drand relay")

// decodeInfo decodes and validates a response from /info. The chain must have hash want.
func decodeInfo(body []byte, want Hash) (Chain, error) {
	var c Chain
	if err := decode(body, &c); err != nil {
		return Chain{}, err
	}
	if c.Hash != want {
		return Chain{}, fmt.Errorf("%w: it answered with chain %s, want %s", ErrChain, c.Hash, want)
	}
	if err := c.Validate(); err != nil {
		return Chain{}, err
	}
	return c, nil
}

// roundResponse is drand's response to a request for a round.
type roundResponse struct {
	Round      uint64 `json:"round"`
	Randomness Bytes  `json:"randomness"`
	Signature  Bytes  `json:"signature"`
	Previous   Bytes  `json:"previous_signature"`
}

// decodeRound decodes a response that contains a round, and verifies the round. Its number
// must be want, or any number if want is 0.
func decodeRound(body []byte, chain Chain, want uint64) (Round, error) {
	var resp roundResponse
	if err := decode(body, &resp); err != nil {
		return Round{}, err
	}
	if want != 0 && resp.Round != want {
		return Round{}, fmt.Errorf("%w: it answered with round %d, want %d", ErrRound, resp.Round, want)
	}
	r := Round{Chain: chain.Hash, Number: resp.Round, Signature: resp.Signature, Previous: resp.Previous}
	if randomness := r.Randomness(); resp.Randomness != nil && !bytes.Equal(resp.Randomness, randomness[:]) {
		return Round{}, fmt.Errorf("%w: the randomness of round %d is not the SHA-256 of its signature", ErrRound, r.Number)
	}
	if err := r.Verify(chain); err != nil {
		return Round{}, err
	}
	return r, nil
}

// decode decodes the JSON in a response.
func decode(body []byte, into any) error {
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
		return errPage
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("its response is not drand's JSON: %w", err)
	}
	return nil
}
