package serve

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// deadlineCounter is a response writer that counts how often its deadline is extended.
type deadlineCounter struct {
	http.ResponseWriter
	n int
}

func (c *deadlineCounter) SetWriteDeadline(time.Time) error {
	c.n++
	return nil
}

// TestWriteExtendsDeadline writes a response in pieces. It checks that each piece gets its
// own time limit, so that exports of millions of draws can finish, but no client can keep a
// response open forever.
func TestWriteExtendsDeadline(t *testing.T) {
	c := &deadlineCounter{ResponseWriter: httptest.NewRecorder()}
	w := &responseRecorder{ResponseWriter: c}
	for range 3 {
		if _, err := w.Write([]byte("piece")); err != nil {
			t.Fatal(err)
		}
	}
	if want := 2; c.n != want { // once for each piece after the first
		t.Errorf("extensions of the deadline for three pieces: got %d, want %d", c.n, want)
	}
}
