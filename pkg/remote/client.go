package remote

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// Config says where the services are. Parts whose service has no address are
// made in this process.
type Config struct {
	Text, Number, Prize, Core *url.URL

	UserAgent   string            // sent with every call; "prizegen" where it is empty
	Timeout     time.Duration     // of one attempt, 10 seconds where it is 0
	MaxInFlight int               // calls of one service at a time, 64 where it is 0; others wait their turn
	Transport   http.RoundTripper // a pooled one where it is nil
	Observer    Observer          // nil for none
}

// Observer is told what becomes of calls, for metrics. Its methods are called by
// several goroutines at once.
type Observer interface {
	// Called is told of a call that has ended, after all its attempts.
	Called(service string, took time.Duration, err error)
	// Retried is told of each attempt of a call but the first.
	Retried(service string)
	// Breaker is told the state of a service's circuit breaker whenever it
	// changes: closed while all is well, open while the service is left alone,
	// half-open while it is tried again.
	Breaker(service, state string)
}

type noObserver struct{}

func (noObserver) Called(string, time.Duration, error) {}
func (noObserver) Retried(string)                      {}
func (noObserver) Breaker(string, string)              {}

// Client makes draws with remote services. It is safe for use by several
// goroutines at once.
type Client struct {
	local                     draw.Local
	text, number, prize, core *service
	http                      *http.Client
	inFlight                  int

	mu    sync.Mutex
	texts map[string]*OutcomeTexts // by SHA-256 of the rules
	sent  map[string]bool          // SHA-256 of rules that have to be sent, since the service does not know them
	read  map[string]*prize.Rules  // by SHA-256: rules that the service told
}

var _ draw.Generator = (*Client)(nil)

// New makes a client. It calls nobody yet.
func New(cfg Config) *Client {
	cfg.UserAgent = cmp.Or(cfg.UserAgent, "prizegen")
	cfg.Timeout = cmp.Or(cfg.Timeout, 10*time.Second)
	cfg.MaxInFlight = cmp.Or(cfg.MaxInFlight, 64)
	if cfg.Observer == nil {
		cfg.Observer = noObserver{}
	}
	if cfg.Transport == nil {
		cfg.Transport = newTransport(cfg.MaxInFlight)
	}
	client := &http.Client{Transport: cfg.Transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // a POST would become a GET on the way
	}}
	made := func(name string, base *url.URL) *service {
		if base == nil {
			return nil
		}
		return newService(&cfg, name, base, client)
	}
	return &Client{
		http: client, inFlight: min(batchesInFlight, cfg.MaxInFlight),
		text: made(Text, cfg.Text), number: made(Number, cfg.Number), prize: made(Prize, cfg.Prize), core: made(Core, cfg.Core),
		texts: map[string]*OutcomeTexts{}, sent: map[string]bool{}, read: map[string]*prize.Rules{},
	}
}

// InFlight is how many batches of a run are worth having under way at a time: the
// time is spent waiting rather than computing.
func (c *Client) InFlight() int { return c.inFlight }

// Close ends the connections that no call uses. The client can be used on: it
// connects anew.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// batchesInFlight is a number beyond which more were measured to gain nothing.
const batchesInFlight = 8

// newTransport keeps as many connections open as there may be calls.
func newTransport(maxInFlight int) *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: dialTime, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		MaxIdleConns:          4 * maxInFlight,
		MaxIdleConnsPerHost:   maxInFlight,
		IdleConnTimeout:       60 * time.Second,
		ForceAttemptHTTP2:     true,
		DisableCompression:    true, // within a data centre it costs more than it saves
		WriteBufferSize:       64 << 10,
		ReadBufferSize:        64 << 10,
		ExpectContinueTimeout: time.Second,
	}
}

// Texts implements [draw.Generator].
func (c *Client) Texts(ctx context.Context, dst []byte, f textgen.Format, r entropy.Range) ([]byte, error) {
	if c.text == nil {
		return c.local.Texts(ctx, dst, f, r)
	}
	return c.text.parts(ctx, dst, "texts", f.Letters, r, func(body []byte) (string, Parts, error) {
		var answer TextsAnswer
		err := json.Unmarshal(body, &answer)
		return answer.Format, answer.Texts, err
	})
}

// Numbers implements [draw.Generator].
func (c *Client) Numbers(ctx context.Context, dst []byte, f numgen.Format, r entropy.Range) ([]byte, error) {
	if c.number == nil {
		return c.local.Numbers(ctx, dst, f, r)
	}
	return c.number.parts(ctx, dst, "numbers", f.Letters, r, func(body []byte) (string, Parts, error) {
		var answer NumbersAnswer
		err := json.Unmarshal(body, &answer)
		return answer.Format, answer.Numbers, err
	})
}

