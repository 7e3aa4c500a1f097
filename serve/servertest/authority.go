package servertest

import (
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
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/certs"
)

// Authority issues certificates for tests.
type Authority struct {
	File string // PEM file with its own certificate

	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewAuthority returns a new certificate authority.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{File: filepath.Join(t.TempDir(), "ca.pem"), key: newKey(t)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority for tests"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	text, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(text); err != nil {
		t.Fatal(err)
	}
	writePEM(t, a.File, "CERTIFICATE", text)
	return a
}

// Issue returns the files of a new certificate for name and for loopback addresses, which
// is valid until the given time.
func (a *Authority) Issue(t testing.TB, name string, until time.Time) certs.Files {
	t.Helper()
	folder, key := t.TempDir(), newKey(t)
	files := certs.Files{CA: a.File, Cert: filepath.Join(folder, name+".pem"), Key: filepath.Join(folder, name+"_key.pem")}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: until,
		DNSNames: []string{name, "localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	text, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, files.Cert, "CERTIFICATE", text)
	writePEM(t, files.Key, "EC PRIVATE KEY", secret)
	return files
}

// Identity returns an identity with a new, valid certificate for name.
func (a *Authority) Identity(t testing.TB, name string) *certs.Identity {
	t.Helper()
	return LoadIdentity(t, a.Issue(t, name, time.Now().Add(time.Hour)))
}

// LoadIdentity loads an identity from files.
func LoadIdentity(t testing.TB, files certs.Files) *certs.Identity {
	t.Helper()
	identity, err := certs.Load(files, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func writePEM(t testing.TB, file, kind string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
		t.Fatal(err)
	}
}
