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

// served is a client of a chain whose mirrors are called a, b, … and reached
// without a network, so that a bubble of synctest knows when everybody waits.
func served(t *testing.T, c *drandtest.Chain, cfg drand.Config, mirrors ...http.Handler) *drand.Client {
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

// mirrorOf makes a mirror without a server.
func mirrorOf(t *testing.T, c *drandtest.Chain, f drandtest.Fault) *drandtest.Mirror {
	t.Helper()
	m := c.Unserved()
	m.Fail(f)
	return m
}

func TestRound(t *testing.T) {
	for _, scheme := range []string{drand.SchemeQuicknet, drand.SchemeChained} {
		c := drandtest.Make(t, drandtest.Config{Scheme: scheme})
		m := c.NewMirror(t)
		client, err := drand.New(drand.Config{URLs: []string{m.URL + "/"}, Chain: c.Info().Hash})
		if err != nil {
			t.Fatal(err)
		}
		r, err := client.Round(t.Context(), 3)
		if err != nil {
			t.Fatal(err)
		}
		if want := c.Round(3); r.Seed() != want.Seed() || r.Verify(c.Info()) != nil {
			t.Errorf("%s: round %+v, want %+v", scheme, r, want)
		}
		if m.Requests() != 2 {
			t.Errorf("%s: %d requests, want 2: the parameters and the round", scheme, m.Requests())
		}
	}
}

// Nothing that a mirror answers is taken on trust, and whatever is wrong with it,
// the error says so, names the mirror and says what to do.
func TestFaults(t *testing.T) {
	for fault, want := range map[drandtest.Fault]string{
		drandtest.WrongKey:        "not one by the key of the chain",
		drandtest.WrongNumber:     "it answered with round 2, asked for 3",
		drandtest.WrongRandomness: "not the SHA-256 of its signature",
		drandtest.Stale:           "it answered with round 1, asked for 3",
		drandtest.TooEarly:        "425 Too Early",
		drandtest.NotFound:        "404 Not Found",
		drandtest.Broken:          "500 Internal Server Error",
		drandtest.WebPage:         "a web page",
		drandtest.Garbage:         "not drand's JSON",
		drandtest.Endless:         "more than 65536 bytes",
		drandtest.CutOff:          "broke off",
		drandtest.Redirecting:     "redirected more than 3 times",
		drandtest.Hanging:         "no answer within 50ms",
	} {
		timeout := time.Minute
		if fault == drandtest.Hanging {
			timeout = 50 * time.Millisecond
		}
		c := drandtest.New(t)
		client, err := drand.New(drand.Config{URLs: []string{c.URL}, Chain: c.Info().Hash, Timeout: timeout})
		if err != nil {
			t.Fatal(err)
		}
		for {
			if _, err := client.Chain(t.Context()); err == nil {
				break
			}
		}
		c.Fail(fault)
		_, err = client.Round(t.Context(), 3)
		if !errors.Is(err, drand.ErrUnavailable) {
			t.Errorf("fault %d: %v, want an error that wraps ErrUnavailable", fault, err)
			continue
		}
		for _, part := range []string{want, c.URL + ":", "round 3 of the chain " + c.Hash(), "drand-urls"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("fault %d: %v, want an error that says %q", fault, err, part)
			}
		}
	}
}

