package drand_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/entropy/drand"
)

func TestKnownChains(t *testing.T) {
	for _, c := range drand.Known() {
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", c.BeaconID, err)
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
		var back drand.Chain
		if err := json.Unmarshal(data, &back); err != nil || !back.Equal(c) {
			t.Errorf("%s reads back as %+v, %v", data, back, err)
		}
	}
	for _, name := range []string{"", "fastnet", "52db9b", strings.Repeat("zz", 32)} {
		if got, err := drand.ParseChain(name); !errors.Is(err, drand.ErrChain) {
			t.Errorf("ParseChain(%q) = %s, %v, want an error that wraps ErrChain", name, got, err)
		}
	}
}

func TestValidateRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(*drand.Chain)
		want  string
	}{
		"no period":          {func(c *drand.Chain) { c.Period = 0 }, "period of 0s"},
		"half seconds":       {func(c *drand.Chain) { c.Period = 1500 * time.Millisecond }, "period of 1.5s"},
		"a period too long":  {func(c *drand.Chain) { c.Period = (math.MaxUint32 + 1) * time.Second }, "period of"},
		"before 1970":        {func(c *drand.Chain) { c.Genesis = time.Unix(-1, 0) }, "begins at"},
		"part of a second":   {func(c *drand.Chain) { c.Genesis = c.Genesis.Add(1) }, "begins at"},
		"another period":     {func(c *drand.Chain) { c.Period = time.Minute }, "parameters have the hash"},
		"another key":        {func(c *drand.Chain) { c.PublicKey = drand.QuicknetT().PublicKey }, "parameters have the hash"},
		"another scheme":     {func(c *drand.Chain) { c.Scheme = drand.SchemeChained }, "has 96 bytes, expected 48"},
		"an unknown scheme":  {func(c *drand.Chain) { c.Scheme = "bls-bn254-unchained-on-g1" }, "not supported; use a chain of"},
		"not a point at all": {func(c *drand.Chain) { c.PublicKey[5] ^= 1; c.Hash = c.ComputeHash() }, "not a point"},
	} {
		t.Run(name, func(t *testing.T) {
			c := drand.Quicknet()
			test.spoil(&c)
			if err := c.Validate(); !errors.Is(err, drand.ErrChain) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one that wraps ErrChain and says %q", err, test.want)
			}
			r := publishedRounds(t)[0].round()
			if err := r.Verify(c); !errors.Is(err, drand.ErrChain) {
				t.Errorf("a round is verified by it: %v", err)
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
			t.Errorf("%s after the genesis round %d is the newest, want %d", test.after, got, test.want)
		}
	}
	for n := uint64(1); n < 1e12; n *= 7 {
		if due := c.TimeOf(n); c.RoundAt(due) != n && due.Year() != 9999 {
			t.Errorf("round %d is due at %s, when the newest one is %d", n, due, c.RoundAt(due))
		}
	}
	if got := c.TimeOf(0); !got.Equal(c.Genesis) {
		t.Errorf("round 0 is due at %s", got)
	}
	if got := c.TimeOf(math.MaxUint64); got.Year() != 9999 {
		t.Errorf("the last round is due at %s", got)
	}
}

func TestChainJSON(t *testing.T) {
	var c drand.Chain
	if err := json.Unmarshal([]byte(`{"period": 30, "metadata": {}}`), &c); err != nil || c.BeaconID != "default" {
		t.Errorf("a chain without a name is %q, %v, want default", c.BeaconID, err)
	}
	for _, text := range []string{`{"period": -1}`, `{"hash": "12"}`, `{"public_key": "1"}`, `[]`} {
		if err := json.Unmarshal([]byte(text), &c); err == nil {
			t.Errorf("%s is read as a chain", text)
		}
	}
}
