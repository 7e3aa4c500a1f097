package drand_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/entropy/drand"
	"github.com/prizegen/prizegen/pkg/entropy/drand/drandtest"
)

// published is a round that a public chain has published.
type published struct {
	Chain      drand.Hash  `json:"chain"`
	Round      uint64      `json:"round"`
	Signature  drand.Bytes `json:"signature"`
	Previous   drand.Bytes `json:"previous_signature"`
	Randomness drand.Hash  `json:"randomness"`
	Due        time.Time   `json:"due"`
}

func (p published) round() drand.Round {
	return drand.Round{Chain: p.Chain, Number: p.Round, Signature: p.Signature, Previous: p.Previous}
}

func publishedRounds(t *testing.T) []published {
	t.Helper()
	data, err := os.ReadFile("testdata/rounds.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Rounds []published `json:"rounds"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Rounds) == 0 {
		t.Fatal("no rounds in testdata/rounds.json, want at least one")
	}
	return file.Rounds
}

func chainOf(t *testing.T, h drand.Hash) drand.Chain {
	t.Helper()
	for _, c := range drand.Known() {
		if c.Hash == h {
			return c
		}
	}
	t.Fatalf("got chain %s, want a known chain", h)
	return drand.Chain{}
}

func TestPublishedRounds(t *testing.T) {
	for _, p := range publishedRounds(t) {
		r, c := p.round(), chainOf(t, p.Chain)
		if err := r.Verify(c); err != nil {
			t.Errorf("round %d of %s: got error %v, want nil", p.Round, c.BeaconID, err)
		}
		if p.Randomness != (drand.Hash{}) && r.Randomness() != p.Randomness {
			t.Errorf("round %d of %s: got randomness %s, want %s", p.Round, c.BeaconID, r.Randomness(), p.Randomness)
		}
		if !p.Due.IsZero() {
			if got := c.TimeOf(p.Round); !got.Equal(p.Due) {
				t.Errorf("due time of round %d of %s: got %s, want %s", p.Round, c.BeaconID, got, p.Due)
			}
		}
		r.Number++
		if err := r.Verify(c); !errors.Is(err, drand.ErrRound) {
			t.Errorf("signature of round %d of %s for the next round: got error %v, want ErrRound", p.Round, c.BeaconID, err)
		}
	}
}

// TestVerifyErrors checks the errors for invalid rounds, including other encodings of a
// valid signature, which would result in different randomness.
func TestVerifyErrors(t *testing.T) {
	rounds := publishedRounds(t)
	unchained, first, chained := rounds[0].round(), rounds[2].round(), rounds[3].round()
	for name, test := range map[string]struct {
		round drand.Round
		spoil func(*drand.Round)
		want  string
	}{
		"another number":        {unchained, func(r *drand.Round) { r.Number = 43 }, "does not match the public key"},
		"round 0":               {unchained, func(r *drand.Round) { r.Number = 0 }, "counted from 1"},
		"another chain":         {unchained, func(r *drand.Round) { r.Chain = drand.QuicknetT().Hash }, "must be from chain 52db9ba7"},
		"a flipped bit":         {unchained, func(r *drand.Round) { r.Signature[20] ^= 1 }, "does not match the public key"},
		"the sign of the point": {unchained, func(r *drand.Round) { r.Signature[0] ^= 0x20 }, "does not match the public key"},
		"not compressed":        {unchained, func(r *drand.Round) { r.Signature[0] ^= 0x80 }, "does not match the public key"},
		"the point at infinity": {unchained, func(r *drand.Round) { r.Signature = append([]byte{0xc0}, make([]byte, 47)...) }, "does not match the public key"},
		"no signature":          {unchained, func(r *drand.Round) { r.Signature = nil }, "must have 48 bytes, got 0"},
		"twice the length":      {unchained, func(r *drand.Round) { r.Signature = append(r.Signature, r.Signature...) }, "must have 48 bytes, got 96"},
		"unexpected previous":   {unchained, func(r *drand.Round) { r.Previous = []byte{1} }, "must have 0 bytes, got 1"},
		"no previous":           {chained, func(r *drand.Round) { r.Previous = nil }, "must have 96 bytes, got 0"},
		"another previous":      {chained, func(r *drand.Round) { r.Previous[9] ^= 1 }, "does not match the public key"},
		"another genesis seed":  {first, func(r *drand.Round) { r.Previous[9] ^= 1 }, "does not match the public key"},
		"genesis seed too long": {first, func(r *drand.Round) { r.Previous = chained.Previous }, "must have 32 bytes, got 96"},
	} {
		t.Run(name, func(t *testing.T) {
			r := test.round
			c := chainOf(t, r.Chain)
			r.Signature, r.Previous = append(drand.Bytes{}, r.Signature...), append(drand.Bytes{}, r.Previous...)
			test.spoil(&r)
			err := r.Verify(c)
			if !errors.Is(err, drand.ErrRound) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want an ErrRound that contains %q", err, test.want)
			}
		})
	}
}

