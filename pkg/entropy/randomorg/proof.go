package randomorg

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/excerpt"
)

// Name is the value of "source" in proofs from this package, and the first part of its
// seeds.
const Name = "random.org"

// SeedForm explains the format of a seed to readers of a proof. It contains only characters
// that all JSON encoders write alike.
const SeedForm = "random.org/{serial number}/{blob}, both as in random, the blob in lower-case hexadecimal"

var (
	// ErrSeed is wrapped by errors for seeds that are not in the format of this package.
	ErrSeed = errors.New("not a seed from random.org")
	// ErrProof is wrapped by errors for proofs that do not match their seed.
	ErrProof = errors.New("the proof does not match the seed")
)

// Proof proves the origin of a seed; see [Check]. It stores the signed object as a string,
// because the signature covers its exact bytes, and programs and databases may reformat
// objects.
type Proof struct {
	Source    string `json:"source"`    // always Name
	Random    string `json:"random"`    // JSON of the signed object
	Signature []byte `json:"signature"` // in base64
	SeedForm  string `json:"seed_form"` // for human readers
}

// Check verifies offline that a seed is the blob in its proof. If key is not nil, it also
// verifies the signature. Without that, anyone could have written the proof; see
// [Client.VerifySignature]. Errors wrap [ErrSeed], [ErrProof] or [ErrSignature].
func Check(seed entropy.Seed, p Proof, key *rsa.PublicKey) (Signed, error) {
	ref, err := ParseSeed(seed)
	if err != nil {
		return Signed{}, err
	}
	if p.Source != Name {
		return Signed{}, fmt.Errorf("%w: its source must be %s, got %q", ErrProof, Name, excerpt.Of(p.Source))
	}
	s, err := decodeSigned(jsontext.Value(p.Random), p.Signature)
	if err != nil {
		return Signed{}, fmt.Errorf("%w: %w", ErrProof, err)
	}
	switch {
	case s.SerialNumber != ref.SerialNumber:
		return Signed{}, fmt.Errorf("%w: the seed has serial number %d, but the proof has %d", ErrProof, ref.SerialNumber, s.SerialNumber)
	case s.Blob != ref.Blob:
		return Signed{}, fmt.Errorf("%w: the seed has blob %s, but the proof has %s", ErrProof, ref.Blob, s.Blob)
	}
	if key != nil {
		if err := s.Verify(key); err != nil {
			return Signed{}, err
		}
	}
	return s, nil
}

// Reference holds the parts of a seed from RANDOM.ORG.
type Reference struct {
	SerialNumber uint64
	Blob         string // 64 lower-case hexadecimal digits
}

// Seed returns the seed random.org/<serial number>/<blob>.
func (r Reference) Seed() entropy.Seed {
	return entropy.Seed(fmt.Sprintf("%s/%d/%s", Name, r.SerialNumber, r.Blob))
}

// ParseSeed parses a seed. It verifies nothing, and anyone can write such a string; see
// [Check]. Errors wrap [ErrSeed].
func ParseSeed(seed entropy.Seed) (Reference, error) {
	fields := strings.Split(string(seed), "/")
	if len(fields) == 3 {
		serial, err := strconv.ParseUint(fields[1], 10, 64)
		r := Reference{SerialNumber: serial, Blob: fields[2]}
		if err == nil && isBlob(r.Blob) && r.Seed() == seed {
			return r, nil
		}
	}
	return Reference{}, fmt.Errorf("%w: the format is %s", ErrSeed, SeedForm)
}
