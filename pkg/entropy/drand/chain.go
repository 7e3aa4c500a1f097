package drand

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/excerpt"
)

// The supported signature schemes, with the names that drand uses.
const (
	// SchemeQuicknet has keys of 96 bytes on G2 and signatures of 48 bytes on G1. The
	// message is the SHA-256 of the round number as 8 big-endian bytes.
	SchemeQuicknet = "bls-unchained-g1-rfc9380"
	// SchemeChained has keys of 48 bytes on G1 and signatures of 96 bytes on G2. The
	// message is the SHA-256 of the signature of the previous round followed by the
	// round number as 8 big-endian bytes.
	SchemeChained = "pedersen-bls-chained"
)

// ErrChain is wrapped by errors for invalid or untrusted parameters of a chain.
var ErrChain = errors.New("not a trusted drand chain")

// Chain holds the parameters of a drand chain. The hash covers all other parameters
// except the scheme, which must match the length of the key. If you know the hash, you
// can therefore take the other parameters from any source; see [Chain.Validate]. In JSON, a
// chain has the format of drand's /info endpoint.
type Chain struct {
	Hash      Hash
	PublicKey Bytes         // compressed point on G1 or G2, depending on the scheme
	Period    time.Duration // from one round to the next; a whole number of seconds
	Genesis   time.Time     // time when round 1 was due; a whole second
	Scheme    string        // SchemeQuicknet or SchemeChained
	GroupHash Bytes         // hash of the group that generated the key
	BeaconID  string        // for example quicknet
}

// Quicknet returns the recommended chain, which publishes a round every 3 seconds.
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

// Default returns drand's first chain, which publishes a round every 30 seconds. It uses
// [SchemeChained].
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

// QuicknetT returns drand's test chain. It is not for real draws, and the mirrors of
// [DefaultURLs] do not serve it.
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

// hash parses a hash that is a constant in this file.
func hash(text string) Hash {
	h, _ := ParseHash(text)
	return h
}

// digits parses hexadecimal digits that are a constant in this file.
func digits(text string) Bytes {
	var b Bytes
	_ = b.UnmarshalText([]byte(text))
	return b
}

// Known returns the chains whose parameters are part of this package.
func Known() []Chain { return []Chain{Quicknet(), Default(), QuicknetT()} }

// ParseChain returns the hash of a chain. text is either the beacon ID of a [Known] chain,
// for example quicknet, or the hash of any chain. Errors wrap [ErrChain].
func ParseChain(text string) (Hash, error) {
	for _, c := range Known() {
		if c.BeaconID == text {
			return c.Hash, nil
		}
	}
	h, err := ParseHash(text)
	if err != nil {
		return Hash{}, fmt.Errorf("%w: %q; use quicknet, default, quicknet-t or the 64 hexadecimal digits of a chain hash", ErrChain, excerpt.Of(text))
	}
	return h, nil
}

// known returns the [Known] chain with the given hash. It reports false if there is none.
func known(h Hash) (Chain, bool) {
	for _, c := range Known() {
		if c.Hash == h {
			return c, true
		}
	}
	return Chain{}, false
}

// ComputeHash returns the hash of the parameters: the SHA-256 of the period in seconds as 4
// big-endian bytes, the genesis in Unix seconds as 8 big-endian bytes, the public key, the
// group hash, and the beacon ID unless it is "default". It equals chain.Info.Hash in drand.
func (c Chain) ComputeHash() Hash {
	b := binary.BigEndian.AppendUint32(nil, uint32(c.Period/time.Second))
	b = binary.BigEndian.AppendUint64(b, uint64(c.Genesis.Unix()))
	b = append(append(b, c.PublicKey...), c.GroupHash...)
	if c.BeaconID != "default" {
		b = append(b, c.BeaconID...)
	}
	return sha256.Sum256(b)
}

// Validate returns an error that wraps [ErrChain] if the parameters are invalid or do not
// match the hash.
func (c Chain) Validate() error {
	_, err := c.validate()
	return err
}

// validate validates the chain and returns its scheme.
func (c Chain) validate() (scheme, error) {
	seconds := c.Period / time.Second
	switch {
	case seconds < 1 || seconds > math.MaxUint32 || c.Period%time.Second != 0:
		return scheme{}, fmt.Errorf("%w: the period of %s must be a whole number of seconds, got %s", ErrChain, c.Hash, c.Period)
	case c.Genesis.Nanosecond() != 0 || c.Genesis.Unix() < 0:
		return scheme{}, fmt.Errorf("%w: the genesis of %s must be a whole second since 1970, got %s", ErrChain, c.Hash, c.Genesis)
	case c.ComputeHash() != c.Hash:
		return scheme{}, fmt.Errorf("%w: the hash is %s, but the hash of the parameters is %s", ErrChain, c.Hash, c.ComputeHash())
	}
	s, err := schemeOf(c)
	if err != nil {
		return scheme{}, err
	}
	return s, s.checkKey(c)
}

// RoundAt returns the number of the newest round that is due at time t. Before the genesis,
// it returns 0.
func (c Chain) RoundAt(t time.Time) uint64 {
	since := t.Unix() - c.Genesis.Unix()
	if since < 0 {
		return 0
	}
	return uint64(since)/c.seconds() + 1
}

// TimeOf returns the time when a round is due. For rounds due after the year 9999, it
// returns the end of that year. For round 0, which does not exist, it returns the genesis.
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

// seconds returns the period in seconds.
func (c Chain) seconds() uint64 { return uint64(c.Period / time.Second) }

// slack returns how long after it is due a round may appear. Signing takes time, mirrors
// cache responses, and clocks differ.
func (c Chain) slack() time.Duration { return max(3*c.Period, 30*time.Second) }

// chainInfo is the response of drand's /info endpoint.
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

// MarshalJSON implements [json.Marshaler]. See [Chain] for the format.
func (c Chain) MarshalJSON() ([]byte, error) {
	return json.Marshal(chainInfo{
		PublicKey: c.PublicKey, Period: uint32(c.seconds()), Genesis: c.Genesis.Unix(), Hash: c.Hash,
		GroupHash: c.GroupHash, Scheme: c.Scheme, Metadata: metadata{BeaconID: c.BeaconID},
	})
}

// UnmarshalJSON implements [json.Unmarshaler]. It does not validate the chain.
func (c *Chain) UnmarshalJSON(data []byte) error {
	var info chainInfo
	if err := json.Unmarshal(data, &info); err != nil {
		return fmt.Errorf("decoding the parameters of a drand chain: %w", err)
	}
	*c = Chain{
		Hash: info.Hash, PublicKey: info.PublicKey, Period: time.Duration(info.Period) * time.Second,
		Genesis: time.Unix(info.Genesis, 0).UTC(), Scheme: info.Scheme, GroupHash: info.GroupHash,
		BeaconID: info.Metadata.BeaconID,
	}
	if c.BeaconID == "" { // the oldest relays omit it
		c.BeaconID = "default"
	}
	return nil
}

// Equal reports whether two chains have the same parameters.
func (c Chain) Equal(other Chain) bool {
	return c.Hash == other.Hash && c.Period == other.Period && c.Genesis.Equal(other.Genesis) && c.Scheme == other.Scheme &&
		c.BeaconID == other.BeaconID && bytes.Equal(c.PublicKey, other.PublicKey) && bytes.Equal(c.GroupHash, other.GroupHash)
}
