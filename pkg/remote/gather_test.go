package remote_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
)

// held is a service that answers nothing until it is let go.
type held struct {
	http.Handler
	calls atomic.Int32
	room  chan struct{} // closed to let it go
}

func (h *held) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.calls.Add(1)
	<-h.room
	h.Handler.ServeHTTP(w, r)
}

// TestFewDrawsGoTogether has sixty callers at once ask for a draw or two each, of seeds
// of their own, in two formats and by two rules. They share calls, and each gets its own
// draws.
func TestFewDrawsGoTogether(t *testing.T) {
	const callers = 60
	services := &held{Handler: handler(t, summer), room: make(chan struct{})}
	client := newClient(t, services)
	var rules []*prize.Rules
	for _, name := range prize.Builtins() {
		r, err := prize.Builtin(name)
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, r)
	}
	var running sync.WaitGroup
	for i := range callers {
		spec := draw.Spec{
			Seed: entropy.Seed(fmt.Sprint(i)), Start: uint64(i), Count: uint64(1 + i%3), Text: textFormat(t, []string{"lower4", "upper2"}[i%2]),
			Number: numberFormat(t, "digits4"), Rules: rules[i/2%2],
		}
		running.Go(func() {
			if got, want := ndjson(t, client, spec), ndjson(t, draw.Local{}, spec); got != want {
				t.Errorf("caller %d gets %s, want %s", i, got, want)
			}
		})
	}
	for services.calls.Load() < 2 { // until the first ones are held, and the others wait
		time.Sleep(time.Millisecond)
	}
	time.Sleep(50 * time.Millisecond)
	close(services.room)
	running.Wait()
	// Two calls that were held, and for all others together a call for each format or
	// rules; a few more where they came in between.
	if calls := services.calls.Load(); calls > 3*callers/4 {
		t.Errorf("%d draws took %d calls, want far fewer than the %d of calls apart", callers, calls, 3*callers)
	}
}

// TestGivingUpLeavesTheOthers has one of those who share a call give up. The others get
// their texts.
func TestGivingUpLeavesTheOthers(t *testing.T) {
	services := &held{Handler: handler(t, summer), room: make(chan struct{})}
	client := newClient(t, services)
	f := textFormat(t, "lower4")
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	var running sync.WaitGroup
	for i := range 12 {
		r := entropy.Seed(fmt.Sprint(i)).Range(entropy.Text, 0, 1)
		running.Go(func() {
			if i%4 == 3 {
				if _, err := client.Texts(ctx, nil, f, r); !errors.Is(err, gone) {
					t.Errorf("who gave up gets %v", err)
				}
				return
			}
			got, err := client.Texts(t.Context(), nil, f, r)
			if want, _ := (draw.Local{}).Texts(t.Context(), nil, f, r); err != nil || !bytes.Equal(got, want) {
				t.Errorf("caller %d gets %s, %v, want %s", i, got, err, want)
			}
		})
	}
	for services.calls.Load() < 2 {
		time.Sleep(time.Millisecond)
	}
	cancel(gone)
	time.Sleep(10 * time.Millisecond)
	close(services.room)
	running.Wait()
}

// transport answers calls without a network.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func clientOver(timeout time.Duration, f transport) *remote.Client {
	return remote.New(remote.Config{Text: &url.URL{Scheme: "http", Host: "text.test"}, Timeout: timeout, Transport: f})
}

// TestNoTurn has a service that never answers hold up the calls there may be. Whoever
// comes then is told soon that the service is not available.
func TestNoTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := clientOver(time.Minute, func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		ask := func() error {
			_, err := client.Texts(t.Context(), nil, textFormat(t, "lower4"), entropy.Seed("42").Range(entropy.Text, 0, 1))
			return err
		}
		var running sync.WaitGroup
		for range 2 {
			running.Go(func() {
				if err := ask(); !errors.Is(err, remote.ErrUnavailable) {
					t.Errorf("a call that nobody answers: %v", err)
				}
			})
			synctest.Wait() // until its call is under way
		}
		started := time.Now()
		var lost *remote.Unavailable
		if err := ask(); !errors.As(err, &lost) || lost.Service != remote.Text || time.Since(started) != 2*time.Second {
			t.Errorf("after %v: %v", time.Since(started), err)
		}
		running.Wait()
	})
}

// TestPanicOfACall is told to who waits.
func TestPanicOfACall(t *testing.T) {
	client := clientOver(time.Minute, func(*http.Request) (*http.Response, error) { panic("a bug") })
	_, err := client.Texts(t.Context(), nil, textFormat(t, "lower4"), entropy.Seed("42").Range(entropy.Text, 0, 1))
	if err == nil || !strings.Contains(err.Error(), "a bug") {
		t.Errorf("the error is %v", err)
	}
}
