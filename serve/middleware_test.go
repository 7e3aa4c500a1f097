package serve

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// patient is an answer that counts how often it was given more time.
type patient struct {
	http.ResponseWriter
	times int
}

func (p *patient) SetWriteDeadline(time.Time) error {
	p.times++
	return nil
}

// TestLongAnswersMayTakeLong, each piece of them as long as a short one: an export of
// millions of draws is not cut off, and nobody holds a page for ever.
func TestLongAnswersMayTakeLong(t *testing.T) {
	p := &patient{ResponseWriter: httptest.NewRecorder()}
	w := &responseRecorder{ResponseWriter: p}
	for range 3 {
		if _, err := w.Write([]byte("piece")); err != nil {
			t.Fatal(err)
		}
	}
	if p.times != 2 {
		t.Errorf("three pieces were given more time %d times, want for each after the first", p.times)
	}
}
