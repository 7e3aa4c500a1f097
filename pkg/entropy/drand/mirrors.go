package drand

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	maxAnswer    = 64 << 10 // bytes; a round has a few hundred
	maxRedirects = 3
)

// errNotYet is wrapped by the error about a mirror that does not have a round.
var errNotYet = errors.New("it does not have it (yet)")

// mirrors are where a client asks.
type mirrors struct {
	list      []*url.URL
	http      *http.Client
	timeout   time.Duration // of one question to one mirror
	headStart time.Duration // before the next mirror is asked as well
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
			return mirrors{}, fmt.Errorf("the drand mirror %q is not an address, expected one such as https://api.drand.sh (drand-urls)", address)
		}
		m.list = append(m.list, u)
	}
	if cfg.HTTP != nil {
		own := *cfg.HTTP
		m.http = &own
	}
	if m.http.CheckRedirect == nil {
		m.http.CheckRedirect = func(_ *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return fmt.Errorf("it has redirected more than %d times", maxRedirects)
			}
			return nil
		}
	}
	return m, nil
}

// MirrorError is what became of asking one mirror.
type MirrorError struct {
	URL string // without a password
	Err error
}

// Error names the mirror and its failure.
func (e *MirrorError) Error() string { return e.URL + ": " + e.Err.Error() }

// Unwrap gives the failure.
func (e *MirrorError) Unwrap() error { return e.Err }

// unavailableError is that no mirror has given something; it wraps [ErrUnavailable]
// and what became of each mirror, in their order.
type unavailableError struct {
	what    string
	mirrors []error
}

func (e *unavailableError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "no drand mirror has given %s:", e.what)
	for _, err := range e.mirrors {
		fmt.Fprintf(&text, " %v;", err)
	}
	return text.String() + " try again later, or name other mirrors (drand-urls)"
}

func (e *unavailableError) Unwrap() []error { return append([]error{ErrUnavailable}, e.mirrors...) }

// question is what is asked of mirrors, and how an answer is read and checked.
type question[T any] struct {
	what, path string
	read       func(answer []byte) (T, error)
}

// ask gives the first answer that is right. The mirrors are asked in their order:
// the next one as soon as one has failed or its head start is over, so that a slow
// mirror holds nobody up. The mirrors still under way are told to stop.
func ask[T any](ctx context.Context, m mirrors, q question[T]) (T, error) {
	type result struct {
		mirror int
		value  T
		err    error
	}
	asking, stop := context.WithCancel(ctx)
	defer stop()
	var none T
	results := make(chan result, len(m.list)) // room for all: nobody may listen any more
	failures := make([]error, len(m.list))
	next := time.NewTimer(0)
	defer next.Stop()
	for asked, failed := 0, 0; failed < len(m.list); {
		select {
		case <-ctx.Done():
			return none, fmt.Errorf("asking for %s: %w", q.what, context.Cause(ctx))
		case <-next.C:
			if asked == len(m.list) {
				continue
			}
			go func(mirror int) {
				value, err := askOne(asking, m, m.list[mirror], q)
				results <- result{mirror, value, err}
			}(asked)
			asked++
			next.Reset(m.headStart)
		case r := <-results:
			if r.err == nil {
				return r.value, nil
			}
			failures[r.mirror] = &MirrorError{URL: m.list[r.mirror].Redacted(), Err: r.err}
			failed++
			next.Reset(0)
		}
	}
	if ctx.Err() != nil { // the mirrors may have noticed first
		return none, fmt.Errorf("asking for %s: %w", q.what, context.Cause(ctx))
	}
	return none, &unavailableError{what: q.what, mirrors: failures}
}

// askOne asks one mirror and reads its answer.
func askOne[T any](ctx context.Context, m mirrors, base *url.URL, q question[T]) (T, error) {
	var none T
	ctx, cancel := context.WithTimeoutCause(ctx, m.timeout, fmt.Errorf("no answer within %s", m.timeout))
	defer cancel()
	answer, err := m.get(ctx, base.JoinPath(q.path).String())
	if err != nil {
		if ctx.Err() != nil {
			return none, context.Cause(ctx)
		}
		return none, err
	}
	return q.read(answer)
}

// get fetches an address of a mirror.
func (m mirrors) get(ctx context.Context, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", m.userAgent)
	response, err := m.http.Do(request)
	if err != nil {
		var outer *url.Error
		if errors.As(err, &outer) { // the mirror is named already
			err = outer.Err
		}
		return nil, err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusTooEarly, http.StatusNotFound:
		return nil, fmt.Errorf("%w: it answered %s", errNotYet, response.Status)
	default:
		return nil, fmt.Errorf("it answered %.100s", response.Status)
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("its answer broke off: %w", err)
	}
	if len(answer) > maxAnswer {
		return nil, fmt.Errorf("its answer has more than %d bytes, too many for drand", maxAnswer)
	}
	return answer, nil
}
