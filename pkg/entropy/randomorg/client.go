package randomorg

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rsa"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"
	"unicode/utf8"
)

// DefaultURL is where RANDOM.ORG takes calls.
const DefaultURL = "https://api.random.org/json-rpc/4/invoke"

// MaxUserData is the number of characters of the longest user data.
const MaxUserData = 1000

// blobBits is the size of the blobs asked for.
const blobBits = 256

// APIKey is a secret, hidden wherever it is printed or logged. It comes from
// https://api.random.org/dashboard.
type APIKey string

// String hides the key.
func (APIKey) String() string { return "randomorg.APIKey(secret)" }

// GoString hides the key from %#v as well.
func (k APIKey) GoString() string { return k.String() }

// LogValue hides the key from logs.
func (k APIKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText hides the key from encoders; it never fails.
func (k APIKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// hash is how RANDOM.ORG tells which key an answer is for.
func (k APIKey) hash() string {
	sum := sha512.Sum512([]byte(k))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Config says how RANDOM.ORG is asked.
type Config struct {
	URL       string           // https, or http on this computer; [DefaultURL] where it is empty
	APIKey    APIKey           // needed to generate, not to verify
	PublicKey *rsa.PublicKey   // that signatures are verified with; RANDOM.ORG is asked instead where it is nil
	HTTP      *http.Client     // one with the system's proxies where it is nil; redirects are never followed
	Timeout   time.Duration    // of one call; 30 seconds where it is 0
	Now       func() time.Time // the clock that advised delays are measured by; [time.Now] where it is nil
	UserAgent string           // "prizegen" where it is empty
}

// Client calls RANDOM.ORG. It is safe for use by several goroutines at once.
type Client struct {
	cfg     Config
	address string // for errors: nothing but scheme, host and path

	mu   sync.Mutex
	next time.Time // no call that needs the key before
}

// New makes a client. It calls nobody yet; an error is about the address.
func New(cfg Config) (*Client, error) {
	cfg.URL = cmp.Or(cfg.URL, DefaultURL)
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" {
		return nil, fmt.Errorf("the configured address of random.org is none, expected one such as %s (random-org-url)", DefaultURL)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !isLocal(u.Hostname())) {
		return nil, fmt.Errorf("the address %s of random.org would send the API key in the clear, expected https (random-org-url)", u)
	}
	cfg.Timeout = cmp.Or(cfg.Timeout, 30*time.Second)
	cfg.UserAgent = cmp.Or(cfg.UserAgent, "prizegen")
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	var own http.Client
	if cfg.HTTP != nil {
		own = *cfg.HTTP
	}
	// Redirected calls would take the API key to who knows where.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	cfg.HTTP = &own
	return &Client{cfg: cfg, address: u.String()}, nil
}

// Generate asks for a signed blob. The user data, up to [MaxUserData] characters of
// any text or none, are signed with it: the place for the commitment to what is
// drawn. It waits as long as RANDOM.ORG has advised after the call before.
//
// What it gives has been checked: it is what was asked for, for this key, and
// RANDOM.ORG has signed it; where no public key is configured, RANDOM.ORG itself is
// asked. Errors wrap [ErrKey], [ErrQuota], [ErrAnswer], [ErrSignature],
// [ErrUnavailable], or are the context's.
func (c *Client) Generate(ctx context.Context, userData string) (Signed, error) {
	if c.cfg.APIKey == "" {
		return Signed{}, fmt.Errorf("%w: there is none; one is to be had from https://api.random.org/dashboard", ErrKey)
	}
	if n := utf8.RuneCountInString(userData); n > MaxUserData {
		return Signed{}, fmt.Errorf("user data for random.org have %d characters, at most %d are allowed", n, MaxUserData)
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
		Random        json.RawMessage `json:"random"`
		Signature     []byte          `json:"signature"`
		AdvisoryDelay int64           `json:"advisoryDelay"` // milliseconds
	}
	if err := c.call(ctx, "generateSignedBlobs", p, &result); err != nil {
		return Signed{}, err
	}
	c.delay(result.AdvisoryDelay)
	s, err := readSigned(result.Random, result.Signature)
	if err != nil {
		return Signed{}, err
	}
	if err := s.isAnswer(c.cfg.APIKey, userData); err != nil {
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

// VerifySignature asks RANDOM.ORG whether it has signed what a proof tells. It
// needs no API key. Errors wrap [ErrSignature] where it has not, [ErrUnavailable],
// or are the context's.
func (c *Client) VerifySignature(ctx context.Context, p Proof) error {
	if !json.Valid([]byte(p.Random)) {
		return fmt.Errorf("%w: what is said to be signed is not JSON", ErrSignature)
	}
	parameters := struct {
		Random    json.RawMessage `json:"random"`
		Signature []byte          `json:"signature"`
	}{json.RawMessage(p.Random), p.Signature}
	var result struct {
		Authentic *bool `json:"authenticity"`
	}
	if err := c.call(ctx, "verifySignature", parameters, &result); err != nil {
		return err
	}
	switch {
	case result.Authentic == nil:
		return fmt.Errorf("%w: %s does not say whether a signature is authentic", ErrAnswer, c.address)
	case !*result.Authentic:
		return fmt.Errorf("%w: %s says that it has not signed this", ErrSignature, c.address)
	}
	return nil
}

// wait holds a call back until the advised delay after the last one is over.
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
		return fmt.Errorf("waiting %s as random.org advises between calls: %w", left.Round(time.Millisecond), context.Cause(ctx))
	}
}

// delay notes the advised delay, in milliseconds, up to a day.
func (c *Client) delay(milliseconds int64) {
	d := time.Duration(min(max(milliseconds, 0), 24*time.Hour.Milliseconds())) * time.Millisecond
	c.mu.Lock()
	defer c.mu.Unlock()
	if next := c.cfg.Now().Add(d); next.After(c.next) {
		c.next = next
	}
}

// compact is a JSON text without white space between its parts, otherwise byte for
// byte as it was.
func compact(text []byte) ([]byte, error) {
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		return nil, errors.New("it is not JSON")
	}
	return b.Bytes(), nil
}
