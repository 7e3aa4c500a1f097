package remote

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prizegen/prizegen/pkg/certs"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/wire"
)

// The roles of services.
const (
	Text   = "text"
	Number = "number"
	Prize  = "prize"
	Core   = "core"
)

// Config is the configuration of a [Client].
type Config struct {
	// The URLs of the services. Without a core, the parts of services without a URL are
	// generated in this process. With a core, no parts are: if only the core has a URL, or
	// if all services share one URL but no text service is there, the core makes complete
	// draws.
	Text, Number, Prize, Core *url.URL

	// Identity is the client's certificate for TLS. The services' certificates must come
	// from its authority or, if TrustPublic is set, may also come from an authority that
	// the system trusts. Without an Identity, the client trusts the system's authorities.
	Identity    *certs.Identity
	TrustPublic bool

	// AllowPlainHTTP allows the client to send keys, seeds and tokens to other machines
	// over HTTP without TLS.
	AllowPlainHTTP bool

	UserAgent   string            // empty means "prizegen"
	Timeout     time.Duration     // for one attempt; 0 means 10 seconds
	MaxInFlight int               // maximum number of concurrent calls to one service; others wait; 0 means 64
	Transport   http.RoundTripper // nil means a new pool of connections
	Observer    Observer          // may be nil
}

// Observer observes calls, for metrics. Its methods may be called concurrently.
type Observer interface {
	// Called is called once for each call, after all its attempts.
	Called(service string, took time.Duration, err error)
	// Retried is called for every attempt of a call except the first.
	Retried(service string)
	// Breaker is called with the initial state of a service's circuit breaker and whenever
	// the state changes: "closed" if calls are made, "open" if they are refused,
	// "half-open" if a single call is tried.
	Breaker(service, state string)
	// Refused is called for each response that the client refuses as wrong.
	Refused(service string, err *InvalidResponse)
}

type noObserver struct{}

func (noObserver) Called(string, time.Duration, error) {}
func (noObserver) Retried(string)                      {}
func (noObserver) Breaker(string, string)              {}
func (noObserver) Refused(string, *InvalidResponse)    {}

// Client makes draws using remote services. It is safe for concurrent use.
type Client struct {
	cfg                       Config
	local                     draw.Local
	text, number, prize, core *service
	texts, numbers            *partsClient  // nil if the part is generated in this process
	awards                    *awardsClient // nil if prizes are awarded in this process
	received                  rulesCache    // rules received from the service
	http                      *http.Client
	inFlight                  int
	composing                 atomic.Int32 // whether the core makes complete draws; see composingUnknown

	buffers  sync.Pool // of *[]byte: parts that are generated for comparison
	outcomes sync.Pool // of *[]prize.Outcome, likewise
}

var _ draw.Generator = (*Client)(nil)

// New returns a client. It does not call any service.
func New(cfg Config) *Client {
	given := cfg
	cfg.UserAgent = cmp.Or(cfg.UserAgent, "prizegen")
	cfg.Timeout = cmp.Or(cfg.Timeout, 10*time.Second)
	cfg.MaxInFlight = cmp.Or(cfg.MaxInFlight, 64)
	if cfg.Observer == nil {
		cfg.Observer = noObserver{}
	}
	if cfg.Transport == nil {
		cfg.Transport = newTransport(&cfg)
	}
	client := &http.Client{Transport: cfg.Transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // following a redirect would turn a POST into a GET
	}}
	newOrNil := func(name string, base *url.URL) *service {
		if base == nil {
			return nil
		}
		return newService(&cfg, name, base, client)
	}
	c := &Client{
		cfg:     given,
		buffers: sync.Pool{New: func() any { return new([]byte) }}, outcomes: sync.Pool{New: func() any { return new([]prize.Outcome) }},
		http: client, inFlight: min(batchesInFlight, cfg.MaxInFlight),
		text: newOrNil(Text, cfg.Text), number: newOrNil(Number, cfg.Number), prize: newOrNil(Prize, cfg.Prize), core: newOrNil(Core, cfg.Core),
	}
	c.texts = newPartsClient(c.text, wire.ReadTexts)
	c.numbers = newPartsClient(c.number, wire.ReadNumbers)
	c.awards = newAwardsClient(c.prize)
	return c
}

// WithTimeout returns a client for the same services with a different timeout. It has its
// own circuit breakers and connections.
func (c *Client) WithTimeout(timeout time.Duration) *Client {
	cfg := c.cfg
	cfg.Timeout = timeout
	return New(cfg)
}

// InFlight returns how many batches of a run should be in progress at a time.
func (c *Client) InFlight() int { return c.inFlight }

// Close closes idle connections. The client can still be used.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// batchesInFlight is the number of concurrent batches beyond which BenchmarkRun/remote of
// package serve gets no faster.
const batchesInFlight = 8

// newTransport returns a transport that keeps an open connection for each call that may be
// in flight.
func newTransport(cfg *Config) *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		MaxIdleConns:          4 * cfg.MaxInFlight,
		MaxIdleConnsPerHost:   cfg.MaxInFlight,
		IdleConnTimeout:       60 * time.Second,
		ForceAttemptHTTP2:     true,
		DisableCompression:    true, // compression costs more than it saves within a data centre
		WriteBufferSize:       64 << 10,
		ReadBufferSize:        64 << 10,
		ExpectContinueTimeout: time.Second,
	}
	if cfg.Identity == nil {
		return t
	}
	// Each new connection uses the current certificate.
	t.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(ctx, t.TLSHandshakeTimeout)
		defer cancel()
		secure := tls.Client(conn, cfg.Identity.Client(host, cfg.TrustPublic))
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return secure, nil
	}
	return t
}

// HasServices reports whether any service has a URL.
func (cfg *Config) HasServices() bool {
	return cfg.Text != nil || cfg.Number != nil || cfg.Prize != nil || cfg.Core != nil
}

// IsPlain reports whether calls to an address travel over a network without TLS.
func IsPlain(address *url.URL) bool {
	if address == nil || address.Scheme != "http" {
		return false
	}
	host := address.Hostname()
	ip := net.ParseIP(host)
	return host != "localhost" && (ip == nil || !ip.IsLoopback())
}
