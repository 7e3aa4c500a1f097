package serve_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prizegen/prizegen/serve"
)

// writePair writes a new certificate of this machine, with a name to know it by.
func writePair(t *testing.T, cert, key, name string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: raw}, key: {Type: "EC PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTLS serves HTTPS and HTTP/2, and takes up another certificate when its files
// change, unless they are broken.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writePair(t, cert, key, "first")
	cfg, book := defaultConfig(t, serve.Text)
	cfg.TLSCert, cfg.TLSKey = cert, key
	address, _ := serveUntilEnd(t, cfg)

	name := func() (who, protocol string) {
		client := &http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true, // it looks at the name itself
		}}
		defer client.CloseIdleConnections()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+address+"/healthz", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		return answer.TLS.PeerCertificates[0].Subject.CommonName, answer.Proto
	}
	becomes := func(want string) {
		t.Helper()
		for range 100 {
			if who, _ := name(); who == want {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Fatalf("the certificate never becomes that of %s", want)
	}
	if who, protocol := name(); who != "first" || protocol != "HTTP/2.0" {
		t.Errorf("%s by %s", who, protocol)
	}
	writePair(t, cert, key, "second")
	becomes("second")
	if err := os.WriteFile(cert, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		name()
		if strings.Contains(book.String(), "keep the old TLS certificate") {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if who, _ := name(); who != "second" || !strings.Contains(book.String(), "keep the old TLS certificate") {
		t.Errorf("a broken certificate leaves that of %s, and the log says\n%s", who, book)
	}
	writePair(t, cert, key, "third")
	becomes("third")

	cfg.TLSCert = filepath.Join(dir, "none.pem")
	_, end := serveUntilEnd(t, cfg)
	if err := end(); err == nil || !strings.Contains(err.Error(), "none.pem") {
		t.Errorf("without its certificate Serve gives %v", err)
	}
}
