package serve

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// deadlineCounter is a response writer that counts how often its deadline was extended.
type deadlineCounter struct {
	http.ResponseWriter
	n int
}

func (c *deadlineCounter) SetWriteDeadline(time.Time) error {
	c.n++
	return nil
}

// TestWriteExtendsDeadline writes an answer in pieces, each of which has the time of a short
// answer. Exports of millions of draws are complete, but no client can hold a page forever.
func TestWriteExtendsDeadline(t *testing.T) {
	c := &deadlineCounter{ResponseWriter: httptest.NewRecorder()}
	w := &responseRecorder{ResponseWriter: c}
	for range 3 {
		if _, err := w.Write([]byte("piece")); err != nil {
			t.Fatal(err)
		}
	}
	if want := 2; c.n != want { // each piece after the first
		t.Errorf("got %d extensions of the deadline for three pieces, want %d", c.n, want)
	}
}
