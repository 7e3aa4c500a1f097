package serve_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/servertest"
)

// TestTLS checks that a server uses HTTP/2 over TLS, with the certificate of an
// [httptest.Server], and tells browsers to use only HTTPS.
func TestTLS(t *testing.T) {
	other := httptest.NewTLSServer(http.NotFoundHandler())
	defer other.Close()
	pair := other.TLS.Certificates[0]
	secret, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	cfg, _ := servertest.Config(t, serve.Text)
	cfg.TLSCert, cfg.TLSKey = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for file, block := range map[string]*pem.Block{cfg.TLSCert: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]}, cfg.TLSKey: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg.HSTSMaxAge = 48 * time.Hour
	address, _ := serveUntilEnd(t, cfg)
	roots := x509.NewCertPool()
	roots.AddCert(other.Certificate())
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}}
	t.Cleanup(client.CloseIdleConnections)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+address+"/healthz", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if got := response.Header.Get("Strict-Transport-Security"); got != "max-age=172800; includeSubDomains" {
		t.Errorf("Strict-Transport-Security: got %q, want a max-age of 2 days", got)
	}
	if response.StatusCode != http.StatusOK || response.Proto != "HTTP/2.0" {
		t.Errorf("response: got %s over %s, want 200 OK over HTTP/2.0", response.Status, response.Proto)
	}
}

// TestServeWithoutCertificate checks the error for a certificate file that does not
// exist.
func TestServeWithoutCertificate(t *testing.T) {
	cfg, _ := servertest.Config(t, serve.Text)
	cfg.TLSCert, cfg.TLSKey = filepath.Join(t.TempDir(), "none.pem"), "key.pem"
	_, end := serveUntilEnd(t, cfg)
	if err := end(); err == nil || !strings.Contains(err.Error(), "none.pem") {
		t.Errorf("got error %v, want an error that names none.pem", err)
	}
}
