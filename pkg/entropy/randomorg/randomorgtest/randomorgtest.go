// Package randomorgtest is a RANDOM.ORG for tests: it generates and verifies signed
// blobs with a key of its own, on this computer, well or badly.
//
//	server := randomorgtest.New(t)
//	client, err := randomorg.New(randomorg.Config{URL: server.URL, APIKey: server.APIKey, PublicKey: server.PublicKey()})
//
// What it calls random is the SHA-256 of the serial number.
package randomorgtest

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/prizegen/prizegen/pkg/entropy/randomorg"
)

// Fault is a way in which the server answers badly.
type Fault int

// The faults. Those of the first group concern what is signed, and the signature is
// right for it.
const (
	None          Fault = iota
	WrongMethod         // integers instead of blobs
	WrongCount          // of two blobs
	TwoBlobs            // two in data, where one is announced
	ShortBlob           // of 128 bits
	UpperCase           // hexadecimal digits in upper case
	NoSerial            // no serial number
	Pregenerated        // made beforehand
	WrongAPIKey         // for another API key
	WrongUserData       // other user data than were sent
	NotBlobs            // of another type

	WrongSignature // over something else
	NotAuthentic   // verifySignature denies everything
	NoVerdict      // verifySignature answers nothing

	UnknownKey    // error 400
	StoppedKey    // error 401
	NoRequests    // error 402
	NoBits        // error 403
	InternalError // error -32603
	Repeating     // an error that repeats the whole call, API key and all

	WrongID     // the answer to another call
	NoResult    // neither a result nor an error
	Broken      // 503
	WebPage     // HTML
	Endless     // far more than any answer has
	Redirecting // to the same place
	Hanging     // no answer at all, until the asker gives up
)

// Server is a RANDOM.ORG.
type Server struct {
	URL    string
	APIKey randomorg.APIKey // the only one that is accepted

	key  *rsa.PrivateKey
	cert []byte

	mu       sync.Mutex
	fault    Fault
	delay    int // advised, in milliseconds
	serial   int // of the last blob
	requests int
}

