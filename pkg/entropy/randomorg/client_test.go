package randomorg_test

import (
	"bytes"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/entropy/randomorg"
	"github.com/prizegen/prizegen/pkg/entropy/randomorg/randomorgtest"
)

// newClient returns a client for a test server. If change is not nil, it may change the
// configuration.
func newClient(t *testing.T, s *randomorgtest.Server, change func(*randomorg.Config)) *randomorg.Client {
	t.Helper()
	cfg := randomorg.Config{URL: s.URL, APIKey: s.APIKey, PublicKey: s.PublicKey(), Timeout: 10 * time.Minute}
	if change != nil {
		change(&cfg)
	}
	client, err := randomorg.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// checkHidden reports a test failure if an error contains the API key in any format.
func checkHidden(t *testing.T, key randomorg.APIKey, err error) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, string(key)) {
			t.Errorf("got error %s, want an error without the API key", text)
		}
	}
}

func TestGenerate(t *testing.T) {
	s := randomorgtest.New(t)
	for name, change := range map[string]func(*randomorg.Config){
		"verified with the key":  nil,
		"verified by RANDOM.ORG": func(c *randomorg.Config) { c.PublicKey = nil },
		"with a custom client":   func(c *randomorg.Config) { c.HTTP = &http.Client{}; c.UserAgent = "tests" },
		"at localhost":           func(c *randomorg.Config) { c.URL = strings.Replace(c.URL, "127.0.0.1", "localhost", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			for _, userData := range []string{"", `a "commitment" <&> ` + strings.Repeat("é", 900)} {
				signed, err := newClient(t, s, change).Generate(t.Context(), userData)
				if err != nil {
					t.Fatal(err)
				}
				want := fmt.Sprintf("random.org/%d/%s", signed.SerialNumber, signed.Blob)
				if signed.SerialNumber < 6116 || len(signed.Blob) != 64 || signed.Seed() != entropy.Seed(want) {
					t.Errorf("got serial number %d, blob %s and seed %s; want a number from 6116, 64 digits and seed %s", signed.SerialNumber, signed.Blob, signed.Seed(), want)
				}
				if signed.UserData != userData || signed.License != "developer" || signed.Completed != "2021-03-15 13:51:32Z" {
					t.Errorf("got user data %q, license %q and time %q; want %q, developer and 2021-03-15 13:51:32Z", signed.UserData, signed.License, signed.Completed, userData)
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

// TestFaults checks that the client rejects invalid responses, and that the error contains
// the reason but not the API key.
func TestFaults(t *testing.T) {
	s := randomorgtest.New(t)
	for fault, want := range map[randomorgtest.Fault]struct {
		err  error
		says string
	}{
		randomorgtest.WrongMethod:    {randomorg.ErrResponse, "the method must be"},
		randomorgtest.WrongCount:     {randomorg.ErrResponse, "got 2 of 256 bits"},
		randomorgtest.TwoBlobs:       {randomorg.ErrResponse, "data must contain 1 blob, got 2"},
		randomorgtest.ShortBlob:      {randomorg.ErrResponse, "must be 64 lower-case hexadecimal digits"},
		randomorgtest.UpperCase:      {randomorg.ErrResponse, "must be 64 lower-case hexadecimal digits"},
		randomorgtest.NoSerial:       {randomorg.ErrResponse, "missing serial number"},
		randomorgtest.Pregenerated:   {randomorg.ErrResponse, "generated before the request"},
		randomorgtest.WrongAPIKey:    {randomorg.ErrResponse, "another API key"},
		randomorgtest.WrongUserData:  {randomorg.ErrResponse, "user data"},
		randomorgtest.NotBlobs:       {randomorg.ErrResponse, "does not contain a blob"},
		randomorgtest.WrongSignature: {randomorg.ErrSignature, "random-org-cert"},
		randomorgtest.UnknownKey:     {randomorg.ErrKey, "does not exist"},
		randomorgtest.StoppedKey:     {randomorg.ErrKey, "start it at"},
		randomorgtest.NoRequests:     {randomorg.ErrQuota, "wait until it is renewed"},
		randomorgtest.NoBits:         {randomorg.ErrQuota, "only has 10 left"},
		randomorgtest.InternalError:  {randomorg.ErrUnavailable, "code -32603"},
		randomorgtest.Repeating:      {randomorg.ErrUnavailable, "(API key)"},
		randomorgtest.WrongID:        {randomorg.ErrResponse, "did not respond to this"},
		randomorgtest.NoResult:       {randomorg.ErrResponse, "invalid result"},
		randomorgtest.Broken:         {randomorg.ErrUnavailable, "503 Service Unavailable"},
		randomorgtest.WebPage:        {randomorg.ErrResponse, "did not respond with valid JSON"},
		randomorgtest.Endless:        {randomorg.ErrUnavailable, "more than 65536 bytes"},
		randomorgtest.Redirecting:    {randomorg.ErrUnavailable, "307 Temporary Redirect"},
	} {
		s.Fail(fault)
		client := newClient(t, s, nil)
		before := s.Requests()
		signed, err := client.Generate(t.Context(), "commitment")
		if !errors.Is(err, want.err) || !strings.Contains(fmt.Sprint(err), want.says) {
			t.Errorf("fault %d: got error %v, want a %v that contains %q", fault, err, want.err, want.says)
		}
		if signed.Blob != "" {
			t.Errorf("fault %d: got blob %s, want none", fault, signed.Blob)
		}
		if got := s.Requests() - before; got != 1 {
			t.Errorf("fault %d: got %d calls, want 1", fault, got)
		}
		checkHidden(t, s.APIKey, err)
	}
}

// TestTimeout checks the error for a server that does not respond.
func TestTimeout(t *testing.T) {
	s := randomorgtest.Make(t)
	s.Fail(randomorgtest.Hanging)
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		_, err := newLocalClient(t, s, 50*time.Millisecond).Generate(t.Context(), "")
		if took := time.Since(begin); !errors.Is(err, randomorg.ErrUnavailable) || !strings.Contains(err.Error(), "no response within 50ms") || took != 50*time.Millisecond {
			t.Errorf("got error %v after %s, want an ErrUnavailable that contains \"no response within 50ms\" after 50ms", err, took)
		}
		checkHidden(t, s.APIKey, err)
	})
}

func TestRPCError(t *testing.T) {
	s := randomorgtest.New(t)
	s.Fail(randomorgtest.NoBits)
	_, err := newClient(t, s, nil).Generate(t.Context(), "")
	if e := (*randomorg.RPCError)(nil); !errors.As(err, &e) || e.Code != 403 {
		t.Errorf("got error %v, want an RPCError with code 403", err)
	}
	s.Fail(randomorgtest.None)
	_, err = newClient(t, s, func(c *randomorg.Config) { c.APIKey = "another-key" }).Generate(t.Context(), "")
	if !errors.Is(err, randomorg.ErrKey) {
		t.Errorf("got error %v, want ErrKey", err)
	}
	checkHidden(t, "another-key", err)
}

func TestGenerateErrors(t *testing.T) {
	s := randomorgtest.New(t)
	_, err := newClient(t, s, func(c *randomorg.Config) { c.APIKey = "" }).Generate(t.Context(), "")
	if !errors.Is(err, randomorg.ErrKey) || !strings.Contains(err.Error(), "dashboard") {
		t.Errorf("without a key: got error %v, want an ErrKey that contains the address of the dashboard", err)
	}
	_, err = newClient(t, s, nil).Generate(t.Context(), strings.Repeat("é", 1001))
	if err == nil || !strings.Contains(err.Error(), "at most 1000 characters, got 1001") {
		t.Errorf("too long user data: got error %v, want an error that contains the limit", err)
	}
	if s.Requests() != 0 {
		t.Errorf("got %d calls, want 0", s.Requests())
	}
}

// TestUnreachable checks that the error contains the address but not the API key, even if
// the transport's error contains the key.
func TestUnreachable(t *testing.T) {
	s := randomorgtest.New(t)
	gone := httptest.NewServer(nil)
	gone.Close()
	_, err := newClient(t, s, func(c *randomorg.Config) { c.URL = gone.URL }).Generate(t.Context(), "")
	if !errors.Is(err, randomorg.ErrUnavailable) || !strings.Contains(err.Error(), gone.URL) {
		t.Errorf("got error %v, want an ErrUnavailable that contains %s", err, gone.URL)
	}
	checkHidden(t, s.APIKey, err)
	leaking := roundTripper(func(*http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("cannot send %s", s.APIKey)
	})
	_, err = newClient(t, s, func(c *randomorg.Config) { c.HTTP = &http.Client{Transport: leaking} }).Generate(t.Context(), "")
	if !errors.Is(err, randomorg.ErrUnavailable) {
		t.Errorf("got error %v, want ErrUnavailable", err)
	}
	checkHidden(t, s.APIKey, err)
}

// roundTripper is a function that implements [http.RoundTripper].
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAddress(t *testing.T) {
	for _, address := range []string{
		"api.random.org", "ftp://api.random.org/", "http://api.random.org/json-rpc/4/invoke", "http://10.0.0.1/", "https://",
		"https://me:6e3b5b4f@api.random.org/", "https://api.random.org/?apiKey=6e3b5b4f", "https://a b/",
	} {
		_, err := randomorg.New(randomorg.Config{URL: address})
		if err == nil || !strings.Contains(err.Error(), "random-org-url") || strings.Contains(err.Error(), "6e3b5b4f") {
			t.Errorf("address %q: got error %v, want an error that contains random-org-url and no secrets", address, err)
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
		"authentic":    {},
		"another blob": {spoil: func(p *randomorg.Proof) { p.Random = strings.Replace(p.Random, `"data":["`, `"data":["0`, 1) }, want: randomorg.ErrSignature},
		"not JSON":     {spoil: func(p *randomorg.Proof) { p.Random = "{" }, want: randomorg.ErrSignature},
		"denied":       {fault: randomorgtest.NotAuthentic, want: randomorg.ErrSignature},
		"no verdict":   {fault: randomorgtest.NoVerdict, want: randomorg.ErrResponse},
		"unavailable":  {fault: randomorgtest.Broken, want: randomorg.ErrUnavailable},
	} {
		p := signed.Proof()
		if test.spoil != nil {
			test.spoil(&p)
		}
		s.Fail(test.fault)
		if err := client.VerifySignature(t.Context(), p); !errors.Is(err, test.want) {
			t.Errorf("%s: got error %v, want %v", name, err, test.want)
		}
	}
	s.Fail(randomorgtest.NotAuthentic)
	asking := newClient(t, s, func(c *randomorg.Config) { c.PublicKey = nil })
	if signed, err := asking.Generate(t.Context(), ""); !errors.Is(err, randomorg.ErrSignature) || signed.Blob != "" {
		t.Errorf("unauthentic signature: got blob %q and error %v, want no blob and ErrSignature", signed.Blob, err)
	}
}

// newLocalClient returns a client that calls s without a network, so it works in a synctest
// bubble.
func newLocalClient(t *testing.T, s *randomorgtest.Server, timeout time.Duration) *randomorg.Client {
	t.Helper()
	return newClient(t, s, func(c *randomorg.Config) {
		c.Timeout = timeout
		c.HTTP = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			recorder := httptest.NewRecorder()
			s.ServeHTTP(recorder, r)
			if err := r.Context().Err(); err != nil {
				return nil, err
			}
			return recorder.Result(), nil
		})}
	})
}

// TestAdvisoryDelay checks that the client waits for the advised delay, but at most a day,
// and that it stops waiting if the context is done.
func TestAdvisoryDelay(t *testing.T) {
	s := randomorgtest.Make(t)
	synctest.Test(t, func(t *testing.T) {
		client := newLocalClient(t, s, 0)
		begin := time.Now()
		for _, milliseconds := range []int{2310, -5, 0, 1 << 40} {
			s.Advise(milliseconds)
			if _, err := client.Generate(t.Context(), ""); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begin); took != 2310*time.Millisecond {
			t.Errorf("got four responses after %s, want 2.31s", took)
		}
		reason := errors.New("cancelled by the test")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, reason)
		defer cancel()
		before := s.Requests()
		if _, err := client.Generate(ctx, ""); !errors.Is(err, reason) || s.Requests() != before {
			t.Errorf("while waiting: got error %v, want the context's cause", err)
		}
		begin = time.Now()
		if _, err := client.Generate(t.Context(), ""); err != nil || time.Since(begin) > 24*time.Hour {
			t.Errorf("got error %v after %s, want no error and at most a day", err, time.Since(begin))
		}
	})
}

func TestCancelled(t *testing.T) {
	s := randomorgtest.Make(t)
	s.Fail(randomorgtest.Hanging)
	synctest.Test(t, func(t *testing.T) {
		reason := errors.New("cancelled by the test")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, reason)
		defer cancel()
		_, err := newLocalClient(t, s, 0).Generate(ctx, "")
		if !errors.Is(err, reason) || errors.Is(err, randomorg.ErrUnavailable) {
			t.Errorf("got error %v, want only the context's cause", err)
		}
		checkHidden(t, s.APIKey, err)
	})
}

// TestAPIKeyIsHidden checks that a key stays hidden if it is printed, logged or encoded.
func TestAPIKeyIsHidden(t *testing.T) {
	const key randomorg.APIKey = "6e3b5b4f"
	cfg := randomorg.Config{APIKey: key, PublicKey: (*rsa.PublicKey)(nil)}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("created", "key", key, "config", struct{ Key randomorg.APIKey }{key})
	data, err := json.Marshal(struct{ Key randomorg.APIKey }{key})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s %q", cfg, cfg, cfg, key, key), fmt.Sprintf("%#v", key), log.String(), string(data)} {
		if strings.Contains(text, string(key)) {
			t.Errorf("got %s, want no key in it", text)
		}
	}
}
