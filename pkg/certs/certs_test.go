package certs

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// writeKeyPair writes a new certificate with the given name for this machine. It sets the
// modification time of the files to at, because files written in quick succession may
// have the same time.
func writeKeyPair(t *testing.T, cert, key, name string, at time.Time) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(at.UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: at.Add(-time.Hour), NotAfter: at.Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}), at)
	writeFile(t, key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret}), at)
}

func writeFile(t *testing.T, name string, content []byte, at time.Time) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(name, at, at); err != nil {
		t.Fatal(err)
	}
}

// TestKeyPairReadsChangedFiles checks that changed files are read again, and that the old
// certificate stays in use while the files are invalid.
func TestKeyPairReadsChangedFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
		var log bytes.Buffer
		writeKeyPair(t, cert, key, "first", time.Now())
		pair, err := Load(Files{Cert: cert, Key: key}, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		check := func(want string) {
			t.Helper()
			if got := pair.get().pair.Leaf.Subject.CommonName; got != want {
				t.Errorf("certificate name: got %s, want %s", got, want)
			}
		}
		check("first")
		writeKeyPair(t, cert, key, "second", time.Now().Add(time.Second))
		check("first") // the files are not checked on every connection
		time.Sleep(checkInterval)
		check("second")
		writeFile(t, cert, []byte("broken"), time.Now().Add(time.Second))
		for range 2 {
			time.Sleep(checkInterval)
			check("second")
		}
		if got := strings.Count(log.String(), "keeping the old TLS certificate"); got != 1 {
			t.Errorf("log lines about the invalid certificate: got %d, want 1:\n%s", got, &log)
		}
		writeKeyPair(t, cert, key, "third", time.Now().Add(time.Second))
		time.Sleep(checkInterval)
		check("third")
	})
}