// New makes a server that ends with the test, and its RSA key.
func New(t testing.TB) *Server {
	t.Helper()
	s := Make(t)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Make makes a server that is not served: it is an [http.Handler].
func Make(t testing.TB) *Server {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &Server{
		APIKey: "6e3b5b4f-0000-4000-8000-c0ffee123456", key: key, serial: 6115,
		cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
	}
}

// PublicKey is the key that the server signs with.
func (s *Server) PublicKey() *rsa.PublicKey { return &s.key.PublicKey }

// Certificate is the certificate of that key, in PEM.
func (s *Server) Certificate() []byte { return s.cert }

// Fail makes the server answer badly from now on.
func (s *Server) Fail(f Fault) { s.with(func() { s.fault = f }) }

// Advise makes the server advise a delay, in milliseconds, before the next call.
func (s *Server) Advise(milliseconds int) { s.with(func() { s.delay = milliseconds }) }

// Requests counts the calls so far.
func (s *Server) Requests() (n int) {
	s.with(func() { n = s.requests })
	return n
}

func (s *Server) with(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

// request is a JSON-RPC call of either method.
type request struct {
	Version    string          `json:"jsonrpc"`
	Method     string          `json:"method"`
	ID         json.RawMessage `json:"id"`
	Parameters struct {
		APIKey    string          `json:"apiKey"`
		N         int             `json:"n"`
		Size      int             `json:"size"`
		Format    string          `json:"format"`
		UserData  json.RawMessage `json:"userData"`
		Random    json.RawMessage `json:"random"`
		Signature []byte          `json:"signature"`
	} `json:"params"`
}

// ServeHTTP answers calls of generateSignedBlobs and verifySignature.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var fault Fault
	var serial, delay int
	s.with(func() {
		s.requests++
		fault, delay = s.fault, s.delay
		serial = s.serial + s.requests
	})
	body, _ := io.ReadAll(r.Body)
	if serveFault(w, r, fault, body) {
		return
	}
	var call request
	switch err := json.Unmarshal(body, &call); {
	case r.Method != http.MethodPost:
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	case r.Header.Get("Content-Type") != "application/json":
		http.Error(w, "unsupported media type", http.StatusUnsupportedMediaType)
	case err != nil || call.Version != "2.0" || len(call.ID) == 0:
		fail(w, json.RawMessage("null"), -32600, "Invalid Request")
	case call.Method == "verifySignature":
		s.serveVerdict(w, call, fault)
	case call.Method != "generateSignedBlobs":
		fail(w, call.ID, -32601, "Method not found")
	case call.Parameters.APIKey != string(s.APIKey):
		fail(w, call.ID, 400, "The API key you specified does not exist")
	case call.Parameters.N != 1 || call.Parameters.Size != 256 || call.Parameters.Format != "hex":
		fail(w, call.ID, -32602, "Invalid params")
	default:
		s.serveBlob(w, call, fault, serial, delay)
	}
}

// serveFault answers in the ways that have nothing to do with what is asked.
func serveFault(w http.ResponseWriter, r *http.Request, f Fault, body []byte) bool {
	id := json.RawMessage("1")
	switch f {
	case UnknownKey:
		fail(w, id, 400, "The API key you specified does not exist")
	case StoppedKey:
		fail(w, id, 401, "The API key you specified is not running")
	case NoRequests:
		fail(w, id, 402, "The operation requires 1 requests, but the API key only has 0 left")
	case NoBits:
		fail(w, id, 403, "The operation requires 256 bits, but the API key only has 10 left")
	case InternalError:
		fail(w, id, -32603, "Internal error")
	case Repeating:
		fail(w, id, -32600, "Invalid Request: "+strings.Repeat(string(body), 9))
	case WrongID:
		_, _ = io.WriteString(w, `{"jsonrpc":"2.0","result":{},"id":99}`)
	case NoResult:
		_, _ = io.WriteString(w, `{"jsonrpc":"2.0","id":1}`)
	case Broken:
		http.Error(w, "broken: "+string(body), http.StatusServiceUnavailable)
	case WebPage:
		_, _ = io.WriteString(w, "<!DOCTYPE html><title>Sign in</title>")
	case Endless:
		_, _ = w.Write(bytes.Repeat([]byte(" "), 1<<20))
	case Redirecting:
		http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
	case Hanging:
		<-r.Context().Done()
	default:
		return false
	}
	return true
}

// serveBlob writes what is signed with white space in it, as answers may have, and
// with what encoders like to write in another way.
func (s *Server) serveBlob(w http.ResponseWriter, call request, f Fault, serial, delay int) {
	userData := string(call.Parameters.UserData)
	if userData == "" || f == WrongUserData {
		userData = map[bool]string{false: "null", true: `{"not": "what was sent"}`}[f == WrongUserData]
	}
	sum := sha512.Sum512([]byte(call.Parameters.APIKey))
	text := fmt.Sprintf(`{ "method": %q, "hashedApiKey": %q, "n": %d, "size": 256, "format": "hex",
		"pregeneratedRandomization": %s, "data": %s,
		"license": {"type": "developer", "text": "for <testing> & development\/only", "infoUrl": null}, "licenseData": null,
		"userData": %s, "ticketData": null, "completionTime": "2021-03-15 13:51:32Z", "serialNumber": %d }`,
		pick(f == WrongMethod, "generateSignedIntegers", "generateSignedBlobs"),
		base64.StdEncoding.EncodeToString(sum[pick(f == WrongAPIKey, 1, 0):]), pick(f == WrongCount, 2, 1),
		pick(f == Pregenerated, `{"id": "beforehand"}`, "null"), data(f, serial), userData, pick(f == NoSerial, 0, serial))
	signed := text
	if f == WrongSignature {
		signed = `{}`
	}
	signature, err := s.sign(signed)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = fmt.Fprintf(w, `{"jsonrpc":"2.0","result":{"random":%s,"signature":%q,"cost":0,"bitsUsed":256,"bitsLeft":249744,"requestsLeft":999,"advisoryDelay":%d},"id":%s}`,
		text, base64.StdEncoding.EncodeToString(signature), delay, call.ID)
}

func pick[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

// data is the blobs of an answer.
func data(f Fault, serial int) string {
	blob := fmt.Sprintf("%x", sha256.Sum256(fmt.Append(nil, serial)))
	switch f {
	case NotBlobs:
		return "[3, 1, 4]"
	case TwoBlobs:
		return fmt.Sprintf("[%q, %q]", blob, blob)
	case ShortBlob:
		blob = blob[:32]
	case UpperCase:
		blob = strings.Repeat("AB", 32)
	}
	return fmt.Sprintf("[%q]", blob)
}

// sign signs a JSON text without its white space.
func (s *Server) sign(text string) ([]byte, error) {
	return rsa.SignPKCS1v15(nil, s.key, crypto.SHA512, digestOf([]byte(text)))
}

// digestOf is of what a JSON text is without its white space. What is not JSON is
// nothing.
func digestOf(text []byte) []byte {
	var compact bytes.Buffer
	_ = json.Compact(&compact, text)
	sum := sha512.Sum512(compact.Bytes())
	return sum[:]
}

func (s *Server) serveVerdict(w http.ResponseWriter, call request, f Fault) {
	if f == NoVerdict {
		_, _ = fmt.Fprintf(w, `{"jsonrpc":"2.0","result":{},"id":%s}`, call.ID)
		return
	}
	digest := digestOf(call.Parameters.Random)
	authentic := f != NotAuthentic && rsa.VerifyPKCS1v15(&s.key.PublicKey, crypto.SHA512, digest, call.Parameters.Signature) == nil
	_, _ = fmt.Fprintf(w, `{"jsonrpc":"2.0","result":{"authenticity":%t},"id":%s}`, authentic, call.ID)
}

func fail(w http.ResponseWriter, id json.RawMessage, code int, message string) {
	_ = json.NewEncoder(w).Encode(map[string]any{
		"jsonrpc": "2.0", "id": id, "error": map[string]any{"code": code, "message": message, "data": nil},
	})
}
