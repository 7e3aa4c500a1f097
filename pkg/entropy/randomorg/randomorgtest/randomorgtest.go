// Package randomorgtest provides a RANDOM.ORG server for tests. It runs on this computer,
// signs and verifies blobs with its own key, and has optional faults.
//
//	server := randomorgtest.New(t)
//	client, err := randomorg.New(randomorg.Config{URL: server.URL, APIKey: server.APIKey, PublicKey: server.PublicKey()})
//
// A blob is the SHA-256 of its serial number.
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
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/entropy/randomorg"
)

// Fault is a kind of misbehaviour of the server.
type Fault int

// The faults. In the first group, the signature is valid but the signed object is wrong.
const (
	None          Fault = iota
	WrongMethod         // integers instead of blobs
	WrongCount          // n is 2
	TwoBlobs            // two blobs in data, although n is 1
	ShortBlob           // 128 bits
	UpperCase           // hexadecimal digits in upper case
	NoSerial            // the serial number is 0
	Pregenerated        // blob generated before the request
	WrongAPIKey         // for another API key
	WrongUserData       // user data that the client did not send
	NotBlobs            // data contains numbers

	WrongSignature // the signature of another object
	NotAuthentic   // verifySignature rejects every signature
	NoVerdict      // verifySignature returns an empty result

	UnknownKey    // error 400
	StoppedKey    // error 401
	NoRequests    // error 402
	NoBits        // error 403
	InternalError // error -32603
	Repeating     // error -32602 with a message that repeats the parameters, including the API key

	WrongID     // the response to another call
	NoResult    // neither a result nor an error
	Broken      // status 503
	WebPage     // HTML
	Endless     // a body of 1 MiB
	Redirecting // a redirect to the same address
	Hanging     // no response until the request is cancelled
)

// Server is a RANDOM.ORG server. It is safe for concurrent use.
type Server struct {
	URL    string           // empty if the server has no listener
	APIKey randomorg.APIKey // the only valid API key

	key  *rsa.PrivateKey
	cert []byte

	mu       sync.Mutex
	fault    Fault
	delay    int // advised delay in milliseconds
	serial   int // serial number before the first call
	requests int
}

// New returns a server that stops at the end of the test.
func New(t testing.TB) *Server {
	t.Helper()
	s := Make(t)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Make returns a server without a listener, to be used as an [http.Handler].
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

// PublicKey returns the public key of the server.
func (s *Server) PublicKey() *rsa.PublicKey { return &s.key.PublicKey }

// Certificate returns the certificate of the server's key in PEM.
func (s *Server) Certificate() []byte { return s.cert }

// Fail sets the fault of the server; [None] removes it.
func (s *Server) Fail(f Fault) { s.with(func() { s.fault = f }) }

// Advise sets the delay that the server advises, in milliseconds.
func (s *Server) Advise(milliseconds int) { s.with(func() { s.delay = milliseconds }) }

// Requests returns the number of calls so far.
func (s *Server) Requests() (n int) {
	s.with(func() { n = s.requests })
	return n
}

// with calls do while it holds the lock.
func (s *Server) with(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

// request is a JSON-RPC call to any method.
type request struct {
	Version    string         `json:"jsonrpc"`
	Method     string         `json:"method"`
	ID         jsontext.Value `json:"id"`
	Parameters struct {
		APIKey    string         `json:"apiKey"`
		N         int            `json:"n"`
		Size      int            `json:"size"`
		Format    string         `json:"format"`
		UserData  jsontext.Value `json:"userData"`
		Random    jsontext.Value `json:"random"`
		Signature []byte         `json:"signature"`
	} `json:"params"`
}

// ServeHTTP serves the methods generateSignedBlobs and verifySignature.
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
		fail(w, jsontext.Value("null"), -32600, "Invalid Request")
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

// serveFault serves fault f if it does not depend on the call. It reports whether it has
// served the request.
func serveFault(w http.ResponseWriter, r *http.Request, f Fault, body []byte) bool {
	id := jsontext.Value("1")
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
		_, parameters, _ := strings.Cut(string(body), `"params":`)
		fail(w, id, -32602, "Invalid params: "+strings.Repeat(parameters, 9))
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

// serveBlob serves a blob. Like some real responses, the signed object contains white
// space. It also contains characters that JSON encoders escape in different ways.
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

// pick returns a if first is true, and b otherwise.
func pick[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

// data returns the JSON of the member "data".
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

// sign returns the signature of a JSON value, over its bytes without white space.
func (s *Server) sign(text string) ([]byte, error) {
	return rsa.SignPKCS1v15(nil, s.key, crypto.SHA512, digestOf(jsontext.Value(text)))
}

// digestOf returns the SHA-512 of a JSON value without white space.
func digestOf(text jsontext.Value) []byte {
	compact := text.Clone()
	_ = compact.Compact() // on invalid JSON, compact is left unchanged
	sum := sha512.Sum512(compact)
	return sum[:]
}

// serveVerdict serves a call to verifySignature.
func (s *Server) serveVerdict(w http.ResponseWriter, call request, f Fault) {
	if f == NoVerdict {
		_, _ = fmt.Fprintf(w, `{"jsonrpc":"2.0","result":{},"id":%s}`, call.ID)
		return
	}
	digest := digestOf(call.Parameters.Random)
	authentic := f != NotAuthentic && rsa.VerifyPKCS1v15(&s.key.PublicKey, crypto.SHA512, digest, call.Parameters.Signature) == nil
	_, _ = fmt.Fprintf(w, `{"jsonrpc":"2.0","result":{"authenticity":%t},"id":%s}`, authentic, call.ID)
}

// fail serves a JSON-RPC error.
func fail(w http.ResponseWriter, id jsontext.Value, code int, message string) {
	_ = json.MarshalWrite(w, map[string]any{
		"jsonrpc": "2.0", "id": id, "error": map[string]any{"code": code, "message": message, "data": nil},
	})
}
