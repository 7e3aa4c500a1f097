package remote_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prizegen/prizegen/pkg/remote"
)

// TestHealths checks the health of a text service that is up and of a number service that
// is down. The other parts are generated in this process.
func TestHealths(t *testing.T) {
	answer := inProcess(handler(t, summer))
	synctest.Test(t, func(t *testing.T) {
		client := clientOver(time.Minute, func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "number.test" {
				return nil, errors.New("connection refused")
			}
			time.Sleep(time.Millisecond)
			return answer(r)
		}, func(c *remote.Config) { c.Prize = nil })
		defer client.Close()
		var got []string
		for range 6 { // enough failures to open the circuit breaker of the number service
			got = nil
			for _, h := range client.Healths(t.Context()) {
				state := "down"
				if h.Ready {
					state = "ready"
				}
				got = append(got, h.Service+" "+state+" "+h.Implementation)
				switch {
				case h.Service == remote.Text && (h.Version != "1.2.3" || h.Milliseconds != 1 || h.Address != "http://text.test"):
					t.Errorf("text: got version %q, %v ms, address %q, want 1.2.3, 1 ms, http://text.test", h.Version, h.Milliseconds, h.Address)
				case h.Service == remote.Number && h.Reason == "":
					t.Error("number: got no reason, want one")
				}
			}
		}
		want := "core ready in this process, text ready upper2, number down , prize ready in this process"
		if text := strings.Join(got, ", "); text != want {
			t.Errorf("got  %s\nwant %s", text, want)
		}
		if number := client.Healths(t.Context())[2]; !number.Skipped {
			t.Error("number service after many failures: got it called, want it skipped")
		}
	})
}

func TestHealthWithoutAnAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		timeout time.Duration // of the caller
		want    string
	}{
		"of the caller": {300 * time.Millisecond, "no response within 300ms"},
		"of an attempt": {time.Minute, "no response within 100ms"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := clientOver(100*time.Millisecond, noAnswer)
				ctx, cancel := context.WithTimeout(t.Context(), test.timeout)
				defer cancel()
				if got := client.Healths(ctx)[1].Reason; got != test.want {
					t.Errorf("reason: got %q, want %q", got, test.want)
				}
			})
		})
	}
}
