package site_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// statusRecorder is a response writer that sends the status to a channel as soon as it is
// written.
type statusRecorder struct {
	header http.Header
	status chan int
}

func (r *statusRecorder) Header() http.Header         { return r.header }
func (r *statusRecorder) Write(p []byte) (int, error) { return len(p), nil }
func (r *statusRecorder) WriteHeader(status int)      { r.status <- status }
func (r *statusRecorder) Flush()                      {}

// TestViewersFromOneAddress opens as many live pages from one address as are allowed. It
// checks that one more is refused, that pages from another address are not, and that
// another page can be opened after one is closed.
func TestViewersFromOneAddress(t *testing.T) {
	s := newServer(t)
	s.openCampaign(t, campaign.Plan{Name: "summer", Title: "Summer"})
	connect := func(address string) (status int, disconnect func()) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		request := httptest.NewRequestWithContext(ctx, http.MethodGet, "/c/summer/events", http.NoBody)
		request.RemoteAddr = address + ":1234"
		response := &statusRecorder{header: http.Header{}, status: make(chan int, 1)}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			s.Handler().ServeHTTP(response, request)
		}()
		disconnect = func() {
			cancel()
			<-ended
		}
		t.Cleanup(disconnect)
		return <-response.status, disconnect
	}
	const one, other = "192.0.2.1", "192.0.2.2"
	_, disconnectFirst := connect(one)
	for i := range 99 {
		if status, _ := connect(one); status != http.StatusOK {
			t.Fatalf("live page %d: got status %d, want 200", i+2, status)
		}
	}
	if status, _ := connect(one); status != http.StatusServiceUnavailable {
		t.Errorf("live page 101: got status %d, want 503", status)
	}
	if status, _ := connect(other); status != http.StatusOK {
		t.Errorf("another address: got status %d, want 200", status)
	}
	disconnectFirst()
	if status, _ := connect(one); status != http.StatusOK {
		t.Errorf("after a page was closed: got status %d, want 200", status)
	}
}