// parts has the parts of a range made, as many at a time as may be asked for.
// decode reads an answer however it is written.
func (s *service) parts(ctx context.Context, dst []byte, name string, letters entropy.Letters, r entropy.Range, decode func(body []byte) (string, Parts, error)) ([]byte, error) {
	if err := r.Check(); err != nil {
		return dst, err
	}
	start := len(dst)
	for from := uint64(0); from < r.Count; from += MaxCount {
		some := r.Slice(from, min(from+MaxCount, r.Count))
		request := &PartsRequest{Format: letters.String(), Key: some.Key.Hex(), Start: some.Start, Count: int(some.Count)}
		body, err := s.ask(ctx, http.MethodPost, "/v1/"+s.name, request)
		if err != nil {
			return dst[:start], err
		}
		before := len(dst)
		var ok bool
		if dst, ok = plainParts(dst, body, name, letters, request.Count); ok {
			continue
		}
		format, parts, err := decode(body)
		if err != nil {
			err = unreadable(err)
		} else {
			err = checkParts(letters, request.Count, format, parts)
		}
		if err != nil {
			return dst[:start], s.strange(err)
		}
		dst = append(dst[:before], parts.Joined...)
	}
	return dst, ctx.Err()
}

// checkParts holds an answer against what was asked for. Whether it is the right
// one takes verification to know.
func checkParts(letters entropy.Letters, count int, format string, parts Parts) error {
	switch {
	case format != letters.String():
		return fmt.Errorf("it answered with the format %q, asked for %q", format, letters)
	case parts.Len() != count || parts.Width != letters.Len():
		return fmt.Errorf("it answered with %d parts of %d characters, asked for %d of %d", parts.Len(), parts.Width, count, letters.Len())
	}
	for _, letter := range parts.Joined {
		if strings.IndexByte(letters.Alphabet(), letter) < 0 {
			return fmt.Errorf("it answered with the character %q, which the format %q has not", letter, letters)
		}
	}
	return nil
}

// Prizes implements [draw.Generator].
func (c *Client) Prizes(ctx context.Context, dst []prize.Outcome, rules *prize.Rules, accounts *prize.Accounts, r entropy.Range) ([]prize.Outcome, error) {
	if c.prize == nil {
		return c.local.Prizes(ctx, dst, rules, accounts, r)
	}
	if err := r.Check(); err != nil {
		return dst, err
	}
	start := len(dst)
	texts := c.outcomeTexts(rules)
	for from := uint64(0); from < r.Count; from += MaxCount {
		to := min(from+MaxCount, r.Count)
		some := r.Slice(from, to)
		request := AwardRequest{Accounts: Accounts{accounts.Slice(int(from), int(to))}, Key: some.Key.Hex(), Start: some.Start}
		var err error
		if dst, err = c.award(ctx, dst, texts, &request); err != nil {
			return dst[:start], err
		}
	}
	return dst, ctx.Err()
}

// award has a request decided by the rules of texts. The service is told their
// name; the rules themselves are sent to one that knows no such rules, or others
// by that name.
func (c *Client) award(ctx context.Context, dst []prize.Outcome, texts *OutcomeTexts, request *AwardRequest) ([]prize.Outcome, error) {
	rules := texts.rules
	if !c.mustSend(rules) {
		request.Rules, request.RulesSHA256 = rules.Name, rules.SHA256()
		outcomes, err := c.askAward(ctx, dst, texts, request)
		if !errors.Is(err, prize.ErrUnknownRules) {
			return outcomes, err
		}
		c.send(rules)
	}
	request.Rules, request.RulesSHA256, request.RulesYAML = "", "", string(rules.Source())
	return c.askAward(ctx, dst, texts, request)
}

func (c *Client) askAward(ctx context.Context, dst []prize.Outcome, texts *OutcomeTexts, request *AwardRequest) ([]prize.Outcome, error) {
	body, err := c.prize.ask(ctx, http.MethodPost, "/v1/prize", plainBody(appendAwardRequest(nil, request)))
	if err != nil {
		return dst, err
	}
	before, rules, accounts := len(dst), texts.rules, &request.Accounts.Accounts
	if array, ok := plainOutcomes(body, rules.Name, rules.SHA256()); ok {
		if dst, ok = texts.read(dst, array, accounts); ok {
			return dst, nil
		}
	}
	var answer AwardAnswer
	if err := json.Unmarshal(body, &answer); err != nil {
		return dst[:before], c.prize.strange(unreadable(err))
	}
	if answer.RulesSHA256 != rules.SHA256() {
		return dst[:before], c.prize.strange(fmt.Errorf("it answered by rules with the SHA-256 %q, asked for %s", answer.RulesSHA256, rules.SHA256()))
	}
	if dst, err = texts.readAny(dst[:before], answer.Outcomes.Raw, accounts); err != nil {
		err = c.prize.strange(err)
	}
	return dst, err
}

// maxKept is how many rules a client remembers.
const maxKept = 100

func (c *Client) mustSend(rules *prize.Rules) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent[rules.SHA256()]
}

func (c *Client) send(rules *prize.Rules) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.sent) >= maxKept {
		clear(c.sent)
	}
	c.sent[rules.SHA256()] = true
}

func (c *Client) outcomeTexts(rules *prize.Rules) *OutcomeTexts {
	c.mu.Lock()
	defer c.mu.Unlock()
	texts := c.texts[rules.SHA256()]
	if texts == nil {
		if len(c.texts) >= maxKept {
			clear(c.texts)
		}
		texts = NewOutcomeTexts(rules)
		c.texts[rules.SHA256()] = texts
	}
	return texts
}
