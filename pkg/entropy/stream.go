package entropy

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// BlockSize is the length of a block in bytes. A block contains two words.
const BlockSize = aes.BlockSize

// ErrRange is wrapped by every error that [Range.Check] returns.
var ErrRange = errors.New("indexes end at 18446744073709551615 (2^64-1)")

// Range is a key and Count consecutive draws, beginning with index Start.
type Range struct {
	Key   Key
	Start uint64
	Count uint64
}

// Check returns an error that wraps [ErrRange] if the range extends past index 2^64-1.
func (r Range) Check() error {
	if r.Count > 0 && r.Start+(r.Count-1) < r.Start {
		return fmt.Errorf("%d draws from index %d: %w", r.Count, r.Start, ErrRange)
	}
	return nil
}

// Slice returns the draws at positions from up to, but not including, to, counted from 0.
func (r Range) Slice(from, to uint64) Range {
	return Range{Key: r.Key, Start: r.Start + from, Count: to - from}
}

// Stream generates the words of one key for one index at a time. [Stream.Seek] moves it to
// another index. A Stream is not safe for concurrent use.
type Stream struct {
	block cipher.Block
	index uint64
	next  uint64 // number of the next block
	in    [BlockSize]byte
	out   [BlockSize]byte
	left  int // unread bytes at the end of out
}

// NewStream returns the stream of a key at index 0.
func NewStream(k Key) *Stream {
	block, err := aes.NewCipher(k[:])
	if err != nil {
		panic("entropy: " + err.Error()) // a Key always has the 32 bytes of AES-256
	}
	return &Stream{block: block}
}

// Seek moves the stream to the first word of the draw with the given index.
func (s *Stream) Seek(index uint64) {
	s.index, s.next, s.left = index, 0, 0
}

// Uint64 returns the next word for the current index.
func (s *Stream) Uint64() uint64 {
	if s.left == 0 {
		binary.BigEndian.PutUint64(s.in[:8], s.next)
		binary.BigEndian.PutUint64(s.in[8:], s.index)
		s.block.Encrypt(s.out[:], s.in[:])
		s.next++
		s.left = BlockSize
	}
	word := binary.BigEndian.Uint64(s.out[BlockSize-s.left:])
	s.left -= 8
	return word
}

// Uniform returns a number from 0 to n-1, all equally likely, by Lemire's method (Fast
// Random Integer Generation in an Interval, ACM Transactions on Modeling and Computer
// Simulation, 2019, algorithm 5). It reads one word, and another one for each rejected
// word. It panics if n is 0.
func (s *Stream) Uniform(n uint64) uint64 {
	if n == 0 {
		panic("entropy: Uniform called with n = 0")
	}
	hi, lo := bits.Mul64(s.Uint64(), n)
	if lo < n { // otherwise lo is not below the threshold, and no division is needed
		for threshold := Threshold(n); lo < threshold; {
			hi, lo = bits.Mul64(s.Uint64(), n)
		}
	}
	return hi
}

// Threshold returns (2^64 - n) mod n. [Stream.Uniform] rejects a word if the low half
// of its product with n is below the threshold. It panics if n is 0.
func Threshold(n uint64) uint64 { return -n % n }

// Blocks returns a reader of block j of draw start, block j of draw start+1, and so on,
// without separators. Block j of a draw consists of its words 2j and 2j+1, big-endian.
// After draw 2^64-1, the reader continues with block j+1 of draw 0, so check the [Range]
// first. Blocks does not move the stream.
func (s *Stream) Blocks(start, j uint64) *Blocks {
	var counter [BlockSize]byte
	binary.BigEndian.PutUint64(counter[:8], j)
	binary.BigEndian.PutUint64(counter[8:], start)
	return &Blocks{ctr: cipher.NewCTR(s.block, counter[:])}
}

// Blocks is an endless [io.Reader] of blocks; see [Stream.Blocks]. In BenchmarkWords, it is
// several times faster than [Stream.Uint64] with a seek for each draw.
type Blocks struct{ ctr cipher.Stream }

// Read fills dst. It never fails.
func (b *Blocks) Read(dst []byte) (int, error) {
	clear(dst)
	b.ctr.XORKeyStream(dst, dst)
	return len(dst), nil
}
