package entropy_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"testing"

	"github.com/prizegen/prizegen/pkg/entropy"
	"pgregory.net/rapid"
)

func TestRangeCheck(t *testing.T) {
	for name, test := range map[string]struct {
		start, count uint64
		want         error
	}{
		"empty":             {0, 0, nil},
		"empty at the end":  {math.MaxUint64, 0, nil},
		"last index":        {math.MaxUint64, 1, nil},
		"one too many":      {math.MaxUint64, 2, entropy.ErrRange},
		"all but the last":  {0, math.MaxUint64, nil},
		"all but the first": {1, math.MaxUint64, nil},
		"one past the end":  {2, math.MaxUint64, entropy.ErrRange},
	} {
		t.Run(name, func(t *testing.T) {
			if err := (entropy.Range{Start: test.start, Count: test.count}).Check(); !errors.Is(err, test.want) {
				t.Errorf("got error %v, want %v", err, test.want)
			}
		})
	}
}

func TestRangeSlice(t *testing.T) {
	r := entropy.Seed("42").Range(entropy.Text, 100, 10)
	want := entropy.Seed("42").Range(entropy.Text, 103, 4)
	if got := r.Slice(3, 7); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestBlocks compares blocks with the words of the stream, up to the last index. Some
// blocks span two reads.
func TestBlocks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := entropy.Seed(rapid.StringN(1, 20, -1).Draw(t, "seed")).Subkey(entropy.Number)
		count := rapid.Uint64Range(1, 40).Draw(t, "count")
		start := rapid.OneOf(rapid.Uint64Range(0, math.MaxUint64-count), rapid.Just(math.MaxUint64-count+1)).Draw(t, "start")
		j := rapid.Uint64Range(0, 5).Draw(t, "block")
		bulk, stream := make([]byte, count*entropy.BlockSize), entropy.NewStream(key)
		blocks := stream.Blocks(start, j)
		cut := rapid.IntRange(0, len(bulk)).Draw(t, "cut")
		_, _ = blocks.Read(bulk[:cut])
		_, _ = blocks.Read(bulk[cut:])
		var slow []byte
		for i := range count {
			stream.Seek(start + i)
			for range 2 * j {
				stream.Uint64()
			}
			slow = binary.BigEndian.AppendUint64(slow, stream.Uint64())
			slow = binary.BigEndian.AppendUint64(slow, stream.Uint64())
		}
		if !bytes.Equal(bulk, slow) {
			t.Fatalf("block %d of %d draws from index %d:\ngot  %x\nwant %x", j, count, start, bulk, slow)
		}
	})
}

// TestThreshold compares the shortcut -n % n with (2^64 - n) mod n in big integers.
func TestThreshold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64Range(1, math.MaxUint64).Draw(t, "n")
		want := new(big.Int).Lsh(big.NewInt(1), 64)
		bound := new(big.Int).SetUint64(n)
		want.Sub(want, bound).Mod(want, bound)
		if got := entropy.Threshold(n); got != want.Uint64() {
			t.Fatalf("Threshold(%d) = %d, want %d", n, got, want)
		}
	})
}

// TestUniform compares Uniform with Lemire's formula in big integers.
func TestUniform(t *testing.T) {
	two64 := new(big.Int).Lsh(big.NewInt(1), 64)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.Uint64Range(1, math.MaxUint64), rapid.Uint64Range(1<<63, 1<<63+1000)).Draw(t, "n")
		index := rapid.Uint64().Draw(t, "index")
		bound := new(big.Int).SetUint64(n)
		threshold := new(big.Int).Sub(two64, bound)
		threshold.Mod(threshold, bound)
		stream, words := entropy.NewStream(entropy.Key{1}), entropy.NewStream(entropy.Key{1})
		stream.Seek(index)
		words.Seek(index)
		hi, lo := new(big.Int), big.NewInt(-1)
		for lo.Cmp(threshold) < 0 {
			product := new(big.Int).SetUint64(words.Uint64())
			hi.DivMod(product.Mul(product, bound), two64, lo)
		}
		if got := stream.Uniform(n); got != hi.Uint64() {
			t.Fatalf("Uniform(%d) = %d, want %d", n, got, hi)
		}
	})
}

func TestUniformZeroPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("Uniform(0) returned, want a panic")
		}
	}()
	entropy.NewStream(entropy.Key{}).Uniform(0)
}
