package remote

import (
	"cmp"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
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
	texts, numbers            *partsMaker // nil where the part is made in this process
	awards                    *gatherer[*awardWanted]
	http                      *http.Client
	inFlight                  int

	mu      sync.Mutex
	written map[string]*OutcomeTexts // by SHA-256 of the rules
	sent    map[string]bool          // SHA-256 of rules that have to be sent, since the service does not know them
	read    map[string]*prize.Rules  // by SHA-256: rules that the service told
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
	c := &Client{
		http: client, inFlight: min(batchesInFlight, cfg.MaxInFlight),
		text: made(Text, cfg.Text), number: made(Number, cfg.Number), prize: made(Prize, cfg.Prize), core: made(Core, cfg.Core),
		written: map[string]*OutcomeTexts{}, sent: map[string]bool{}, read: map[string]*prize.Rules{},
	}
	c.texts = newPartsMaker(c.text, "texts", decodeTexts)
	c.numbers = newPartsMaker(c.number, "numbers", decodeNumbers)
	c.awards = &gatherer[*awardWanted]{alike: sameRules, call: c.awardAll}
	return c
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
