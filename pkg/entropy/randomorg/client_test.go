package randomorg_test

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/entropy/randomorg"
	"github.com/prizegen/prizegen/pkg/entropy/randomorg/randomorgtest"
)

// newClient makes a client of a test server; change may change its configuration.
func newClient(t *testing.T, s *randomorgtest.Server, change func(*randomorg.Config)) *randomorg.Client {
	t.Helper()
	cfg := randomorg.Config{URL: s.URL, APIKey: s.APIKey, PublicKey: s.PublicKey()}
	if change != nil {
		change(&cfg)
	}
	client, err := randomorg.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// hidden fails if an error tells the API key, however it is printed.
func hidden(t *testing.T, key randomorg.APIKey, err error) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, string(key)) {
			t.Errorf("the error tells the API key: %s", text)
		}
	}
}

func TestGenerate(t *testing.T) {
	s := randomorgtest.New(t)
	for name, change := range map[string]func(*randomorg.Config){
		"verified with the key":     nil,
		"verified by asking":        func(c *randomorg.Config) { c.PublicKey = nil },
		"with a client of our own":  func(c *randomorg.Config) { c.HTTP = &http.Client{}; c.UserAgent = "tests" },
		"at a name of the computer": func(c *randomorg.Config) { c.URL = strings.Replace(c.URL, "127.0.0.1", "localhost", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			for _, userData := range []string{"", `a "commitment" <&> ` + strings.Repeat("é", 900)} {
				signed, err := newClient(t, s, change).Generate(t.Context(), userData)
				if err != nil {
					t.Fatal(err)
				}
				want := fmt.Sprintf("random.org/%d/%s", signed.SerialNumber, signed.Blob)
				if signed.SerialNumber < 6116 || len(signed.Blob) != 64 || signed.Seed() != entropy.Seed(want) {
					t.Errorf("%+v with the seed %s", signed, signed.Seed())
				}
				if signed.UserData != userData || signed.License != "developer" || signed.Completed != "2021-03-15 13:51:32Z" {
					t.Errorf("%+v, want the user data, the licence and the time of the answer", signed)
				}
				if _, err := entropy.ParseSeed(string(signed.Seed())); err != nil {
					t.Error(err)
				}
				if err := newClient(t, s, nil).VerifySignature(t.Context(), signed.Proof()); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// Whatever is wrong with an answer, nothing is made of it, the error says what is
// wrong, and no error tells the API key.
func TestFaults(t *testing.T) {
	s := randomorgtest.New(t)
	for fault, want := range map[randomorgtest.Fault]struct {
		err  error
		says string
	}{
		randomorgtest.WrongMethod:    {randomorg.ErrAnswer, "another method"},
		randomorgtest.WrongCount:     {randomorg.ErrAnswer, "2 blobs of 256 bits"},
		randomorgtest.TwoBlobs:       {randomorg.ErrAnswer, "2 blobs in data"},
		randomorgtest.ShortBlob:      {randomorg.ErrAnswer, "not 64 hexadecimal digits"},
		randomorgtest.UpperCase:      {randomorg.ErrAnswer, "in lower case"},
		randomorgtest.NoSerial:       {randomorg.ErrAnswer, "no serial number"},
		randomorgtest.Pregenerated:   {randomorg.ErrAnswer, "made beforehand"},
		randomorgtest.WrongAPIKey:    {randomorg.ErrAnswer, "another API key"},
		randomorgtest.WrongUserData:  {randomorg.ErrAnswer, "user data"},
		randomorgtest.NotBlobs:       {randomorg.ErrAnswer, "not a blob's"},
		randomorgtest.WrongSignature: {randomorg.ErrSignature, "random-org-cert"},
		randomorgtest.UnknownKey:     {randomorg.ErrKey, "does not exist"},
		randomorgtest.StoppedKey:     {randomorg.ErrKey, "start it at"},
		randomorgtest.NoRequests:     {randomorg.ErrQuota, "wait until it is renewed"},
		randomorgtest.NoBits:         {randomorg.ErrQuota, "only has 10 left"},
		randomorgtest.InternalError:  {randomorg.ErrUnavailable, "code -32603"},
		randomorgtest.Repeating:      {randomorg.ErrUnavailable, "(API key)"},
		randomorgtest.WrongID:        {randomorg.ErrAnswer, "did not answer this call"},
		randomorgtest.NoResult:       {randomorg.ErrAnswer, "is not one"},
		randomorgtest.Broken:         {randomorg.ErrUnavailable, "503 Service Unavailable"},
		randomorgtest.WebPage:        {randomorg.ErrAnswer, "did not answer with JSON"},
		randomorgtest.Endless:        {randomorg.ErrUnavailable, "more than 65536 bytes"},
		randomorgtest.Redirecting:    {randomorg.ErrUnavailable, "307 Temporary Redirect"},
		randomorgtest.Hanging:        {randomorg.ErrUnavailable, "no answer within 50ms"},
	} {
		s.Fail(fault)
		client := newClient(t, s, func(c *randomorg.Config) {
			if fault == randomorgtest.Hanging {
				c.Timeout = 50 * time.Millisecond
			}
		})
		before := s.Requests()
		signed, err := client.Generate(t.Context(), "commitment")
		if !errors.Is(err, want.err) || !strings.Contains(fmt.Sprint(err), want.says) {
			t.Errorf("fault %d: %v, want an error that wraps %q and says %q", fault, err, want.err, want.says)
		}
		if signed.Blob != "" {
			t.Errorf("fault %d: there is a blob all the same", fault)
		}
		if got := s.Requests() - before; got != 1 {
			t.Errorf("fault %d: %d calls, want one", fault, got)
		}
		hidden(t, s.APIKey, err)
	}
}

func TestRPCError(t *testing.T) {
	s := randomorgtest.New(t)
	s.Fail(randomorgtest.NoBits)
	_, err := newClient(t, s, nil).Generate(t.Context(), "")
	if e := (*randomorg.RPCError)(nil); !errors.As(err, &e) || e.Code != 403 {
		t.Errorf("%v does not tell its code", err)
	}
	s.Fail(randomorgtest.None)
	_, err = newClient(t, s, func(c *randomorg.Config) { c.APIKey = "another-key" }).Generate(t.Context(), "")
	if !errors.Is(err, randomorg.ErrKey) {
		t.Errorf("%v, want an error that wraps ErrKey", err)
	}
	hidden(t, "another-key", err)
}

func TestGenerateRefuses(t *testing.T) {
	s := randomorgtest.New(t)
	_, err := newClient(t, s, func(c *randomorg.Config) { c.APIKey = "" }).Generate(t.Context(), "")
	if !errors.Is(err, randomorg.ErrKey) || !strings.Contains(err.Error(), "dashboard") {
		t.Errorf("without a key: %v, want to be told where to get one", err)
	}
	_, err = newClient(t, s, nil).Generate(t.Context(), strings.Repeat("é", 1001))
	if err == nil || !strings.Contains(err.Error(), "1001 characters, at most 1000") {
		t.Errorf("with too many user data: %v", err)
	}
	if s.Requests() != 0 {
		t.Error("it asked all the same")
	}
}

// Without a network, or a server, the error names the address and not the key,
// which a careless address might have in it.
func TestUnreachable(t *testing.T) {
	s := randomorgtest.New(t)
	gone := httptest.NewServer(nil)
	gone.Close()
	_, err := newClient(t, s, func(c *randomorg.Config) { c.URL = gone.URL }).Generate(t.Context(), "")
	if !errors.Is(err, randomorg.ErrUnavailable) || !strings.Contains(err.Error(), gone.URL) {
		t.Errorf("%v, want an error that wraps ErrUnavailable and names %s", err, gone.URL)
	}
	hidden(t, s.APIKey, err)
	leaking := roundTripper(func(*http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("can't send %s", s.APIKey)
	})
	_, err = newClient(t, s, func(c *randomorg.Config) { c.HTTP = &http.Client{Transport: leaking} }).Generate(t.Context(), "")
	if !errors.Is(err, randomorg.ErrUnavailable) {
		t.Errorf("%v, want an error that wraps ErrUnavailable", err)
	}
	hidden(t, s.APIKey, err)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAddress(t *testing.T) {
	for _, address := range []string{
		"api.random.org", "ftp://api.random.org/", "http://api.random.org/json-rpc/4/invoke", "http://10.0.0.1/", "https://",
		"https://me:6e3b5b4f@api.random.org/", "https://api.random.org/?apiKey=6e3b5b4f", "https://a b/",
	} {
		_, err := randomorg.New(randomorg.Config{URL: address})
		if err == nil || !strings.Contains(err.Error(), "random-org-url") || strings.Contains(err.Error(), "6e3b5b4f") {
			t.Errorf("the address %q: %v, want a refusal that does not repeat secrets", address, err)
		}
	}
	if _, err := randomorg.New(randomorg.Config{}); err != nil {
		t.Error(err)
	}
}

func TestVerifySignature(t *testing.T) {
	s := randomorgtest.New(t)
	client := newClient(t, s, func(c *randomorg.Config) { c.APIKey = "" })
	signed, err := newClient(t, s, nil).Generate(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		fault randomorgtest.Fault
		spoil func(*randomorg.Proof)
		want  error
	}{
		"authentic":       {},
		"another blob":    {spoil: func(p *randomorg.Proof) { p.Random = strings.Replace(p.Random, `"data":["`, `"data":["0`, 1) }, want: randomorg.ErrSignature},
		"not JSON":        {spoil: func(p *randomorg.Proof) { p.Random = "{" }, want: randomorg.ErrSignature},
		"denied":          {fault: randomorgtest.NotAuthentic, want: randomorg.ErrSignature},
		"no verdict":      {fault: randomorgtest.NoVerdict, want: randomorg.ErrAnswer},
		"nobody answered": {fault: randomorgtest.Broken, want: randomorg.ErrUnavailable},
	} {
		p := signed.Proof()
		if test.spoil != nil {
			test.spoil(&p)
		}
		s.Fail(test.fault)
		if err := client.VerifySignature(t.Context(), p); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	s.Fail(randomorgtest.NotAuthentic)
	asking := newClient(t, s, func(c *randomorg.Config) { c.PublicKey = nil })
	if signed, err := asking.Generate(t.Context(), ""); !errors.Is(err, randomorg.ErrSignature) || signed.Blob != "" {
		t.Errorf("what is denied is used: %+v, %v", signed, err)
	}
}

// handled is a client that reaches a server without a network.
func handled(t *testing.T, s *randomorgtest.Server) *randomorg.Client {
	t.Helper()
	return newClient(t, s, func(c *randomorg.Config) {
		c.HTTP = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			answer := httptest.NewRecorder()
			s.ServeHTTP(answer, r)
			return answer.Result(), r.Context().Err()
		})}
	})
}

// The delay that an answer advises is kept before the next call, and no longer than
// the caller has time.
func TestAdvisoryDelay(t *testing.T) {
	s := randomorgtest.Make(t)
	synctest.Test(t, func(t *testing.T) {
		client := handled(t, s)
		begin := time.Now()
		for _, milliseconds := range []int{2310, -5, 0, 1 << 40} {
			s.Advise(milliseconds)
			if _, err := client.Generate(t.Context(), ""); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begin); took != 2310*time.Millisecond {
			t.Errorf("four calls took %s, want 2.31s", took)
		}
		reason := errors.New("enough of it")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, reason)
		defer cancel()
		before := s.Requests()
		if _, err := client.Generate(ctx, ""); !errors.Is(err, reason) || s.Requests() != before {
			t.Errorf("while waiting: %v, want the reason why it was cancelled", err)
		}
		begin = time.Now()
		if _, err := client.Generate(t.Context(), ""); err != nil || time.Since(begin) > 24*time.Hour {
			t.Errorf("after %s: %v, want no more than a day", time.Since(begin), err)
		}
	})
}

func TestCancelled(t *testing.T) {
	s := randomorgtest.Make(t)
	s.Fail(randomorgtest.Hanging)
	synctest.Test(t, func(t *testing.T) {
		reason := errors.New("enough of it")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, reason)
		defer cancel()
		_, err := handled(t, s).Generate(ctx, "")
		if !errors.Is(err, reason) || errors.Is(err, randomorg.ErrUnavailable) {
			t.Errorf("%v, want the reason why it was cancelled, and that alone", err)
		}
		hidden(t, s.APIKey, err)
	})
}

// A key ends up in no log, whatever it is part of.
func TestAPIKeyIsHidden(t *testing.T) {
	const key randomorg.APIKey = "6e3b5b4f"
	cfg := randomorg.Config{APIKey: key, PublicKey: (*rsa.PublicKey)(nil)}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("made", "key", key, "config", struct{ Key randomorg.APIKey }{key})
	data, err := json.Marshal(struct{ Key randomorg.APIKey }{key})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s %q", cfg, cfg, cfg, key, key), fmt.Sprintf("%#v", key), log.String(), string(data)} {
		if strings.Contains(text, string(key)) {
			t.Errorf("%s tells the key", text)
		}
	}
}
