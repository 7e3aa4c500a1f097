package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// tally counts requests and records their results.
type tally struct {
	requests atomic.Int64

	mu          sync.Mutex
	plays       *json.Encoder
	writeErr    error
	times       []time.Duration // durations of plays, including retries and pauses
	failedPlays int
	failedLooks int
	wrongs      int
	troubles    map[string]int // by route and reason: number of failed first attempts
}

// summary is the final report.
type summary struct {
	Seconds     float64        `json:"seconds"`
	Requests    int64          `json:"requests"`
	Plays       int            `json:"plays"`
	FailedPlays int            `json:"failed_plays"`
	FailedLooks int            `json:"failed_looks"`
	Wrong       int            `json:"wrong_answers"`
	FirstTries  int            `json:"first_tries_failed"`
	Troubles    map[string]int `json:"troubles"`
	P50         float64        `json:"p50_ms"`
	P95         float64        `json:"p95_ms"`
	P99         float64        `json:"p99_ms"`
	Longest     float64        `json:"longest_ms"`
}

// answered records a completed play.
func (t *tally) answered(p played, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.times = append(t.times, took)
	line := struct {
		played
		Answered time.Time `json:"answered"`
		Took     float64   `json:"took_ms"`
	}{p, time.Now().UTC(), float64(took.Microseconds()) / 1000}
	if err := t.plays.Encode(line); err != nil {
		t.writeErr = err
	}
}

// failed records a play or a page view that failed permanently.
func (t *tally) failed(what string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if what == "play" {
		t.failedPlays++
	} else {
		t.failedLooks++
	}
	fmt.Fprintf(os.Stderr, "load: %s: %s failed: %v\n", time.Now().UTC().Format(time.TimeOnly), what, err)
}

// wrong records a response that differs from an earlier one.
func (t *tally) wrong(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wrongs++
	fmt.Fprintln(os.Stderr, "load: wrong response:", err)
}

// firstTryFailed records a failed first attempt.
func (t *tally) firstTryFailed(route string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	reason := route + ": " + err.Error()
	t.troubles[reason[:min(len(reason), 160)]]++
}

func (t *tally) summary(took time.Duration) summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	slices.Sort(t.times)
	at := func(share float64) float64 {
		if len(t.times) == 0 {
			return 0
		}
		i := min(int(share*float64(len(t.times))), len(t.times)-1)
		return float64(t.times[i].Microseconds()) / 1000
	}
	s := summary{
		Seconds: took.Seconds(), Requests: t.requests.Load(), Plays: len(t.times),
		FailedPlays: t.failedPlays, FailedLooks: t.failedLooks, Wrong: t.wrongs, Troubles: t.troubles,
		P50: at(0.5), P95: at(0.95), P99: at(0.99), Longest: at(1),
	}
	for _, n := range t.troubles {
		s.FirstTries += n
	}
	return s
}
