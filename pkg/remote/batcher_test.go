package remote_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
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
	"github.com/prizegen/prizegen/pkg/wire"
)

// gate holds requests until it is opened.
type gate struct {
	transport
	calls atomic.Int32
	open  chan struct{} // closed to open the gate
}

func (g *gate) RoundTrip(r *http.Request) (*http.Response, error) {
	g.calls.Add(1)
	<-g.open
	time.Sleep(time.Millisecond) // wait until all others wait
	return g.transport(r)
}

// TestSmallDrawsShareCalls checks that callers who each request a few draws at the same
// time share calls. The callers have different seeds, two formats and two sets of rules.
func TestSmallDrawsShareCalls(t *testing.T) {
	const callers = 60
	services := handler(t, summer)
	var rules []*prize.Rules
	for _, name := range prize.Builtins() {
		r, err := prize.Builtin(name)
		if err != nil {
			t.Fatal(err)
		}
		rules = append(rules, r)
	}
	synctest.Test(t, func(t *testing.T) {
		gate := &gate{transport: inProcess(services), open: make(chan struct{})}
		client := clientOver(time.Minute, gate.RoundTrip)
		var wg sync.WaitGroup
		for i := range callers {
			spec := draw.Spec{
				Seed: entropy.Seed(fmt.Sprint(i)), Start: uint64(i), Count: uint64(1 + i%3), Text: textFormat(t, []string{"lower4", "upper2"}[i%2]),
				Number: numberFormat(t, "digits4"), Rules: rules[i/2%2],
			}
			wg.Go(func() {
				if got, want := ndjson(t, client, spec), ndjson(t, draw.Local{}, spec); got != want {
					t.Errorf("caller %d: got draws %s, want %s", i, got, want)
				}
			})
		}
		synctest.Wait() // wait until the first calls are held and all others wait
		close(gate.open)
		wg.Wait()
		// Expect the calls that were held, then one for each format or set of rules, and
		// a few more for callers that arrived in between.
		if calls := gate.calls.Load(); calls > 3*callers/4 {
			t.Errorf("calls for the draws of %[2]d callers: got %[1]d, want at most %[3]d; without sharing there would be %[4]d", calls, callers, 3*callers/4, 3*callers)
		}
	})
}

func TestGivingUpDoesNotAffectOthers(t *testing.T) {
	services := handler(t, summer)
	synctest.Test(t, func(t *testing.T) {
		gate := &gate{transport: inProcess(services), open: make(chan struct{})}
		client := clientOver(time.Minute, gate.RoundTrip)
		f := textFormat(t, "lower4")
		ctx, cancel := context.WithCancelCause(t.Context())
		gone := errors.New("gone")
		var wg sync.WaitGroup
		for i := range 12 {
			r := entropy.Seed(fmt.Sprint(i)).Range(entropy.Text, 0, 1)
			wg.Go(func() {
				if i%4 == 3 {
					if _, err := client.Texts(ctx, nil, f, r); !errors.Is(err, gone) {
						t.Errorf("caller %d gave up: got error %v, want %v", i, err, gone)
					}
					return
				}
				got, err := client.Texts(t.Context(), nil, f, r)
				if want, _ := (draw.Local{}).Texts(t.Context(), nil, f, r); err != nil || !bytes.Equal(got, want) {
					t.Errorf("caller %d: got %s, error %v, want %s", i, got, err, want)
				}
			})
		}
		synctest.Wait()
		cancel(gone)
		synctest.Wait()
		close(gate.open)
		wg.Wait()
	})
}

// TestWaitingForOtherCallsTimesOut checks that a caller does not wait forever while a
// service that never responds occupies all concurrent calls.
func TestWaitingForOtherCallsTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := clientOver(time.Minute, noAnswer)
		call := func() error {
			_, err := client.Texts(t.Context(), nil, textFormat(t, "lower4"), entropy.Seed("42").Range(entropy.Text, 0, 1))
			return err
		}
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if err := call(); !errors.Is(err, wire.ErrUnavailable) {
					t.Errorf("call without a response: got error %v, want ErrUnavailable", err)
				}
			})
			synctest.Wait() // wait until its call is in flight
		}
		started := time.Now()
		var unavailable *remote.Unavailable
		if err := call(); !errors.As(err, &unavailable) || unavailable.Service != remote.Text || time.Since(started) != 2*time.Second {
			t.Errorf("waiting call: got error %v after %v, want the text service unavailable after 2s", err, time.Since(started))
		}
		wg.Wait()
	})
}

func TestPanicOfACallIsAnError(t *testing.T) {
	client := clientOver(time.Minute, func(*http.Request) (*http.Response, error) { panic("a bug") })
	_, err := client.Texts(t.Context(), nil, textFormat(t, "lower4"), entropy.Seed("42").Range(entropy.Text, 0, 1))
	if err == nil || !strings.Contains(err.Error(), "a bug") {
		t.Errorf("got error %v, want an error that contains %q", err, "a bug")
	}
}
