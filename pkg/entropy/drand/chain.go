package drand

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"
)

// The schemes that rounds may be signed by, as drand names them.
const (
	// SchemeQuicknet has keys of 96 bytes on G2 and signatures of 48 bytes on
	// G1. What is signed is the SHA-256 of the round number as 8 big-endian
	// bytes.
	SchemeQuicknet = "bls-unchained-g1-rfc9380"
	// SchemeChained has keys of 48 bytes on G1 and signatures of 96 bytes on G2.
	// What is signed is the SHA-256 of the previous round's signature followed by
	// the round number as 8 big-endian bytes.
	SchemeChained = "pedersen-bls-chained"
)

// ErrChain is wrapped by every error about the parameters of a chain.
var ErrChain = errors.New("not a drand chain to rely on")

// Chain is the parameters of a chain of rounds. Its hash is computed from the
// others (but for the scheme, which has to fit the length of the key), so whoever
// knows the hash can take the rest from anywhere; see [Chain.Validate]. In JSON it
// has the shape of drand's own /info answer.
type Chain struct {
	Hash      Hash
	PublicKey Bytes         // compressed point; its group depends on the scheme
	Period    time.Duration // between rounds: whole seconds
	Genesis   time.Time     // when round 1 was due: whole seconds
	Scheme    string        // one of the schemes above
	GroupHash Bytes         // of the group that made the key
	BeaconID  string        // for example quicknet
}

// Quicknet is the chain to use unless there is a reason for another one: a round
// every 3 seconds.
func Quicknet() Chain {
	return Chain{
		Hash: hash("52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"),
		PublicKey: digits("83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451" +
			"0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"),
		Period:    3 * time.Second,
		Genesis:   time.Unix(1692803367, 0).UTC(),
		Scheme:    SchemeQuicknet,
		GroupHash: digits("f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd448d4279af331c5d3e"),
		BeaconID:  "quicknet",
	}
}

// Default is drand's first chain, whose rounds are chained to one another: a
// round every 30 seconds.
func Default() Chain {
	return Chain{
		Hash:      hash("8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce"),
		PublicKey: digits("868f005eb8e6e4ca0a47c8a77ceaa5309a47978a7c71bc5cce96366b5d7a569937c529eeda66c7293784a9402801af31"),
		Period:    30 * time.Second,
		Genesis:   time.Unix(1595431050, 0).UTC(),
		Scheme:    SchemeChained,
		GroupHash: digits("176f93498eac9ca337150b46d21dd58673ea4e3581185f869672e59fa4cb390a"),
		BeaconID:  "default",
	}
}

// QuicknetT is the chain that drand tests its software with. It is not for real
// draws, and the mirrors of [DefaultURLs] do not have it.
func QuicknetT() Chain {
	return Chain{
		Hash: hash("cc9c398442737cbd141526600919edd69f1d6f9b4adb67e4d912fbc64341a9a5"),
		PublicKey: digits("b15b65b46fb29104f6a4b5d1e11a8da6344463973d423661bb0804846a0ecd1ef93c25057f1c0baab2ac53e56c662b66" +
			"072f6d84ee791a3382bfb055afab1e6a375538d8ffc451104ac971d2dc9b168e2d3246b0be2015969cbaac298f6502da"),
		Period:    3 * time.Second,
		Genesis:   time.Unix(1689232296, 0).UTC(),
		Scheme:    SchemeQuicknet,
		GroupHash: digits("40d49d910472d4adb1d67f65db8332f11b4284eecf05c05c5eacd5eef7d40e2d"),
		BeaconID:  "quicknet-t",
	}
}

// hash and digits read constants of this file, which the tests have parsed.
func hash(text string) Hash {
	h, _ := ParseHash(text)
	return h
}

func digits(text string) Bytes {
	var b Bytes
	_ = b.UnmarshalText([]byte(text))
	return b
}

// Known lists the chains whose parameters are part of this program.
func Known() []Chain { return []Chain{Quicknet(), Default(), QuicknetT()} }

// ParseChain reads what names a chain: the beacon ID of a known chain, for example
// quicknet, or the hash of any chain.
func ParseChain(text string) (Hash, error) {
	for _, c := range Known() {
		if c.BeaconID == text {
			return c.Hash, nil
		}
	}
	h, err := ParseHash(text)
	if err != nil {
		return Hash{}, fmt.Errorf("%w: %.100q is neither quicknet, default or quicknet-t nor the 64 hexadecimal digits of a chain hash", ErrChain, text)
	}
	return h, nil
}

// known finds the chain of a hash among the known ones.
func known(h Hash) (Chain, bool) {
	for _, c := range Known() {
		if c.Hash == h {
			return c, true
		}
	}
	return Chain{}, false
}

