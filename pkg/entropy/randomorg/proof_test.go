package randomorg_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/entropy/randomorg"
	"github.com/prizegen/prizegen/pkg/entropy/randomorg/randomorgtest"
)

// A proof survives what becomes of JSON on its way: white space, and programs that
// write < and & in another way.
func TestCheck(t *testing.T) {
	s := randomorgtest.New(t)
	signed, err := newClient(t, s, nil).Generate(t.Context(), "root <&>")
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.MarshalIndent(map[string]any{"draws": 3, "proof": signed.Proof()}, "", "    ")
	if err != nil {
		t.Fatal(err)
	}
	var read struct{ Proof json.RawMessage }
	if err := json.Unmarshal(data, &read); err != nil {
		t.Fatal(err)
	}
	data, err = json.Marshal(read)
	if err != nil {
		t.Fatal(err)
	}
	var again struct{ Proof randomorg.Proof }
	if err := json.Unmarshal(data, &again); err != nil {
		t.Fatal(err)
	}
	for _, key := range []*rsa.PublicKey{nil, s.PublicKey()} {
		got, err := randomorg.Check(signed.Seed(), again.Proof, key)
		if err != nil || got.Seed() != signed.Seed() || got.UserData != "root <&>" {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if err := newClient(t, s, nil).VerifySignature(t.Context(), again.Proof); err != nil {
		t.Error(err)
	}
}

func TestCheckRefuses(t *testing.T) {
	s := randomorgtest.New(t)
	client := newClient(t, s, nil)
	signed, err := client.Generate(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	other, err := client.Generate(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	stranger := randomorgtest.Make(t)
	sameSerial := randomorg.Reference{SerialNumber: signed.SerialNumber, Blob: other.Blob}.Seed()
	for name, test := range map[string]struct {
		seed  entropy.Seed
		key   *rsa.PublicKey
		spoil func(*randomorg.Proof)
		want  error
		says  string
	}{
		"another form":     {seed: "42", want: randomorg.ErrSeed, says: "random.org/{serial number}/{blob}"},
		"another seed":     {seed: other.Seed(), want: randomorg.ErrProof, says: "serial number"},
		"another blob":     {seed: sameSerial, want: randomorg.ErrProof, says: "the seed has the blob"},
		"another source":   {seed: signed.Seed(), spoil: func(p *randomorg.Proof) { p.Source = "drand" }, want: randomorg.ErrProof, says: `its source is "drand"`},
		"not JSON":         {seed: signed.Seed(), spoil: func(p *randomorg.Proof) { p.Random = "{" }, want: randomorg.ErrProof, says: "not JSON"},
		"nothing":          {seed: signed.Seed(), spoil: func(p *randomorg.Proof) { p.Random = "{}" }, want: randomorg.ErrProof, says: "another method"},
		"another's key":    {seed: signed.Seed(), key: stranger.PublicKey(), want: randomorg.ErrSignature, says: "random-org-cert"},
		"another time":     {seed: signed.Seed(), key: s.PublicKey(), spoil: func(p *randomorg.Proof) { p.Random = strings.Replace(p.Random, "2021", "2022", 1) }, want: randomorg.ErrSignature, says: "random-org-cert"},
		"no signature":     {seed: signed.Seed(), key: s.PublicKey(), spoil: func(p *randomorg.Proof) { p.Signature = nil }, want: randomorg.ErrSignature, says: "random-org-cert"},
		"a bit of it else": {seed: signed.Seed(), key: s.PublicKey(), spoil: func(p *randomorg.Proof) { p.Signature[9] ^= 1 }, want: randomorg.ErrSignature, says: "random-org-cert"},
	} {
		t.Run(name, func(t *testing.T) {
			p := signed.Proof()
			p.Signature = append([]byte(nil), p.Signature...)
			if test.spoil != nil {
				test.spoil(&p)
			}
			got, err := randomorg.Check(test.seed, p, test.key)
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v, want one that wraps %q and says %q", err, test.want, test.says)
			}
			if got.Blob != "" {
				t.Error("there is a blob all the same")
			}
		})
	}
}

func TestParseSeed(t *testing.T) {
	blob := strings.Repeat("0f", 32)
	ref, err := randomorg.ParseSeed(entropy.Seed("random.org/6116/" + blob))
	if err != nil || ref.SerialNumber != 6116 || ref.Blob != blob {
		t.Errorf("%+v, %v", ref, err)
	}
	for _, text := range []string{
		"", "random.org/6116", "drand/6116/" + blob, "random.org/06116/" + blob, "random.org/-1/" + blob, "random.org/x/" + blob,
		"random.org/6116/" + strings.ToUpper(blob), "random.org/6116/" + blob[2:], "random.org/6116/" + blob + "/", "random.org/6116/" + strings.Repeat("zz", 32),
	} {
		if ref, err := randomorg.ParseSeed(entropy.Seed(text)); !errors.Is(err, randomorg.ErrSeed) {
			t.Errorf("%q: %+v, %v, want an error that wraps ErrSeed", text, ref, err)
		}
	}
}

func TestParsePublicKey(t *testing.T) {
	s := randomorgtest.Make(t)
	der, err := x509.MarshalPKIXPublicKey(s.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	encode := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	for _, text := range [][]byte{s.Certificate(), encode("PUBLIC KEY", der)} {
		key, err := randomorg.ParsePublicKey(text)
		if err != nil || !key.Equal(s.PublicKey()) {
			t.Errorf("%s: %v, %v", text, key, err)
		}
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	curveDER, err := x509.MarshalPKIXPublicKey(&curve.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	shortDER, err := x509.MarshalPKIXPublicKey(&short.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for want, text := range map[string][]byte{
		"not in PEM":            []byte("<html>"),
		"malformed certificate": encode("CERTIFICATE", der[:20]),
		"asn1":                  encode("PUBLIC KEY", []byte("key")),
		"RSA PRIVATE KEY":       encode("RSA PRIVATE KEY", nil),
		"expected one of RSA":   encode("PUBLIC KEY", curveDER),
		"1024 bits":             encode("PUBLIC KEY", shortDER),
	} {
		if key, err := randomorg.ParsePublicKey(text); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "random-org-cert") {
			t.Errorf("%s: %v, %v, want an error that says %q", text, key, err, want)
		}
	}
}