func TestVerifyDoesNotWrite(t *testing.T) {
	r := publishedRounds(t)[3].round()
	room := append(r.Previous, 1, 2, 3, 4, 5, 6, 7, 8)
	r.Previous = room[:96]
	if err := r.Verify(drand.Default()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(drand.Bytes{1, 2, 3, 4, 5, 6, 7, 8}, room[96:]); diff != "" {
		t.Errorf("bytes after the previous signature (-want +got):\n%s", diff)
	}
}

func TestSeed(t *testing.T) {
	r := publishedRounds(t)[0].round()
	const want = "drand/52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971/42/8ada64bae5c6c0f5540a6a13af56e663240edfbd2c76ac6a8f27671eb7259ce3"
	if r.Seed() != want {
		t.Errorf("got seed %s, want %s", r.Seed(), want)
	}
	if _, err := entropy.ParseSeed(string(r.Seed())); err != nil {
		t.Error(err)
	}
	longest := drand.Round{Number: 1<<64 - 1}.Seed()
	if _, err := entropy.ParseSeed(string(longest)); err != nil {
		t.Error(err)
	}
	for _, seed := range []entropy.Seed{want, longest} {
		ref, err := drand.ParseSeed(seed)
		if err != nil || ref.Seed() != seed {
			t.Errorf("ParseSeed(%s) = %v, %v, want a reference to the same seed", seed, ref, err)
		}
	}
}

func TestParseSeedErrors(t *testing.T) {
	hash, randomness := strings.Repeat("ab", 32), strings.Repeat("cd", 32)
	for name, seed := range map[string]string{
		"empty":             "",
		"another source":    "random.org/" + hash + "/1/" + randomness,
		"a missing part":    "drand/" + hash + "/1",
		"an extra part":     "drand/" + hash + "/1/" + randomness + "/",
		"a short hash":      "drand/" + hash[2:] + "/1/" + randomness,
		"not hexadecimal":   "drand/" + strings.Repeat("xy", 32) + "/1/" + randomness,
		"upper case":        "drand/" + strings.ToUpper(hash) + "/1/" + randomness,
		"a leading zero":    "drand/" + hash + "/01/" + randomness,
		"a sign":            "drand/" + hash + "/+1/" + randomness,
		"too large a round": "drand/" + hash + "/18446744073709551616/" + randomness,
		"short randomness":  "drand/" + hash + "/1/" + randomness[2:],
	} {
		if ref, err := drand.ParseSeed(entropy.Seed(seed)); !errors.Is(err, drand.ErrSeed) {
			t.Errorf("%s: ParseSeed(%q) = %v, %v, want ErrSeed", name, seed, ref, err)
		}
	}
}

// TestSignedRounds checks that rounds signed by the test chain are valid.
func TestSignedRounds(t *testing.T) {
	for _, scheme := range []string{drand.SchemeQuicknet, drand.SchemeChained} {
		c := drandtest.Make(t, drandtest.Config{Scheme: scheme})
		for _, n := range []uint64{3, 1, 2, 4} {
			if err := c.Round(n).Verify(c.Info()); err != nil {
				t.Errorf("%s: got error %v, want nil", scheme, err)
			}
		}
		if scheme == drand.SchemeChained && c.Round(4).Previous.String() != c.Round(3).Signature.String() {
			t.Errorf("got previous signature %s of round 4, want the signature of round 3, %s", c.Round(4).Previous, c.Round(3).Signature)
		}
	}
}
