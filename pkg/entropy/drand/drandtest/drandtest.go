// Package drandtest is a drand chain for tests: it signs rounds with a key of its
// own and serves them from this computer as a relay does, well or badly.
//
//	chain := drandtest.New(t)
//	client, err := drand.New(drand.Config{URLs: []string{chain.URL}, Chain: chain.Info().Hash})
//
// Further mirrors of the same chain, each with its own [Fault], come from
// [Chain.Mirror]. The key is the same in every test and known to everybody.
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

// Config says what chain to make. The zero Config has had a round every second for
// 100 seconds, signed as on quicknet.
type Config struct {
	Scheme  string           // drand.SchemeQuicknet where it is empty
	Period  time.Duration    // whole seconds; 1 second where it is 0
	Genesis time.Time        // 100 periods ago where it is zero
	Now     func() time.Time // the relay's clock; time.Now where it is nil
}

// Chain is a chain, and the first mirror of it.
type Chain struct {
	*Mirror

	info     drand.Chain
	now      func() time.Time
	key      signer
	wrongKey signer

	mu     sync.Mutex
	rounds map[uint64]drand.Round // those made so far
}

// New makes the chain of the zero [Config], with a server that ends with the test.
func New(t testing.TB) *Chain {
	t.Helper()
	c := Make(t, Config{})
	c.Mirror = c.NewMirror(t)
	return c
}

// Make makes a chain without a server: serve it with [Chain.NewMirror], or without
// a network through [Transport], which is what a bubble of testing/synctest needs.
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

// Info is the parameters of the chain.
func (c *Chain) Info() drand.Chain { return c.info }

// Hash names the chain, as settings do.
func (c *Chain) Hash() string { return c.info.Hash.String() }

// Newest is the number of the newest round by the relay's clock.
func (c *Chain) Newest() uint64 { return c.info.RoundAt(c.now()) }

// Round signs a round, whether it is due or not.
func (c *Chain) Round(number uint64) drand.Round {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.rounds[number]
	for n := uint64(1); !ok && n <= number; n++ {
		if c.info.Scheme != drand.SchemeChained {
			n = number // it follows from no other round
		}
		if made, have := c.rounds[n]; have {
			r = made
			continue
		}
		r = c.sign(n, r.Signature, c.key)
		c.rounds[n] = r
	}
	return r
}

// sign makes a round; before is the signature of the one before it.
func (c *Chain) sign(number uint64, before drand.Bytes, key signer) drand.Round {
	r := drand.Round{Chain: c.info.Hash, Number: number}
	if c.info.Scheme == drand.SchemeChained {
		r.Previous = before
		if number == 1 {
			r.Previous = c.info.GroupHash
		}
	}
	message := sha256.Sum256(binary.BigEndian.AppendUint64(append([]byte(nil), r.Previous...), number))
	r.Signature = key.sign(message[:])
	return r
}

// signer is one key, whatever its group.
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
