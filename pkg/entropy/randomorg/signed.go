package randomorg

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/excerpt"
)

// ErrSignature is wrapped by errors for data without a valid signature by RANDOM.ORG.
var ErrSignature = errors.New("not signed by random.org")

// Signed is a blob that RANDOM.ORG has signed.
type Signed struct {
	SerialNumber uint64 // counted from 1
	Blob         string // 64 lower-case hexadecimal digits
	Completed    string // time of the result in RANDOM.ORG's format, for example 2021-03-15 13:51:32Z
	License      string // for example developer, which is not for real draws
	UserData     string // as sent with the request; empty if it is not a string

	random       jsontext.Value // the exact bytes that are signed
	signature    []byte
	hashedAPIKey string
	hasUserData  bool
}

// object holds the members of the signed object that this package uses.
type object struct {
	Method       string         `json:"method"`
	HashedAPIKey string         `json:"hashedApiKey"`
	N            int            `json:"n"`
	Size         int            `json:"size"`
	Format       string         `json:"format"`
	Pregenerated jsontext.Value `json:"pregeneratedRandomization"`
	Data         []string       `json:"data"`
	License      struct {
		Type string `json:"type"`
	} `json:"license"`
	UserData     jsontext.Value `json:"userData"`
	Completed    string         `json:"completionTime"`
	SerialNumber uint64         `json:"serialNumber"`
}

// decodeSigned decodes the signed object, which must contain one blob of the right size
// that was generated for this request. RANDOM.ORG signs the exact bytes of the object
// without white space. Errors wrap [ErrResponse].
func decodeSigned(random jsontext.Value, signature []byte) (Signed, error) {
	text := random.Clone()
	if err := text.Compact(); err != nil {
		return Signed{}, fmt.Errorf("%w: the signed object is not JSON", ErrResponse)
	}
	var o object
	if err := json.Unmarshal(text, &o); err != nil {
		return Signed{}, fmt.Errorf("%w: the signed object does not contain a blob: %w", ErrResponse, err)
	}
	if err := o.check(); err != nil {
		return Signed{}, fmt.Errorf("%w: %w", ErrResponse, err)
	}
	s := Signed{
		SerialNumber: o.SerialNumber, Blob: o.Data[0], Completed: o.Completed, License: o.License.Type,
		random: text, signature: signature, hashedAPIKey: o.HashedAPIKey, hasUserData: !isNull(o.UserData),
	}
	if s.hasUserData {
		_ = json.Unmarshal(o.UserData, &s.UserData) // any other type is ignored
	}
	return s, nil
}

// check returns an error if the object does not contain exactly one new blob. The error
// repeats no strings from the object, because they might contain the API key.
func (o object) check() error {
	switch {
	case o.Method != "generateSignedBlobs":
		return errors.New("the method must be generateSignedBlobs")
	case o.N != 1 || o.Size != blobBits || o.Format != "hex":
		return fmt.Errorf("it must contain 1 blob of %d bits in format hex, got %d of %d bits", blobBits, o.N, o.Size)
	case !isNull(o.Pregenerated):
		return errors.New("the blob was generated before the request (pregeneratedRandomization), so it may have been known")
	case len(o.Data) != 1:
		return fmt.Errorf("data must contain 1 blob, got %d", len(o.Data))
	case !isBlob(o.Data[0]):
		return fmt.Errorf("the blob must be %d lower-case hexadecimal digits", blobBits/4)
	case o.SerialNumber == 0:
		return errors.New("missing serial number")
	}
	return nil
}

// isNull reports whether a value is missing or null.
func isNull(v jsontext.Value) bool { return len(v) == 0 || v.Kind() == jsontext.KindNull }

// isBlob reports whether text is 256 bits in lower-case hexadecimal.
func isBlob(text string) bool {
	b, err := hex.DecodeString(text)
	return err == nil && len(b) == blobBits/8 && hex.EncodeToString(b) == text
}

// checkCall returns an error if s is not the result of a call with the given API key and
// user data.
func (s Signed) checkCall(key APIKey, userData string) error {
	switch {
	case s.hashedAPIKey != key.hash():
		return fmt.Errorf("%w: it is for another API key (hashedApiKey)", ErrResponse)
	case s.UserData != userData || s.hasUserData != (userData != ""):
		return fmt.Errorf("%w: its user data differs from the user data in the request", ErrResponse)
	}
	return nil
}

// Seed returns the seed random.org/<serial number>/<blob>.
func (s Signed) Seed() entropy.Seed {
	return Reference{SerialNumber: s.SerialNumber, Blob: s.Blob}.Seed()
}

// Proof returns the proof for the seed of s.
func (s Signed) Proof() Proof {
	return Proof{Source: Name, Random: string(s.random), Signature: s.signature, SeedForm: SeedForm}
}

// Verify returns an error that wraps [ErrSignature] if the signature is not valid for the
// key. The signature is RSASSA-PKCS1-v1_5 with SHA-512 (RFC 8017) over the object "random"
// without white space (https://api.random.org/signatures/manual).
func (s Signed) Verify(key *rsa.PublicKey) error {
	digest := sha512.Sum512(s.random)
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA512, digest[:], s.signature); err != nil {
		return fmt.Errorf("%w: the signature of serial number %d does not match the key; check random-org-cert", ErrSignature, s.SerialNumber)
	}
	return nil
}

// ParsePublicKey returns the RSA public key from a certificate or public key in PEM. It
// checks neither the validity period nor the issuer of a certificate. RANDOM.ORG's
// certificate is at https://api.random.org/server.crt.
func ParsePublicKey(text []byte) (*rsa.PublicKey, error) {
	key, err := parsePublicKey(text)
	if err != nil {
		return nil, fmt.Errorf("invalid certificate in random-org-cert: %w; download it from https://api.random.org/server.crt", err)
	}
	return key, nil
}

func parsePublicKey(text []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("it is not PEM, which begins with -----BEGIN")
	}
	var public any
	switch block.Type {
	case "CERTIFICATE":
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		public = certificate.PublicKey
	case "PUBLIC KEY":
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, err
		}
		public = key
	default:
		return nil, fmt.Errorf("it must be a CERTIFICATE or a PUBLIC KEY, got %q", excerpt.Of(block.Type))
	}
	key, ok := public.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("its key must be an RSA key, got %T", public)
	}
	if key.N.BitLen() < 2048 {
		return nil, fmt.Errorf("its key must have at least 2048 bits, got %d", key.N.BitLen())
	}
	return key, nil
}
