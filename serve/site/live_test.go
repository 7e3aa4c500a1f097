package site_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// TestLivePagesOfOne has one address open as many live pages as it may: others still
// get theirs, and so does it once one is closed.
func TestLivePagesOfOne(t *testing.T) {
	h := build(t)
	h.open(t, campaign.Plan{Name: "summer", Title: "Summer"})
	watch := func(v *visitor) (status int, closePage func()) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+"/c/summer/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := v.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		closePage = func() { _ = answer.Body.Close() }
		t.Cleanup(closePage)
		return answer.StatusCode, closePage
	}
	one, other := h.visitor(t).from("127.0.0.2"), h.visitor(t).from("127.0.0.3")
	_, closeFirst := watch(one)
	for i := range 99 {
		if status, _ := watch(one); status != http.StatusOK {
			t.Fatalf("live page %d: %d", i+1, status)
		}
	}
	if status, _ := watch(one); status != http.StatusServiceUnavailable {
		t.Errorf("one page too many: %d", status)
	}
	if status, _ := watch(other); status != http.StatusOK {
		t.Errorf("somebody else: %d", status)
	}
	closeFirst()
	for range 300 { // the server sees it when it has something to tell
		if status, _ := watch(one); status == http.StatusOK {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("there is no room again after a page was closed")
}
