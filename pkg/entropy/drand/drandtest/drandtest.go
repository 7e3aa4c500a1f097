// Package drandtest provides drand chains for tests. A chain signs rounds with its own key.
// Its mirrors are servers on this computer that behave like drand relays, with optional
// faults.
//
//	chain := drandtest.New(t)
//	client, err := drand.New(drand.Config{URLs: []string{chain.URL}, Chain: chain.Info().Hash})
//
// [Chain.NewMirror] starts another mirror with its own [Fault]. The key is the same in
// every test; it is not secret.
package drandtest

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"testing"
	"time"

	"github.com/cloudflare/circl/sign/bls"

	"github.com/prizegen/prizegen/pkg/entropy/drand"
)

// Config configures a chain.
type Config struct {
	Scheme  string           // empty means drand.SchemeQuicknet
	Period  time.Duration    // in whole seconds; 0 means 1 second
	Genesis time.Time        // zero means 100 periods ago
	Now     func() time.Time // clock of the mirrors; nil means time.Now
}

// Chain is a chain and its first mirror. It is safe for concurrent use.
type Chain struct {
	*Mirror

	info     drand.Chain
	now      func() time.Time
	key      signer
	wrongKey signer

	mu     sync.Mutex
	rounds map[uint64]drand.Round // by number: the rounds signed so far
}

// New returns the chain of the zero [Config], with a server that stops at the end of the
// test.
func New(t testing.TB) *Chain {
	t.Helper()
	c := Make(t, Config{})
	c.Mirror = c.NewMirror(t)
	return c
}

// Make returns a chain without a server. To serve it, use [Chain.NewMirror] or, in a
// synctest bubble, which must not use the network, [Transport].
func Make(t testing.TB, cfg Config) *Chain {
	t.Helper()
	if cfg.Scheme == "" {
		cfg.Scheme = drand.SchemeQuicknet
	}
	if cfg.Period == 0 {
		cfg.Period = time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Genesis.IsZero() {
		cfg.Genesis = cfg.Now().Add(-100 * cfg.Period)
	}
	c := &Chain{now: cfg.Now, key: newSigner(t, cfg.Scheme, "right"), wrongKey: newSigner(t, cfg.Scheme, "wrong"), rounds: map[uint64]drand.Round{}}
	group := sha256.Sum256([]byte("a group for tests"))
	c.info = drand.Chain{
		PublicKey: c.key.public, Period: cfg.Period, Genesis: cfg.Genesis.UTC().Truncate(time.Second),
		Scheme: cfg.Scheme, GroupHash: group[:], BeaconID: "test",
	}
	c.info.Hash = c.info.ComputeHash()
	if err := c.info.Validate(); err != nil {
		t.Fatal(err)
	}
	c.Mirror = c.Unserved()
	return c
}

// Info returns the parameters of the chain.
func (c *Chain) Info() drand.Chain { return c.info }

// Hash returns the hash of the chain in hexadecimal.
func (c *Chain) Hash() string { return c.info.Hash.String() }

// Newest returns the number of the newest round according to the clock of the mirrors.
func (c *Chain) Newest() uint64 { return c.info.RoundAt(c.now()) }

// Round returns the round with the given number, even if it is not due.
func (c *Chain) Round(number uint64) drand.Round {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.rounds[number]
	for n := uint64(1); !ok && n <= number; n++ {
		if c.info.Scheme != drand.SchemeChained {
			n = number // does not depend on earlier rounds
		}
		if signed, ok := c.rounds[n]; ok {
			r = signed
			continue
		}
		r = c.sign(n, r.Signature, c.key)
		c.rounds[n] = r
	}
	return r
}

// sign returns a round that is signed with the given key.
func (c *Chain) sign(number uint64, previous drand.Bytes, key signer) drand.Round {
	r := drand.Round{Chain: c.info.Hash, Number: number}
	if c.info.Scheme == drand.SchemeChained {
		r.Previous = previous
		if number == 1 {
			r.Previous = c.info.GroupHash
		}
	}
	message := sha256.Sum256(binary.BigEndian.AppendUint64(append([]byte(nil), r.Previous...), number))
	r.Signature = key.sign(message[:])
	return r
}

// signer is a key pair for either scheme.
type signer struct {
	public drand.Bytes
	sign   func(message []byte) []byte
}

func newSigner(t testing.TB, scheme, name string) signer {
	t.Helper()
	if scheme == drand.SchemeChained {
		return newKey[bls.KeyG1SigG2](t, name)
	}
	return newKey[bls.KeyG2SigG1](t, name)
}

func newKey[K bls.KeyGroup](t testing.TB, name string) signer {
	t.Helper()
	material := sha256.Sum256([]byte("prizegen drandtest " + name))
	key, err := bls.KeyGen[K](material[:], nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.PublicKey().MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return signer{public: public, sign: func(message []byte) []byte { return bls.Sign(key, message) }}
}
