package randomorg_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/entropy/randomorg"
	"github.com/prizegen/prizegen/pkg/entropy/randomorg/randomorgtest"
)

// TestCheck checks a proof whose JSON another program has indented, and in which it has
// escaped < and &.
func TestCheck(t *testing.T) {
	s := randomorgtest.New(t)
	signed, err := newClient(t, s, nil).Generate(t.Context(), "root <&>")
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(map[string]any{"draws": 3, "proof": signed.Proof()}, jsontext.WithIndent("    "))
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Proof jsontext.Value `json:"proof"`
	}
	if err := json.Unmarshal(data, &read); err != nil {
		t.Fatal(err)
	}
	data, err = json.Marshal(read, jsontext.EscapeForHTML(true))
	if err != nil {
		t.Fatal(err)
	}
	var decoded struct {
		Proof randomorg.Proof `json:"proof"`
	}
	if err := json.Unmarshal(data, &decoded); err != nil {
		t.Fatal(err)
	}
	for _, key := range []*rsa.PublicKey{nil, s.PublicKey()} {
		got, err := randomorg.Check(signed.Seed(), decoded.Proof, key)
		if err != nil || got.Seed() != signed.Seed() || got.UserData != "root <&>" {
			t.Errorf("got seed %s and user data %q with error %v, want seed %s and user data %q", got.Seed(), got.UserData, err, signed.Seed(), "root <&>")
		}
	}
	if err := newClient(t, s, nil).VerifySignature(t.Context(), decoded.Proof); err != nil {
		t.Error(err)
	}
}

func TestCheckErrors(t *testing.T) {
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
	another := randomorgtest.Make(t)
	sameSerial := randomorg.Reference{SerialNumber: signed.SerialNumber, Blob: other.Blob}.Seed()
	for name, test := range map[string]struct {
		seed  entropy.Seed
		key   *rsa.PublicKey
		spoil func(*randomorg.Proof)
		want  error
		says  string
	}{
		"another form":         {seed: "42", want: randomorg.ErrSeed, says: "random.org/{serial number}/{blob}"},
		"another seed":         {seed: other.Seed(), want: randomorg.ErrProof, says: "serial number"},
		"another blob":         {seed: sameSerial, want: randomorg.ErrProof, says: "the seed has blob"},
		"another source":       {seed: signed.Seed(), spoil: func(p *randomorg.Proof) { p.Source = "drand" }, want: randomorg.ErrProof, says: `its source must be random.org, got "drand"`},
		"not JSON":             {seed: signed.Seed(), spoil: func(p *randomorg.Proof) { p.Random = "{" }, want: randomorg.ErrProof, says: "not JSON"},
		"empty object":         {seed: signed.Seed(), spoil: func(p *randomorg.Proof) { p.Random = "{}" }, want: randomorg.ErrProof, says: "the method must be"},
		"another server's key": {seed: signed.Seed(), key: another.PublicKey(), want: randomorg.ErrSignature, says: "random-org-cert"},
		"another time":         {seed: signed.Seed(), key: s.PublicKey(), spoil: func(p *randomorg.Proof) { p.Random = strings.Replace(p.Random, "2021", "2022", 1) }, want: randomorg.ErrSignature, says: "random-org-cert"},
		"no signature":         {seed: signed.Seed(), key: s.PublicKey(), spoil: func(p *randomorg.Proof) { p.Signature = nil }, want: randomorg.ErrSignature, says: "random-org-cert"},
		"a flipped bit":        {seed: signed.Seed(), key: s.PublicKey(), spoil: func(p *randomorg.Proof) { p.Signature[9] ^= 1 }, want: randomorg.ErrSignature, says: "random-org-cert"},
	} {
		t.Run(name, func(t *testing.T) {
			p := signed.Proof()
			p.Signature = append([]byte(nil), p.Signature...)
			if test.spoil != nil {
				test.spoil(&p)
			}
			got, err := randomorg.Check(test.seed, p, test.key)
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got error %v, want a %v that contains %q", err, test.want, test.says)
			}
			if got.Blob != "" {
				t.Errorf("got blob %s, want none", got.Blob)
			}
		})
	}
}

func TestParseSeed(t *testing.T) {
	blob := strings.Repeat("0f", 32)
	ref, err := randomorg.ParseSeed(entropy.Seed("random.org/6116/" + blob))
	if err != nil || ref.SerialNumber != 6116 || ref.Blob != blob {
		t.Errorf("got %+v with error %v, want serial number 6116 and blob %s", ref, err, blob)
	}
	for _, text := range []string{
		"", "random.org/6116", "drand/6116/" + blob, "random.org/06116/" + blob, "random.org/-1/" + blob, "random.org/x/" + blob,
		"random.org/6116/" + strings.ToUpper(blob), "random.org/6116/" + blob[2:], "random.org/6116/" + blob + "/", "random.org/6116/" + strings.Repeat("zz", 32),
	} {
		if ref, err := randomorg.ParseSeed(entropy.Seed(text)); !errors.Is(err, randomorg.ErrSeed) {
			t.Errorf("ParseSeed(%q) = %+v, %v, want ErrSeed", text, ref, err)
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
			t.Errorf("%s: got key %v with error %v, want %v", text, key, err, s.PublicKey())
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
		"not PEM":               []byte("<html>"),
		"malformed certificate": encode("CERTIFICATE", der[:20]),
		"asn1":                  encode("PUBLIC KEY", []byte("key")),
		"RSA PRIVATE KEY":       encode("RSA PRIVATE KEY", nil),
		"must be an RSA key":    encode("PUBLIC KEY", curveDER),
		"got 1024":              encode("PUBLIC KEY", shortDER),
	} {
		if key, err := randomorg.ParsePublicKey(text); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "random-org-cert") {
			t.Errorf("PEM block for %q: got key %v and error %v, want an error that contains %[1]q and random-org-cert", text, key, err, want)
		}
	}
}
