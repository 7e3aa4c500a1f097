package entropy

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// BlockSize is the number of bytes in a block: two words.
const BlockSize = aes.BlockSize

// ErrRange is wrapped by the error about a run of draws past index 2^64-1.
var ErrRange = errors.New("indexes end at 18446744073709551615 (2^64-1)")

// Range is a run of draws: Count of them from index Start on, with one key.
type Range struct {
	Key   Key
	Start uint64
	Count uint64
}

// Check says whether every index of the range exists; its error wraps
// [ErrRange].
func (r Range) Check() error {
	if r.Count > 0 && r.Start+(r.Count-1) < r.Start {
		return fmt.Errorf("%d draws from index %d on: %w", r.Count, r.Start, ErrRange)
	}
	return nil
}

// Slice is the part of the range from its from-th draw (counted from 0) up to
// but not including its to-th.
func (r Range) Slice(from, to uint64) Range {
	return Range{Key: r.Key, Start: r.Start + from, Count: to - from}
}

// Stream reads the words of one key. It stands at one index at a time; [Stream.Seek]
// moves it. It is not safe for use by several goroutines at once.
type Stream struct {
	block cipher.Block
	index uint64
	next  uint64 // number of the block to make next
	in    [BlockSize]byte
	out   [BlockSize]byte
	left  int // unread bytes at the end of out
}

// NewStream makes the stream of a key, standing at index 0.
func NewStream(k Key) *Stream {
	block, err := aes.NewCipher(k[:])
	if err != nil {
		panic("entropy: " + err.Error()) // a Key always has the 32 bytes of AES-256
	}
	return &Stream{block: block}
}

// Seek goes to the first word of the draw with the given index.
func (s *Stream) Seek(index uint64) {
	s.index, s.next, s.left = index, 0, 0
}

// Uint64 gives the next word of the present index.
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

// Uniform gives a number from 0 to n-1, each with exactly the same chance, by
// Lemire's method (Fast Random Integer Generation in an Interval, ACM TOMACS
// 2019, algorithm 5). It reads one word, and another one for each rejected. n
// must not be 0.
func (s *Stream) Uniform(n uint64) uint64 {
	if n == 0 {
		panic("entropy: Uniform of 0 has no value to give")
	}
	hi, lo := bits.Mul64(s.Uint64(), n)
	if lo < n { // only then can lo be below the threshold, which costs a division
		for reject := Threshold(n); lo < reject; {
			hi, lo = bits.Mul64(s.Uint64(), n)
		}
	}
	return hi
}

// Threshold is (2^64 - n) mod n: a word whose product with n has a low half
// below it is rejected by [Stream.Uniform].
func Threshold(n uint64) uint64 { return -n % n }

// Blocks reads the j-th blocks of the draws start, start+1, … one after the
// other: for each draw its words 2j and 2j+1, big-endian. It is an io.Reader
// that never fails and never ends; reading past the draw 2^64-1 gives the
// blocks j+1, so check the [Range] first. It neither uses nor changes where the
// stream stands.
func (s *Stream) Blocks(start, j uint64) *Blocks {
	var counter [BlockSize]byte
	binary.BigEndian.PutUint64(counter[:8], j)
	binary.BigEndian.PutUint64(counter[8:], start)
	return &Blocks{ctr: cipher.NewCTR(s.block, counter[:])}
}

// Blocks is a run of blocks; see [Stream.Blocks].
type Blocks struct{ ctr cipher.Stream }

// Read fills dst and never fails.
func (b *Blocks) Read(dst []byte) (int, error) {
	clear(dst)
	b.ctr.XORKeyStream(dst, dst)
	return len(dst), nil
}
