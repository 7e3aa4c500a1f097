package partgen

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/prizegen/prizegen/pkg/entropy"
)

// batchSize is the number of draws whose blocks are generated at a time. The blocks fit
// in the L1 cache of a processor.
const batchSize = 256

// maxSingle is the largest number of draws that are generated one at a time. For so few,
// that is faster than setting up a batch: in BenchmarkText of package serve, a request for
// one text takes 10% less time and a third less memory.
const maxSingle = 4

// Append appends the parts of the draws in r to dst, without separators: r.Count times
// f.Len() bytes. The range must be valid; see [entropy.Range.Check].
func (f Format) Append(dst []byte, r entropy.Range) []byte {
	stream := entropy.NewStream(r.Key)
	if r.Count <= maxSingle {
		for i := range r.Count {
			stream.Seek(r.Start + i)
			dst = f.appendOne(dst, stream)
		}
		return dst
	}
	// A group takes one word, and a block has two.
	readers := make([]*entropy.Blocks, (len(f.groups)+1)/2)
	for j := range readers {
		readers[j] = stream.Blocks(r.Start, uint64(j))
	}
	blocks := make([]byte, min(r.Count, batchSize)*entropy.BlockSize)
	var words [batchSize]uint64
	var rejected []int
	size := int(r.Count) * f.length
	dst = slices.Grow(dst, size)
	rest := dst[len(dst) : len(dst)+size]
	for done := uint64(0); done < r.Count; {
		n := min(r.Count-done, batchSize)
		parts := rest[:int(n)*f.length]
		rejected = rejected[:0]
		for g, group := range f.groups {
			if g%2 == 0 {
				_, _ = readers[g/2].Read(blocks[:n*entropy.BlockSize]) // never fails
			}
			for i := range words[:n] {
				words[i] = binary.BigEndian.Uint64(blocks[i*entropy.BlockSize+g%2*8:])
			}
			rejected = f.spell(parts, group, words[:n], rejected)
		}
		for _, i := range rejected {
			stream.Seek(r.Start + done + uint64(i))
			f.appendOne(parts[i*f.length:i*f.length], stream)
		}
		rest = rest[len(parts):]
		done += n
	}
	return dst[:len(dst)+size]
}

// spell writes the letters of one group into parts, which are stored without separators.
// Part i takes its letters from words[i], which spell overwrites. If that word must be
// rejected, spell appends i to rejected.
//
// The uniform number is floor(word × base^length ÷ 2^64), so its digits are those of the
// fraction word ÷ 2^64. Multiplying by base² moves two digits above the point. What finally
// remains below the point is the low half of word × base^length; if it is below the
// threshold, the word is rejected. No division is needed.
//
// In BenchmarkRun of package draw, one pass over the words for every four letters, with
// pairs of letters from a table, is 25% faster than a loop over the letters of each part.
func (f *Format) spell(parts []byte, g group, words []uint64, rejected []int) []int {
	at, left := g.start, g.length
	for ; left >= 4; at, left = at+4, left-4 {
		f.spellFour(parts[at:], words)
	}
	for ; left > 0; at, left = at+1, left-1 {
		f.spellOne(parts[at:], words)
	}
	for i, word := range words {
		if word < g.threshold {
			rejected = append(rejected, i)
		}
	}
	return rejected
}

// spellFour writes four letters of each part and replaces each word with the remaining
// fraction.
func (f *Format) spellFour(parts []byte, words []uint64) {
	square, pairs, at := uint64(len(f.alphabet)*len(f.alphabet)), f.pairs, 0
	for i, word := range words {
		first, rest := bits.Mul64(word, square)
		second, rest := bits.Mul64(rest, square)
		words[i] = rest
		binary.LittleEndian.PutUint32(parts[at:at+4], uint32(pairs[first])|uint32(pairs[second])<<16)
		at += f.length
	}
}

// spellOne writes one letter of each part and replaces each word with the remaining
// fraction.
func (f *Format) spellOne(parts []byte, words []uint64) {
	at := 0
	for i, word := range words {
		letter, rest := bits.Mul64(word, uint64(len(f.alphabet)))
		words[i] = rest
		parts[at] = f.alphabet[letter]
		at += f.length
	}
}

// appendOne appends the part of the draw to which stream is positioned.
func (f *Format) appendOne(dst []byte, stream *entropy.Stream) []byte {
	base := uint64(len(f.alphabet))
	for _, group := range f.groups {
		bound := uint64(1)
		for range group.length {
			bound *= base
		}
		start := len(dst)
		for len(dst) < start+group.length {
			dst = append(dst, f.alphabet[0])
		}
		v := stream.Uniform(bound)
		for i := len(dst) - 1; i >= start; i-- {
			dst[i] = f.alphabet[v%base]
			v /= base
		}
	}
	return dst
}
