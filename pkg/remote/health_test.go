package remote_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/remote"
)

// TestHealths asks a service that is well, one that is gone, and parts that are made
// in this process.
func TestHealths(t *testing.T) {
	up := httptest.NewServer(handler(t, summer))
	defer up.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	client := remote.New(remote.Config{Text: address(t, up.URL), Number: address(t, gone.URL)})
	defer client.Close()
	var got []string
	for range 6 { // which is enough for the number service to be spared
		got = nil
		for _, h := range client.Healths(t.Context()) {
			state := "down"
			if h.Ready {
				state = "ready"
			}
			got = append(got, h.Service+" "+state+" "+h.Implementation)
			switch {
			case h.Service == remote.Text && (h.Version != "1" || h.Milliseconds <= 0 || h.Address != up.URL):
				t.Errorf("text: %+v", h)
			case h.Service == remote.Number && h.Reason == "":
				t.Errorf("number: no reason in %+v", h)
			}
		}
	}
	want := "core ready in this process, text ready upper2, number down , prize ready in this process"
	if text := strings.Join(got, ", "); text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	if number := client.Healths(t.Context())[2]; !number.Spared {
		t.Errorf("after many failures it is still asked: %+v", number)
	}
}

// TestNoAnswer asks a service that does not answer: it is told how long it was waited for.
func TestNoAnswer(t *testing.T) {
	done := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-done }))
	defer slow.Close()
	defer close(done)
	client := remote.New(remote.Config{Text: address(t, slow.URL), Timeout: 100 * time.Millisecond})
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	text := client.Healths(ctx)[1]
	if !regexp.MustCompile(`^no answer within [0-9.]+m?s$`).MatchString(text.Reason) {
		t.Errorf("the reason is %q", text.Reason)
	}
}

func address(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
