package randomorg

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/prizegen/prizegen/pkg/entropy"
)

// ErrSignature is wrapped by every error about something that RANDOM.ORG has not
// signed.
var ErrSignature = errors.New("not signed by random.org")

// Signed is a blob as RANDOM.ORG has signed it.
type Signed struct {
	SerialNumber uint64 // of RANDOM.ORG's answer, from 1
	Blob         string // 64 lower-case hexadecimal digits
	Completed    string // when, as RANDOM.ORG writes it, for example 2021-03-15 13:51:32Z
	License      string // for example developer, which is not for real draws
	UserData     string // that was sent along, if it is a text

	random       json.RawMessage // exactly what is signed
	signature    []byte
	hashedAPIKey string
	hasUserData  bool
}

// object is what is signed, as far as it is of use here.
type object struct {
	Method       string          `json:"method"`
	HashedAPIKey string          `json:"hashedApiKey"`
	N            int             `json:"n"`
	Size         int             `json:"size"`
	Format       string          `json:"format"`
	Pregenerated json.RawMessage `json:"pregeneratedRandomization"`
	Data         []string        `json:"data"`
	License      struct {
		Type string `json:"type"`
	} `json:"license"`
	UserData     json.RawMessage `json:"userData"`
	Completed    string          `json:"completionTime"`
	SerialNumber uint64          `json:"serialNumber"`
}

// readSigned reads the object that is signed, which has to be of one blob of the
// right size that was made when it was asked for. Its errors wrap [ErrAnswer].
func readSigned(random json.RawMessage, signature []byte) (Signed, error) {
	text, err := compact(random)
	if err != nil {
		return Signed{}, fmt.Errorf("%w: what is signed can't be read: %w", ErrAnswer, err)
	}
	var o object
	if err := json.Unmarshal(text, &o); err != nil {
		return Signed{}, fmt.Errorf("%w: what is signed is not a blob's: %w", ErrAnswer, err)
	}
	if err := o.check(); err != nil {
		return Signed{}, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	s := Signed{
		SerialNumber: o.SerialNumber, Blob: o.Data[0], Completed: o.Completed, License: o.License.Type,
		random: text, signature: signature, hashedAPIKey: o.HashedAPIKey, hasUserData: !isNull(o.UserData),
	}
	if s.hasUserData {
		_ = json.Unmarshal(o.UserData, &s.UserData) // other things than texts may be sent
	}
	return s, nil
}

// check repeats nothing that is written in the object: whoever answers knows the
// API key, and errors never tell it.
func (o object) check() error {
	switch {
	case o.Method != "generateSignedBlobs":
		return errors.New("it is of another method than generateSignedBlobs")
	case o.N != 1 || o.Size != blobBits || o.Format != "hex":
		return fmt.Errorf("it has %d blobs of %d bits, expected 1 of %d in the format hex", o.N, o.Size, blobBits)
	case !isNull(o.Pregenerated):
		return errors.New("it was made beforehand (pregeneratedRandomization), so that it could be known, expected a new one")
	case len(o.Data) != 1:
		return fmt.Errorf("it has %d blobs in data, expected 1", len(o.Data))
	case !isBlob(o.Data[0]):
		return fmt.Errorf("the blob is not %d hexadecimal digits in lower case", blobBits/4)
	case o.SerialNumber == 0:
		return errors.New("it has no serial number")
	}
	return nil
}

func isNull(v json.RawMessage) bool { return len(v) == 0 || string(v) == "null" }

func isBlob(text string) bool {
	b, err := hex.DecodeString(text)
	return err == nil && len(b) == blobBits/8 && hex.EncodeToString(b) == text
}

// isAnswer says whether this is the answer to a call with a key and user data.
func (s Signed) isAnswer(key APIKey, userData string) error {
	switch {
	case s.hashedAPIKey != key.hash():
		return fmt.Errorf("%w: it is for another API key (hashedApiKey)", ErrAnswer)
	case s.UserData != userData || s.hasUserData != (userData != ""):
		return fmt.Errorf("%w: its user data are not those sent", ErrAnswer)
	}
	return nil
}

// Seed is the text random.org/<serial number>/<blob>.
func (s Signed) Seed() entropy.Seed {
	return Reference{SerialNumber: s.SerialNumber, Blob: s.Blob}.Seed()
}

// Proof is what others need to check the seed.
func (s Signed) Proof() Proof {
	return Proof{Source: Name, Random: string(s.random), Signature: s.signature, SeedForm: SeedForm}
}

// Verify says whether the owner of a key has signed the blob, by RSASSA-PKCS1-v1_5
// with SHA-512 (RFC 8017) over the object random without white space
// (https://api.random.org/signatures/manual). Its errors wrap [ErrSignature].
func (s Signed) Verify(key *rsa.PublicKey) error {
	digest := sha512.Sum512(s.random)
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA512, digest[:], s.signature); err != nil {
		return fmt.Errorf("%w: the signature of serial number %d is not one by the configured key (random-org-cert)", ErrSignature, s.SerialNumber)
	}
	return nil
}

// ParsePublicKey reads the key of RANDOM.ORG from a certificate, which is to be had
// from https://api.random.org/server.crt, or from a public key, either of them in
// PEM. Neither dates nor issuers are looked at: who configures a certificate relies
// on it.
func ParsePublicKey(text []byte) (*rsa.PublicKey, error) {
	key, err := parsePublicKey(text)
	if err != nil {
		return nil, fmt.Errorf("the certificate of random.org: %w; it is to be had from https://api.random.org/server.crt (random-org-cert)", err)
	}
	return key, nil
}

func parsePublicKey(text []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("it is not in PEM, which begins with -----BEGIN")
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
		return nil, fmt.Errorf("it is a %.40q, expected a CERTIFICATE or a PUBLIC KEY", block.Type)
	}
	key, ok := public.(*rsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("its key is %T, expected one of RSA", public)
	}
	if key.N.BitLen() < 2048 {
		return nil, fmt.Errorf("its key has %d bits, expected at least 2048", key.N.BitLen())
	}
	return key, nil
}
