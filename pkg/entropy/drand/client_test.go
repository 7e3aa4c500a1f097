package drand_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prizegen/prizegen/pkg/entropy/drand"
	"github.com/prizegen/prizegen/pkg/entropy/drand/drandtest"
)

// newClient returns a client for a chain. The mirrors have the addresses http://a,
// http://b, and so on. The client uses no network, so it works in a synctest bubble.
func newClient(t *testing.T, c *drandtest.Chain, cfg drand.Config, mirrors ...http.Handler) *drand.Client {
	t.Helper()
	hosts := map[string]http.Handler{}
	for i, m := range mirrors {
		name := string(rune('a' + i))
		hosts[name] = m
		cfg.URLs = append(cfg.URLs, "http://"+name)
	}
	cfg.HTTP = &http.Client{Transport: drandtest.Transport(hosts)}
	cfg.Chain = c.Info().Hash
	client, err := drand.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// mirrorOf returns a mirror of c with a fault.
func mirrorOf(c *drandtest.Chain, f drandtest.Fault) *drandtest.Mirror {
	m := c.Unserved()
	m.Fail(f)
	return m
}

func TestRound(t *testing.T) {
	for _, scheme := range []string{drand.SchemeQuicknet, drand.SchemeChained} {
		c := drandtest.Make(t, drandtest.Config{Scheme: scheme})
		m := c.NewMirror(t)
		client, err := drand.New(drand.Config{URLs: []string{m.URL + "/"}, Chain: c.Info().Hash, Timeout: 10 * time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		r, err := client.Round(t.Context(), 3)
		if err != nil {
			t.Fatal(err)
		}
		if want := c.Round(3); r.Seed() != want.Seed() || r.Verify(c.Info()) != nil {
			t.Errorf("%s: got round %+v, want %+v", scheme, r, want)
		}
		if m.Requests() != 2 {
			t.Errorf("%s: got %d requests, want 2 (parameters and round)", scheme, m.Requests())
		}
	}
}

// TestFaults checks that the client rejects invalid responses, and that the error contains
// the reason, the mirror and the setting to change.
func TestFaults(t *testing.T) {
	for fault, want := range map[drandtest.Fault]string{
		drandtest.WrongKey:        "does not match the public key",
		drandtest.WrongNumber:     "it answered with round 2, want 3",
		drandtest.WrongRandomness: "not the SHA-256 of its signature",
		drandtest.Stale:           "it answered with round 1, want 3",
		drandtest.TooEarly:        "425 Too Early",
		drandtest.NotFound:        "404 Not Found",
		drandtest.Broken:          "500 Internal Server Error",
		drandtest.WebPage:         "a web page",
		drandtest.Garbage:         "not drand's JSON",
		drandtest.Endless:         "more than 65536 bytes",
		drandtest.CutOff:          "was cut off",
		drandtest.Redirecting:     "redirected more than 3 times",
	} {
		c := drandtest.New(t)
		client, err := drand.New(drand.Config{URLs: []string{c.URL}, Chain: c.Info().Hash, Timeout: 10 * time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Chain(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.Fail(fault)
		_, err = client.Round(t.Context(), 3)
		if !errors.Is(err, drand.ErrUnavailable) {
			t.Errorf("fault %d: got error %v, want ErrUnavailable", fault, err)
			continue
		}
		for _, part := range []string{want, c.URL + ":", "round 3 of chain " + c.Hash(), "drand-urls"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("fault %d: got error %v, want an error that contains %q", fault, err, part)
			}
		}
	}
}

// TestTimeout checks the error for a mirror that does not respond.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := drandtest.Make(t, drandtest.Config{})
		client := newClient(t, c, drand.Config{Timeout: 50 * time.Millisecond}, mirrorOf(c, drandtest.Hanging))
		begin := time.Now()
		_, err := client.Chain(t.Context())
		if took := time.Since(begin); !errors.Is(err, drand.ErrUnavailable) || !strings.Contains(err.Error(), "http://a: no response within 50ms") || took != 50*time.Millisecond {
			t.Errorf("got error %v after %s, want an ErrUnavailable that contains \"http://a: no response within 50ms\" after 50ms", err, took)
		}
	})
}

func TestParameters(t *testing.T) {
	for fault, want := range map[drandtest.Fault]string{
		drandtest.WrongChain:  "it answered with",
		drandtest.WrongKey:    "hash of the parameters is",
		drandtest.WrongScheme: "not supported",
		drandtest.WebPage:     "a web page",
	} {
		c := drandtest.New(t)
		client := newClient(t, c, drand.Config{}, mirrorOf(c, fault))
		for _, err := range []error{
			errorOf(client.Chain(t.Context())), errorOf(client.Round(t.Context(), 3)), errorOf(client.Next(t.Context())),
		} {
			if !errors.Is(err, drand.ErrUnavailable) || !strings.Contains(err.Error(), want) {
				t.Errorf("fault %d: got error %v, want an ErrUnavailable that contains %q", fault, err, want)
			}
		}
		// The client tries the second mirror, whose parameters match the hash.
		good := newClient(t, c, drand.Config{}, mirrorOf(c, fault), mirrorOf(c, drandtest.None))
		if info, err := good.Chain(t.Context()); err != nil || !info.Equal(c.Info()) {
			t.Errorf("fault %d of the first mirror: got chain %v and error %v, want %v", fault, info, err, c.Info())
		}
	}
	client, err := drand.New(drand.Config{HTTP: &http.Client{Transport: drandtest.Transport(nil)}})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := client.Chain(t.Context()); err != nil || !info.Equal(drand.Quicknet()) {
		t.Errorf("zero Config: got chain %v and error %v, want quicknet without a request", info, err)
	}
}

// errorOf returns the error from the results of a call.
func errorOf[T any](_ T, err error) error { return err }

func TestAddresses(t *testing.T) {
	for _, address := range []string{"", "api.drand.sh", "ftp://api.drand.sh", "https://", "file:///etc/passwd", "http://a b"} {
		if _, err := drand.New(drand.Config{URLs: []string{address}}); err == nil || !strings.Contains(err.Error(), "drand-urls") {
			t.Errorf("address %q: got error %v, want an error that contains drand-urls", address, err)
		}
	}
	if _, err := drand.New(drand.Config{URLs: drand.DefaultURLs()}); err != nil {
		t.Error(err)
	}
}

// TestAllDown checks that the error contains the errors of all mirrors in order, but no
// password.
func TestAllDown(t *testing.T) {
	c := drandtest.Make(t, drandtest.Config{})
	cfg := drand.Config{URLs: []string{"http://who:secret@z"}}
	client := newClient(t, c, cfg, mirrorOf(c, drandtest.Broken), mirrorOf(c, drandtest.WebPage))
	_, err := client.Round(t.Context(), 3)
	if err == nil {
		t.Fatal("got a round from broken mirrors, want an error")
	}
	text := err.Error()
	z, a, b := strings.Index(text, "@z: no such host"), strings.Index(text, "http://a: it answered 500"), strings.Index(text, "http://b: it answered with a web page")
	if z < 0 || a < z || b < a {
		t.Errorf("got error %q, want the errors of all three mirrors in order", text)
	}
	if strings.Contains(text, "secret") {
		t.Errorf("got error %q, want an error without the password", text)
	}
	if m := (*drand.MirrorError)(nil); !errors.As(err, &m) {
		t.Errorf("got error %v, want it to wrap a MirrorError", err)
	}
}

func TestSlowMirror(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := drandtest.Make(t, drandtest.Config{})
		begin := time.Now()
		slow := mirrorOf(c, drandtest.Hanging)
		client := newClient(t, c, drand.Config{}, slow, mirrorOf(c, drandtest.Hanging), mirrorOf(c, drandtest.None))
		if _, err := client.Chain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took != 2*time.Second {
			t.Errorf("got the chain after %s, want 2s (two head starts)", took)
		}
		if slow.Requests() != 1 {
			t.Errorf("got %d requests to the slow mirror, want 1", slow.Requests())
		}
	})
}

