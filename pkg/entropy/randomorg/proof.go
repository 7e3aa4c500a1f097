package randomorg

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/prizegen/prizegen/pkg/entropy"
)

// Name is the source that proofs of this package name, and what its seeds begin
// with.
const Name = "random.org"

// SeedForm says in a proof how the text of a seed is made. It has no characters
// that some encoders of JSON write in a way of their own.
const SeedForm = "random.org/{serial number}/{blob}, both as in random, the blob in lower-case hexadecimal"

var (
	// ErrSeed is wrapped by every error about a seed that is not of this package's
	// form.
	ErrSeed = errors.New("not a seed from random.org")
	// ErrProof is wrapped by every error about a proof that does not belong to its
	// seed.
	ErrProof = errors.New("the proof does not prove the seed")
)

// Proof is where a seed has come from, for anyone to check; see [Check]. What is
// signed is kept as a text within the JSON, not as an object, since the signature
// is over its very bytes and programs and databases write objects in their own
// ways.
type Proof struct {
	Source    string `json:"source"` // Name
	Random    string `json:"random"`
	Signature []byte `json:"signature"` // in base64
	SeedForm  string `json:"seed_form"` // for people
}

// Check says, without a network, whether a seed is the blob that its proof tells,
// and, where the key is not nil, whether the owner of the key has signed it. Without
// a key anyone can have written the proof, and [Client.VerifySignature] says whether
// it was RANDOM.ORG. Errors wrap [ErrSeed], [ErrProof] or [ErrSignature].
func Check(seed entropy.Seed, p Proof, key *rsa.PublicKey) (Signed, error) {
	ref, err := ParseSeed(seed)
	if err != nil {
		return Signed{}, err
	}
	if p.Source != Name {
		return Signed{}, fmt.Errorf("%w: its source is %.100q, expected %s", ErrProof, p.Source, Name)
	}
	s, err := readSigned([]byte(p.Random), p.Signature)
	if err != nil {
		return Signed{}, fmt.Errorf("%w: %w", ErrProof, err)
	}
	switch {
	case s.SerialNumber != ref.SerialNumber:
		return Signed{}, fmt.Errorf("%w: the seed has the serial number %d, the proof %d", ErrProof, ref.SerialNumber, s.SerialNumber)
	case s.Blob != ref.Blob:
		return Signed{}, fmt.Errorf("%w: the seed has the blob %s, the proof %s", ErrProof, ref.Blob, s.Blob)
	}
	if key != nil {
		if err := s.Verify(key); err != nil {
			return Signed{}, err
		}
	}
	return s, nil
}

// Reference is what the text of a seed says of its blob.
type Reference struct {
	SerialNumber uint64
	Blob         string // 64 lower-case hexadecimal digits
}

// Seed is the text of the reference.
func (r Reference) Seed() entropy.Seed {
	return entropy.Seed(fmt.Sprintf("%s/%d/%s", Name, r.SerialNumber, r.Blob))
}

// ParseSeed takes the text of a seed apart. It verifies nothing: anyone can write
// such a text, and [Check] says whether it is true. Its errors wrap [ErrSeed].
func ParseSeed(seed entropy.Seed) (Reference, error) {
	fields := strings.Split(string(seed), "/")
	if len(fields) == 3 {
		serial, err := strconv.ParseUint(fields[1], 10, 64)
		r := Reference{SerialNumber: serial, Blob: fields[2]}
		if err == nil && isBlob(r.Blob) && r.Seed() == seed {
			return r, nil
		}
	}
	return Reference{}, fmt.Errorf("%w: expected %s", ErrSeed, SeedForm)
}
