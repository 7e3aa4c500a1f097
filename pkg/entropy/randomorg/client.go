package randomorg

import (
	"cmp"
	"context"
	"crypto/rsa"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// DefaultURL is the URL of RANDOM.ORG's API.
const DefaultURL = "https://api.random.org/json-rpc/4/invoke"

// MaxUserData is the maximum length of user data in characters.
const MaxUserData = 1000

// blobBits is the size of a blob in bits.
const blobBits = 256

// APIKey is a secret key from https://api.random.org/dashboard. Its methods keep it out of
// printed, logged and encoded output.
type APIKey string

// String returns a placeholder instead of the key.
func (APIKey) String() string { return "randomorg.APIKey(secret)" }

// GoString returns the same placeholder as [APIKey.String], for %#v.
func (k APIKey) GoString() string { return k.String() }

// LogValue returns the same placeholder as [APIKey.String], for logs.
func (k APIKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText returns the same placeholder as [APIKey.String]. It never fails.
func (k APIKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// hash returns the SHA-512 of the key in base64, as in responses of RANDOM.ORG.
func (k APIKey) hash() string {
	sum := sha512.Sum512([]byte(k))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Config configures a [Client].
type Config struct {
	URL       string           // must use https, or http on this computer; empty means [DefaultURL]
	APIKey    APIKey           // required by Generate but not by VerifySignature
	PublicKey *rsa.PublicKey   // verifies signatures; if nil, the client asks RANDOM.ORG to verify them
	HTTP      *http.Client     // nil means a client that uses the proxies from the environment; redirects are never followed
	Timeout   time.Duration    // for one call; 0 means 30 seconds
	Now       func() time.Time // clock for the advised delay; nil means [time.Now]
	UserAgent string           // empty means prizegen
}

// Client calls RANDOM.ORG. It is safe for concurrent use.
type Client struct {
	cfg     Config
	address string // scheme, host and path, for errors

	mu   sync.Mutex
	next time.Time // earliest time for the next call with the API key
}

// New returns a client. It makes no calls. It returns an error if the address is invalid.
func New(cfg Config) (*Client, error) {
	cfg.URL = cmp.Or(cfg.URL, DefaultURL)
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return nil, fmt.Errorf("invalid address of random.org in random-org-url; use an address such as %s", DefaultURL)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !isLocal(u.Hostname())) {
		return nil, fmt.Errorf("random-org-url must begin with https, got %s; otherwise the API key would be sent unencrypted", u)
	}
	cfg.Timeout = cmp.Or(cfg.Timeout, 30*time.Second)
	cfg.UserAgent = cmp.Or(cfg.UserAgent, "prizegen")
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	var client http.Client
	if cfg.HTTP != nil {
		client = *cfg.HTTP
	}
	// A redirect could send the API key anywhere.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	cfg.HTTP = &client
	return &Client{cfg: cfg, address: u.String()}, nil
}

// Generate requests a signed blob. RANDOM.ORG signs it together with userData, which has up
// to [MaxUserData] characters and is, for example, a commitment to what is drawn. Before
// the call, Generate waits for the delay that RANDOM.ORG advised in its last response.
//
// Generate checks that the blob belongs to this call. It verifies the signature with the
// public key or, without one, by asking RANDOM.ORG. Errors wrap [ErrKey], [ErrQuota],
// [ErrResponse], [ErrSignature] or [ErrUnavailable], or come from the context.
func (c *Client) Generate(ctx context.Context, userData string) (Signed, error) {
	if c.cfg.APIKey == "" {
		return Signed{}, fmt.Errorf("%w; create one at https://api.random.org/dashboard", ErrKey)
	}
	if n := utf8.RuneCountInString(userData); n > MaxUserData {
		return Signed{}, fmt.Errorf("user data for random.org must have at most %d characters, got %d", MaxUserData, n)
	}
	if err := c.wait(ctx); err != nil {
		return Signed{}, err
	}
	type parameters struct {
		APIKey   string  `json:"apiKey"`
		N        int     `json:"n"`
		Size     int     `json:"size"`
		Format   string  `json:"format"`
		UserData *string `json:"userData"`
	}
	p := parameters{APIKey: string(c.cfg.APIKey), N: 1, Size: blobBits, Format: "hex"}
	if userData != "" {
		p.UserData = &userData
	}
	var result struct {
		Random        jsontext.Value `json:"random"`
		Signature     []byte         `json:"signature"`
		AdvisoryDelay int64          `json:"advisoryDelay"` // milliseconds
	}
	if err := c.call(ctx, "generateSignedBlobs", p, &result); err != nil {
		return Signed{}, err
	}
	c.delay(result.AdvisoryDelay)
	s, err := decodeSigned(result.Random, result.Signature)
	if err != nil {
		return Signed{}, err
	}
	if err := s.checkCall(c.cfg.APIKey, userData); err != nil {
		return Signed{}, err
	}
	if c.cfg.PublicKey == nil {
		err = c.VerifySignature(ctx, s.Proof())
	} else {
		err = s.Verify(c.cfg.PublicKey)
	}
	if err != nil {
		return Signed{}, err
	}
	return s, nil
}

// VerifySignature asks RANDOM.ORG to verify the signature in a proof. It needs no API key.
// If the signature is not RANDOM.ORG's, the error wraps [ErrSignature]. Other errors wrap
// [ErrResponse] or [ErrUnavailable], or come from the context.
func (c *Client) VerifySignature(ctx context.Context, p Proof) error {
	if !jsontext.Value(p.Random).IsValid() {
		return fmt.Errorf("%w: the signed object is not JSON", ErrSignature)
	}
	parameters := struct {
		Random    jsontext.Value `json:"random"`
		Signature []byte         `json:"signature"`
	}{jsontext.Value(p.Random), p.Signature}
	var result struct {
		Authentic *bool `json:"authenticity"`
	}
	if err := c.call(ctx, "verifySignature", parameters, &result); err != nil {
		return err
	}
	switch {
	case result.Authentic == nil:
		return fmt.Errorf("%w: missing \"authenticity\" in the result of %s", ErrResponse, c.address)
	case !*result.Authentic:
		return fmt.Errorf("%w: %s says that the signature is not its own", ErrSignature, c.address)
	}
	return nil
}

// wait waits until the advised delay is over.
func (c *Client) wait(ctx context.Context) error {
	c.mu.Lock()
	left := c.next.Sub(c.cfg.Now())
	c.mu.Unlock()
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting %s, as random.org advised: %w", left.Round(time.Millisecond), context.Cause(ctx))
	}
}

// delay sets the earliest time of the next call from the advised delay, which it limits to
// a day.
func (c *Client) delay(milliseconds int64) {
	d := time.Duration(min(max(milliseconds, 0), 24*time.Hour.Milliseconds())) * time.Millisecond
	c.mu.Lock()
	defer c.mu.Unlock()
	if next := c.cfg.Now().Add(d); next.After(c.next) {
		c.next = next
	}
}