// ComputeHash is the SHA-256 of the period in seconds as 4 big-endian bytes, the
// genesis as 8 bytes of Unix seconds, the public key, the group hash, and the
// beacon ID unless it is "default" (drand's chain.Info.Hash). It is the name of a
// chain that these are the parameters of.
func (c Chain) ComputeHash() Hash {
	b := binary.BigEndian.AppendUint32(nil, uint32(c.Period/time.Second))
	b = binary.BigEndian.AppendUint64(b, uint64(c.Genesis.Unix()))
	b = append(append(b, c.PublicKey...), c.GroupHash...)
	if c.BeaconID != "default" {
		b = append(b, c.BeaconID...)
	}
	return sha256.Sum256(b)
}

// Validate says whether the parameters are whole and have the hash they claim. Its
// errors wrap [ErrChain].
func (c Chain) Validate() error {
	_, err := c.validate()
	return err
}

// validate does the same and gives the chain's scheme.
func (c Chain) validate() (scheme, error) {
	seconds := c.Period / time.Second
	switch {
	case seconds < 1 || seconds > math.MaxUint32 || c.Period%time.Second != 0:
		return scheme{}, fmt.Errorf("%w: %s has a period of %s, expected whole seconds", ErrChain, c.Hash, c.Period)
	case c.Genesis.Nanosecond() != 0 || c.Genesis.Unix() < 0:
		return scheme{}, fmt.Errorf("%w: %s begins at %s, expected a whole second since 1970", ErrChain, c.Hash, c.Genesis)
	case c.ComputeHash() != c.Hash:
		return scheme{}, fmt.Errorf("%w: it is said to be %s, but its parameters have the hash %s", ErrChain, c.Hash, c.ComputeHash())
	}
	s, err := schemeOf(c)
	if err != nil {
		return scheme{}, err
	}
	return s, s.checkKey(c)
}

// RoundAt is the number of the newest round that is due at a time, 0 before the
// genesis.
func (c Chain) RoundAt(t time.Time) uint64 {
	since := t.Unix() - c.Genesis.Unix()
	if since < 0 {
		return 0
	}
	return uint64(since)/c.seconds() + 1
}

// TimeOf is when a round is due. Rounds that no clock will reach are due at the
// end of the year 9999, and round 0, which does not exist, at the genesis.
func (c Chain) TimeOf(round uint64) time.Time {
	end := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	if round == 0 {
		return c.Genesis
	}
	if round-1 >= uint64(end.Unix()-c.Genesis.Unix())/c.seconds() {
		return end
	}
	return time.Unix(c.Genesis.Unix()+int64((round-1)*c.seconds()), 0).UTC()
}

func (c Chain) seconds() uint64 { return uint64(c.Period / time.Second) }

// slack is how late a published round may be: mirrors keep answers for a while,
// clocks are not exact, and the signers need their time.
func (c Chain) slack() time.Duration { return max(3*c.Period, 30*time.Second) }

// chainInfo is drand's /info answer.
type chainInfo struct {
	PublicKey Bytes    `json:"public_key"`
	Period    uint32   `json:"period"`
	Genesis   int64    `json:"genesis_time"`
	Hash      Hash     `json:"hash"`
	GroupHash Bytes    `json:"groupHash"`
	Scheme    string   `json:"schemeID"`
	Metadata  metadata `json:"metadata"`
}

type metadata struct {
	BeaconID string `json:"beaconID"`
}

// MarshalJSON writes the chain in the shape of drand's /info answer.
func (c Chain) MarshalJSON() ([]byte, error) {
	return json.Marshal(chainInfo{
		PublicKey: c.PublicKey, Period: uint32(c.seconds()), Genesis: c.Genesis.Unix(), Hash: c.Hash,
		GroupHash: c.GroupHash, Scheme: c.Scheme, Metadata: metadata{BeaconID: c.BeaconID},
	})
}

// UnmarshalJSON reads the shape of drand's /info answer. It does not validate it.
func (c *Chain) UnmarshalJSON(data []byte) error {
	var info chainInfo
	if err := json.Unmarshal(data, &info); err != nil {
		return fmt.Errorf("the parameters of a drand chain: %w", err)
	}
	*c = Chain{
		Hash: info.Hash, PublicKey: info.PublicKey, Period: time.Duration(info.Period) * time.Second,
		Genesis: time.Unix(info.Genesis, 0).UTC(), Scheme: info.Scheme, GroupHash: info.GroupHash,
		BeaconID: info.Metadata.BeaconID,
	}
	if c.BeaconID == "" { // as the oldest relays answer
		c.BeaconID = "default"
	}
	return nil
}

// Equal says whether two chains have the same parameters.
func (c Chain) Equal(other Chain) bool {
	return c.Hash == other.Hash && c.Period == other.Period && c.Genesis.Equal(other.Genesis) && c.Scheme == other.Scheme &&
		c.BeaconID == other.BeaconID && bytes.Equal(c.PublicKey, other.PublicKey) && bytes.Equal(c.GroupHash, other.GroupHash)
}