// TestFailingMirror checks that the next mirror is queried as soon as the first one fails.
func TestFailingMirror(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := drandtest.Make(t, drandtest.Config{})
		begin := time.Now()
		client := newClient(t, c, drand.Config{}, mirrorOf(c, drandtest.Broken), mirrorOf(c, drandtest.WrongKey), mirrorOf(c, drandtest.None))
		if _, err := client.Round(t.Context(), 5); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("got the round after %s, want no delay", took)
		}
	})
}

func TestCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := drandtest.Make(t, drandtest.Config{})
		reason := errors.New("cancelled by the test")
		client := newClient(t, c, drand.Config{}, mirrorOf(c, drandtest.Hanging))
		ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Second, reason)
		defer cancel()
		if _, err := client.Round(ctx, 3); !errors.Is(err, reason) || errors.Is(err, drand.ErrUnavailable) {
			t.Errorf("got error %v, want the context's cause", err)
		}

		good := newClient(t, c, drand.Config{}, mirrorOf(c, drandtest.None))
		waiting, cancel := context.WithTimeoutCause(t.Context(), 3*time.Second, reason)
		defer cancel()
		if _, err := good.Round(waiting, c.Newest()+100); !errors.Is(err, reason) {
			t.Errorf("while waiting: got error %v, want the context's cause", err)
		}
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		for range 50 { // either the request or the select may notice first
			if _, err := good.Round(cancelled, 3); !errors.Is(err, context.Canceled) || errors.Is(err, drand.ErrUnavailable) {
				t.Fatalf("got error %v, want the context's error", err)
			}
		}
	})
}
