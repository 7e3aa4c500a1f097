package drand_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/entropy/drand"
)

func TestKnownChains(t *testing.T) {
	for _, c := range drand.Known() {
		if err := c.Validate(); err != nil {
			t.Errorf("%s: got error %v, want nil", c.BeaconID, err)
		}
		for _, name := range []string{c.BeaconID, c.Hash.String(), strings.ToUpper(c.Hash.String())} {
			if got, err := drand.ParseChain(name); err != nil || got != c.Hash {
				t.Errorf("ParseChain(%s) = %s, %v, want %s", name, got, err, c.Hash)
			}
		}
		data, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var decoded drand.Chain
		if err := json.Unmarshal(data, &decoded); err != nil || !decoded.Equal(c) {
			t.Errorf("%s: got %+v with error %v, want %+v", data, decoded, err, c)
		}
	}
	for _, name := range []string{"", "fastnet", "52db9b", strings.Repeat("zz", 32)} {
		if got, err := drand.ParseChain(name); !errors.Is(err, drand.ErrChain) {
			t.Errorf("ParseChain(%q) = %s, %v, want ErrChain", name, got, err)
		}
	}
}

func TestValidateErrors(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(*drand.Chain)
		want  string
	}{
		"no period":         {func(c *drand.Chain) { c.Period = 0 }, "must be a whole number of seconds, got 0s"},
		"half seconds":      {func(c *drand.Chain) { c.Period = 1500 * time.Millisecond }, "must be a whole number of seconds, got 1.5s"},
		"too long a period": {func(c *drand.Chain) { c.Period = (math.MaxUint32 + 1) * time.Second }, "must be a whole number of seconds"},
		"before 1970":       {func(c *drand.Chain) { c.Genesis = time.Unix(-1, 0) }, "must be a whole second since 1970"},
		"part of a second":  {func(c *drand.Chain) { c.Genesis = c.Genesis.Add(1) }, "must be a whole second since 1970"},
		"another period":    {func(c *drand.Chain) { c.Period = time.Minute }, "hash of the parameters is"},
		"another key":       {func(c *drand.Chain) { c.PublicKey = drand.QuicknetT().PublicKey }, "hash of the parameters is"},
		"another scheme":    {func(c *drand.Chain) { c.Scheme = drand.SchemeChained }, "must have 48 bytes with the scheme pedersen-bls-chained, got 96"},
		"an unknown scheme": {func(c *drand.Chain) { c.Scheme = "bls-bn254-unchained-on-g1" }, "not supported; use a chain with scheme"},
		"not a point":       {func(c *drand.Chain) { c.PublicKey[5] ^= 1; c.Hash = c.ComputeHash() }, "not a point"},
	} {
		t.Run(name, func(t *testing.T) {
			c := drand.Quicknet()
			test.spoil(&c)
			if err := c.Validate(); !errors.Is(err, drand.ErrChain) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want an ErrChain that contains %q", err, test.want)
			}
			r := publishedRounds(t)[0].round()
			if err := r.Verify(c); !errors.Is(err, drand.ErrChain) {
				t.Errorf("verifying a round: got error %v, want ErrChain", err)
			}
		})
	}
}

func TestTimes(t *testing.T) {
	c := drand.Quicknet()
	for _, test := range []struct {
		after time.Duration // the genesis
		want  uint64
	}{{-time.Hour, 0}, {-1, 0}, {0, 1}, {2999 * time.Millisecond, 1}, {3 * time.Second, 2}, {123 * time.Second, 42}} {
		if got := c.RoundAt(c.Genesis.Add(test.after)); got != test.want {
			t.Errorf("%s after the genesis: got round %d, want %d", test.after, got, test.want)
		}
	}
	for n := uint64(1); n < 1e12; n *= 7 {
		if due := c.TimeOf(n); c.RoundAt(due) != n && due.Year() != 9999 {
			t.Errorf("RoundAt(TimeOf(%d)) = RoundAt(%s) = %d, want %d", n, due, c.RoundAt(due), n)
		}
	}
	if got := c.TimeOf(0); !got.Equal(c.Genesis) {
		t.Errorf("TimeOf(0) = %s, want %s", got, c.Genesis)
	}
	if got := c.TimeOf(math.MaxUint64); got.Year() != 9999 {
		t.Errorf("TimeOf(2^64-1) = %s, want the year 9999", got)
	}
}

func TestChainJSON(t *testing.T) {
	var c drand.Chain
	if err := json.Unmarshal([]byte(`{"period": 30, "metadata": {}}`), &c); err != nil || c.BeaconID != "default" {
		t.Errorf("without a beacon ID: got %q and error %v, want default", c.BeaconID, err)
	}
	for _, text := range []string{`{"period": -1}`, `{"hash": "12"}`, `{"public_key": "1"}`, `[]`} {
		if err := json.Unmarshal([]byte(text), &c); err == nil {
			t.Errorf("decoding %s: got no error, want one", text)
		}
	}
}
