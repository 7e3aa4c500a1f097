package drandtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/prizegen/prizegen/pkg/entropy/drand"
)

// Fault is a way in which a mirror answers badly.
type Fault int

// The faults.
const (
	None            Fault = iota
	WrongKey              // rounds are signed by another key
	WrongNumber           // another round is answered than was asked for
	WrongRandomness       // the randomness is not the signature's
	WrongChain            // the parameters are those of another chain
	WrongScheme           // the parameters have a scheme that is not supported
	Stale                 // the newest round is an old one
	TooEarly              // every round is said not to be due: 425
	NotFound              // every round is said not to exist: 404
	Broken                // 500
	WebPage               // HTML, as a network's sign-in page
	Garbage               // JSON cut off in the middle
	Endless               // far more than any answer has
	CutOff                // the connection ends within the answer
	Redirecting           // redirected for ever
	Hanging               // no answer at all, until the asker gives up
)

// Mirror is one relay of a chain.
type Mirror struct {
	URL string // of its server

	chain *Chain

	mu       sync.Mutex
	fault    Fault
	times    int // that the fault is left to show; for ever below 0
	requests int
}

// NewMirror makes another mirror, with a server that ends with the test.
func (c *Chain) NewMirror(t testing.TB) *Mirror {
	t.Helper()
	m := c.Unserved()
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	m.URL = server.URL
	return m
}

// Unserved makes another mirror without a server, for [Transport].
func (c *Chain) Unserved() *Mirror { return &Mirror{chain: c} }

// Fail makes the mirror answer badly from now on.
func (m *Mirror) Fail(f Fault) { m.FailTimes(f, -1) }

// FailTimes makes the mirror answer the next requests badly, then well again.
func (m *Mirror) FailTimes(f Fault, times int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault, m.times = f, times
}

// Requests counts what the mirror was asked.
func (m *Mirror) Requests() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.requests
}

// next is the fault to show now.
func (m *Mirror) next() Fault {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests++
	if m.times == 0 {
		return None
	}
	m.times--
	return m.fault
}

// ServeHTTP answers as a relay of drand's first interface does: the paths are
// /<chain hash>/info, /<chain hash>/public/latest and /<chain hash>/public/<round>.
func (m *Mirror) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault := m.next()
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

// serveFault answers in the ways that have nothing to do with what is asked for.
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
	_ = json.NewEncoder(w).Encode(v)
}

// Transport answers requests without a network: each host by the mirror under its
// name. A mirror that hangs does so until the request is cancelled.
func Transport(hosts map[string]http.Handler) http.RoundTripper { return transport(hosts) }

type transport map[string]http.Handler

// RoundTrip implements [http.RoundTripper].
func (hosts transport) RoundTrip(r *http.Request) (*http.Response, error) {
	handler, ok := hosts[r.URL.Host]
	if !ok {
		return nil, errors.New("no such host")
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return answer.Result(), nil
}