func TestParameters(t *testing.T) {
	for fault, want := range map[drandtest.Fault]string{
		drandtest.WrongChain:  "asked for",
		drandtest.WrongKey:    "parameters have the hash",
		drandtest.WrongScheme: "not supported",
		drandtest.WebPage:     "a web page",
	} {
		c := drandtest.New(t)
		client := served(t, c, drand.Config{}, mirrorOf(t, c, fault))
		for _, err := range []error{
			second(client.Chain(t.Context())), second(client.Round(t.Context(), 3)), second(client.Next(t.Context())),
		} {
			if !errors.Is(err, drand.ErrUnavailable) || !strings.Contains(err.Error(), want) {
				t.Errorf("fault %d: %v, want an error that wraps ErrUnavailable and says %q", fault, err, want)
			}
		}
		// Another mirror tells the truth, and is believed since the hash says so.
		good := served(t, c, drand.Config{}, mirrorOf(t, c, fault), mirrorOf(t, c, drandtest.None))
		if info, err := good.Chain(t.Context()); err != nil || !info.Equal(c.Info()) {
			t.Errorf("fault %d of the first mirror: %v, %v", fault, info, err)
		}
	}
	client, err := drand.New(drand.Config{HTTP: &http.Client{Transport: drandtest.Transport(nil)}})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := client.Chain(t.Context()); err != nil || !info.Equal(drand.Quicknet()) {
		t.Errorf("without a configuration the chain is %v, %v, want quicknet, asked from nobody", info, err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestAddresses(t *testing.T) {
	for _, address := range []string{"", "api.drand.sh", "ftp://api.drand.sh", "https://", "file:///etc/passwd", "http://a b"} {
		if _, err := drand.New(drand.Config{URLs: []string{address}}); err == nil || !strings.Contains(err.Error(), "drand-urls") {
			t.Errorf("the mirror %q is taken: %v", address, err)
		}
	}
	if _, err := drand.New(drand.Config{URLs: drand.DefaultURLs()}); err != nil {
		t.Error(err)
	}
}

// What became of every mirror is told, in their order, and no password with it.
func TestAllDown(t *testing.T) {
	c := drandtest.Make(t, drandtest.Config{})
	cfg := drand.Config{URLs: []string{"http://who:secret@z"}}
	client := served(t, c, cfg, mirrorOf(t, c, drandtest.Broken), mirrorOf(t, c, drandtest.WebPage))
	_, err := client.Round(t.Context(), 3)
	if err == nil {
		t.Fatal("a round came from nowhere")
	}
	text := err.Error()
	z, a, b := strings.Index(text, "@z: no such host"), strings.Index(text, "http://a: it answered 500"), strings.Index(text, "http://b: it answered with a web page")
	if z < 0 || a < z || b < a {
		t.Errorf("error %q, want all three mirrors in their order", text)
	}
	if strings.Contains(text, "secret") {
		t.Errorf("error %q tells a password", text)
	}
	if m := (*drand.MirrorError)(nil); !errors.As(err, &m) {
		t.Errorf("%v is of no MirrorError", err)
	}
}

func TestSlowMirror(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := drandtest.Make(t, drandtest.Config{})
		begin := time.Now()
		slow := mirrorOf(t, c, drandtest.Hanging)
		client := served(t, c, drand.Config{}, slow, mirrorOf(t, c, drandtest.Hanging), mirrorOf(t, c, drandtest.None))
		if _, err := client.Chain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took != 2*time.Second {
			t.Errorf("it took %s, want the head starts of two mirrors", took)
		}
		if slow.Requests() != 1 {
			t.Errorf("the slow mirror was asked %d times", slow.Requests())
		}
	})
}

// A mirror that fails hands over at once.
func TestFailingMirror(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := drandtest.Make(t, drandtest.Config{})
		begin := time.Now()
		client := served(t, c, drand.Config{}, mirrorOf(t, c, drandtest.Broken), mirrorOf(t, c, drandtest.WrongKey), mirrorOf(t, c, drandtest.None))
		if _, err := client.Round(t.Context(), 5); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("it took %s", took)
		}
	})
}

func TestCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := drandtest.Make(t, drandtest.Config{})
		reason := errors.New("enough of it")
		client := served(t, c, drand.Config{}, mirrorOf(t, c, drandtest.Hanging))
		ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Second, reason)
		defer cancel()
		if _, err := client.Round(ctx, 3); !errors.Is(err, reason) || errors.Is(err, drand.ErrUnavailable) {
			t.Errorf("error %v, want the reason why it was cancelled, and that alone", err)
		}

		fine := served(t, c, drand.Config{}, mirrorOf(t, c, drandtest.None))
		waiting, cancel := context.WithTimeoutCause(t.Context(), 3*time.Second, reason)
		defer cancel()
		if _, err := fine.Round(waiting, c.Newest()+100); !errors.Is(err, reason) {
			t.Errorf("error %v while waiting, want the reason why it was cancelled", err)
		}
		over, cancel := context.WithCancel(t.Context())
		cancel()
		for range 50 { // whatever is noticed first
			if _, err := fine.Round(over, 3); !errors.Is(err, context.Canceled) || errors.Is(err, drand.ErrUnavailable) {
				t.Fatalf("error %v, want that of the context, and that alone", err)
			}
		}
	})
}
