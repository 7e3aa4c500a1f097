package drandtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/entropy/drand"
)

// Fault is a kind of misbehaviour of a mirror.
type Fault int

// The faults.
const (
	None            Fault = iota
	WrongKey              // rounds are signed with another key
	WrongNumber           // the round has another number
	WrongRandomness       // the randomness is not the SHA-256 of the signature
	WrongChain            // the parameters belong to another chain
	WrongScheme           // the parameters have an unsupported scheme
	Stale                 // the newest round is old
	TooEarly              // status 425 for every round
	NotFound              // status 404 for every round
	Broken                // status 500
	WebPage               // HTML, like a captive portal
	Garbage               // incomplete JSON
	Endless               // a body of 1 MiB
	CutOff                // the connection is closed in the middle of the body
	Redirecting           // an endless redirect
	Hanging               // no response until the request is cancelled
)

// Mirror is one mirror of a chain. It is safe for concurrent use.
type Mirror struct {
	URL string // empty if the mirror has no server

	chain *Chain

	mu       sync.Mutex
	fault    Fault
	times    int // number of remaining requests that fail; negative means unlimited
	requests int
}

// NewMirror returns another mirror, with a server that stops at the end of the test.
func (c *Chain) NewMirror(t testing.TB) *Mirror {
	t.Helper()
	m := c.Unserved()
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	m.URL = server.URL
	return m
}

// Unserved returns another mirror without a server, for [Transport].
func (c *Chain) Unserved() *Mirror { return &Mirror{chain: c} }

// Fail sets the fault of the mirror; [None] removes it.
func (m *Mirror) Fail(f Fault) { m.FailTimes(f, -1) }

// FailTimes sets the fault of the mirror for the next requests, as many as given.
func (m *Mirror) FailTimes(f Fault, times int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault, m.times = f, times
}

// Requests returns the number of requests so far.
func (m *Mirror) Requests() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.requests
}

// nextFault counts a request and returns its fault.
func (m *Mirror) nextFault() Fault {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests++
	if m.times == 0 {
		return None
	}
	m.times--
	return m.fault
}

// ServeHTTP serves version 1 of drand's API: /<chain hash>/info, /<chain hash>/public/latest
// and /<chain hash>/public/<round>.
func (m *Mirror) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault := m.nextFault()
	if m.serveFault(w, r, fault) {
		return
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/"+m.chain.Hash()+"/")
	switch number := uint64(0); {
	case !ok:
		http.NotFound(w, r)
	case path == "info":
		m.serveInfo(w, fault)
	case path == "public/latest":
		m.serveRound(w, m.chain.Newest(), fault)
	default:
		if _, err := fmt.Sscanf(path, "public/%d", &number); err != nil || number == 0 {
			http.NotFound(w, r)
			return
		}
		m.serveRound(w, number, fault)
	}
}

// serveFault serves fault f if it does not depend on the path. It reports whether it has
// served the request.
func (m *Mirror) serveFault(w http.ResponseWriter, r *http.Request, f Fault) bool {
	switch f {
	case TooEarly:
		http.Error(w, "too early", http.StatusTooEarly)
	case NotFound:
		http.NotFound(w, r)
	case Broken:
		http.Error(w, "broken", http.StatusInternalServerError)
	case WebPage:
		_, _ = io.WriteString(w, "<!DOCTYPE html><title>Sign in</title>")
	case Garbage:
		_, _ = io.WriteString(w, `{"round":`)
	case Endless:
		_, _ = w.Write(bytes.Repeat([]byte(" "), 1<<20))
	case CutOff:
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "{")
	case Redirecting:
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	case Hanging:
		<-r.Context().Done()
	default:
		return false
	}
	return true
}

func (m *Mirror) serveInfo(w http.ResponseWriter, f Fault) {
	info := m.chain.info
	switch f {
	case WrongChain:
		info.BeaconID = "another"
		info.Hash = info.ComputeHash()
	case WrongKey:
		info.PublicKey = m.chain.wrongKey.public
	case WrongScheme:
		info.Scheme = "bls-bn254-unchained-on-g1"
	}
	serveJSON(w, info)
}

func (m *Mirror) serveRound(w http.ResponseWriter, number uint64, f Fault) {
	newest := m.chain.Newest()
	if number > newest {
		http.Error(w, "requested future beacon", http.StatusTooEarly)
		return
	}
	switch {
	case f == Stale && newest > 1:
		number = 1
	case f == WrongNumber && number > 1:
		number--
	case f == WrongNumber:
		number++
	}
	r := m.chain.Round(number)
	if f == WrongKey {
		r = m.chain.sign(number, r.Previous, m.chain.wrongKey)
	}
	randomness := r.Randomness()
	if f == WrongRandomness {
		randomness[0] ^= 1
	}
	serveJSON(w, struct {
		Round      uint64      `json:"round"`
		Randomness drand.Hash  `json:"randomness"`
		Signature  drand.Bytes `json:"signature"`
		Previous   drand.Bytes `json:"previous_signature,omitempty"`
	}{r.Number, randomness, r.Signature, r.Previous})
}

func serveJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.MarshalWrite(w, v)
}

// Transport returns a transport that calls the handler of a request's host directly,
// without a network. A mirror with the [Hanging] fault does not respond until the request
// is cancelled.
func Transport(hosts map[string]http.Handler) http.RoundTripper { return transport(hosts) }

type transport map[string]http.Handler

// RoundTrip implements [http.RoundTripper].
func (hosts transport) RoundTrip(r *http.Request) (*http.Response, error) {
	handler, ok := hosts[r.URL.Host]
	if !ok {
		return nil, errors.New("no such host")
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return recorder.Result(), nil
}
