package entropy_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/entropy"
)

// vectors holds test vectors on which two independent implementations agree. Package
// partgen tests the parts of account numbers with the same file.
type vectors struct {
	Subkeys []struct{ Seed, Commitment, Text, Number, Prize string }
	Words   []struct {
		Seed, Label, Index string
		Words              []string
	}
	Uniform []struct {
		Seed, Label string
		Index       uint64
		N, Value    string
	}
}

func loadVectors(t *testing.T) vectors {
	t.Helper()
	data, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(data, &v, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatal(err)
	}
	return v
}

func parseUint(t *testing.T, s string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSubkeyVectors(t *testing.T) {
	for _, v := range loadVectors(t).Subkeys {
		seed, err := entropy.ParseSeed(v.Seed)
		if err != nil {
			t.Fatal(err)
		}
		if got := seed.Commitment(); got != v.Commitment {
			t.Errorf("commitment of %q: got %s, want %s", v.Seed, got, v.Commitment)
		}
		for label, want := range map[entropy.Label]string{entropy.Text: v.Text, entropy.Number: v.Number, entropy.Prize: v.Prize} {
			if got := seed.Subkey(label).Hex(); got != want {
				t.Errorf("%s key of %q: got %s, want %s", label, v.Seed, got, want)
			}
		}
	}
}

// TestWordVectors checks words that are read one by one and in blocks.
func TestWordVectors(t *testing.T) {
	for _, v := range loadVectors(t).Words {
		stream := entropy.NewStream(entropy.Seed(v.Seed).Subkey(entropy.Label(v.Label)))
		index := parseUint(t, v.Index)
		stream.Seek(index)
		for i, want := range v.Words {
			if got := fmt.Sprintf("%016x", stream.Uint64()); got != want {
				t.Errorf("seed %q, %s, index %s, word %d: got %s, want %s", v.Seed, v.Label, v.Index, i, got, want)
			}
			var block [entropy.BlockSize]byte
			if _, err := stream.Blocks(index, uint64(i/2)).Read(block[:]); err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprintf("%x", block[i%2*8:][:8]); got != want {
				t.Errorf("seed %q, %s, index %s, word %d of its blocks: got %s, want %s", v.Seed, v.Label, v.Index, i, got, want)
			}
		}
	}
}

func TestUniformVectors(t *testing.T) {
	rejected := 0
	for _, v := range loadVectors(t).Uniform {
		stream := entropy.NewStream(entropy.Seed(v.Seed).Subkey(entropy.Label(v.Label)))
		stream.Seek(v.Index)
		n := parseUint(t, v.N)
		if got, want := stream.Uniform(n), parseUint(t, v.Value); got != want {
			t.Errorf("seed %q, %s, index %d: Uniform(%s) = %d, want %s", v.Seed, v.Label, v.Index, v.N, got, v.Value)
		}
		fresh := entropy.NewStream(entropy.Seed(v.Seed).Subkey(entropy.Label(v.Label)))
		fresh.Seek(v.Index)
		if fresh.Uint64()*n < entropy.Threshold(n) {
			rejected++
		}
	}
	if rejected == 0 {
		t.Error("no vector rejects a word, want at least one that does")
	}
}
