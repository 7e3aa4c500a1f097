package entropy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// MaxLength is the number of letters in the longest part of an account number.
const MaxLength = 64

// ErrFormat is wrapped by every error about the format of a part.
var ErrFormat = errors.New("unknown format")

// maxBound is the largest number of spellings that one word decides.
const maxBound = 1 << 63

// Letters spells random numbers: a fixed count of letters, each from the same
// alphabet, every spelling equally likely. It is what the formats of texts and
// numbers are made of. The zero value spells nothing; make one with
// [ParseLetters].
type Letters struct {
	name     string
	alphabet string
	length   int
	groups   []group
	pairs    []uint16 // both letters of each number below len(alphabet)², the first one in the low byte
}

// group is a run of letters that one bounded number decides.
type group struct {
	start     int // of its letters in a spelling
	length    int
	threshold uint64 // words whose product has a low half below it are rejected
}

// Family is a named alphabet: with a length behind it, the name is a format.
type Family struct {
	Name     string // for example lower
	Alphabet string // for example abcdefghijklmnopqrstuvwxyz
}

// ParseLetters reads the format of a part, which is "text" or "number" and named
// in errors: one of the families, or an alphabet in brackets, followed by the
// number of letters from 1 to [MaxLength], for example lower4 or
// [BCDFGHJKLM]3. An alphabet has 2 or more different printable ASCII characters
// other than the space. Errors wrap [ErrFormat].
func ParseLetters(part, format string, families ...Family) (Letters, error) {
	letters, err := parseLetters(format, families)
	if err != nil {
		return Letters{}, fmt.Errorf("%w %s for a %s: %w", ErrFormat, quote(format), part, err)
	}
	return letters, nil
}

func parseLetters(format string, families []Family) (Letters, error) {
	if custom, ok := strings.CutPrefix(format, "["); ok {
		// The last bracket closes, so that an alphabet can contain one.
		end := strings.LastIndexByte(custom, ']')
		if end < 0 {
			return Letters{}, errors.New("the alphabet has no closing bracket, expected for example [ABC]4")
		}
		return newLetters(format, custom[:end], custom[end+1:])
	}
	for _, family := range families {
		if length, ok := strings.CutPrefix(format, family.Name); ok {
			return newLetters(format, family.Alphabet, length)
		}
	}
	var known strings.Builder
	for _, family := range families {
		fmt.Fprintf(&known, "%s1 to %[1]s%d, ", family.Name, MaxLength)
	}
	return Letters{}, fmt.Errorf("expected %sor an alphabet and a length such as [ABC]4", &known)
}

func newLetters(format, alphabet, length string) (Letters, error) {
	n, err := strconv.ParseUint(length, 10, 8)
	if err != nil || n < 1 || n > MaxLength || length[0] == '0' {
		return Letters{}, fmt.Errorf("the length is %s, expected a whole number from 1 to %d", quote(length), MaxLength)
	}
	if len(alphabet) < 2 {
		return Letters{}, fmt.Errorf("the alphabet has %d characters, expected at least 2", len(alphabet))
	}
	for i, r := range alphabet {
		if r <= ' ' || r > '~' {
			return Letters{}, fmt.Errorf("the alphabet has %q, expected printable ASCII characters other than the space", r)
		}
		if strings.ContainsRune(alphabet[:i], r) {
			return Letters{}, fmt.Errorf("the alphabet has %q twice, which would make it likelier than the others", r)
		}
	}
	l := Letters{name: format, alphabet: alphabet, length: int(n)}
	l.plan()
	return l, nil
}

// quote shows what was given, but not all of a giant.
func quote(s string) string {
	if len(s) > 80 {
		return strconv.Quote(s[:80]) + "…"
	}
	return strconv.Quote(s)
}

// plan divides the letters into groups and lists the spellings of two letters.
func (l *Letters) plan() {
	base := uint64(len(l.alphabet))
	for left := l.length; left > 0; {
		g, bound := group{start: l.length - left}, uint64(1)
		for g.length < left && bound <= maxBound/base {
			bound *= base
			g.length++
		}
		g.threshold = Threshold(bound)
		l.groups = append(l.groups, g)
		left -= g.length
	}
	l.pairs = make([]uint16, 0, len(l.alphabet)*len(l.alphabet))
	for i := range l.alphabet {
		for j := range l.alphabet {
			l.pairs = append(l.pairs, uint16(l.alphabet[i])|uint16(l.alphabet[j])<<8)
		}
	}
}

// String is the format as it was written, for example lower4.
func (l Letters) String() string { return l.name }

// Alphabet lists the letters in the order that they count in.
func (l Letters) Alphabet() string { return l.alphabet }

// Len is the number of letters in a spelling, and so its length in bytes.
func (l Letters) Len() int { return l.length }

// Size is the number of different spellings.
func (l Letters) Size() *big.Int {
	return new(big.Int).Exp(big.NewInt(int64(len(l.alphabet))), big.NewInt(int64(l.length)), nil)
}

// batch is the number of draws whose words are made at a time: few enough for
// their blocks to stay in the processor's first cache.
const batch = 256

// few is the number of draws up to which it does not pay to make ready for many.
const few = 4

// Append spells the draws of a range, end to end, behind dst: r.Count times
// l.Len() bytes. The indexes of the range must exist; see [Range.Check].
func (l Letters) Append(dst []byte, r Range) []byte {
	stream := NewStream(r.Key)
	if r.Count <= few {
		for i := range r.Count {
			stream.Seek(r.Start + i)
			dst = l.spellSlowly(dst, stream)
		}
		return dst
	}
	// One word decides a group, so a block decides two of them.
	readers := make([]*Blocks, (len(l.groups)+1)/2)
	for j := range readers {
		readers[j] = stream.Blocks(r.Start, uint64(j))
	}
	most := min(r.Count, batch)
	blocks := make([]byte, most*BlockSize)
	var words [batch]uint64 // on the stack, which costs nothing
	var place [batch / 16]int
	rejected := place[:0]
	size := int(r.Count) * l.length
	dst = slices.Grow(dst, size)
	left := dst[len(dst) : len(dst)+size]
	for done := uint64(0); done < r.Count; {
		n := min(r.Count-done, batch)
		part := left[:int(n)*l.length]
		rejected = rejected[:0]
		for g, group := range l.groups {
			if g&1 == 0 {
				// Reading blocks never fails.
				_, _ = readers[g>>1].Read(blocks[:n*BlockSize])
			}
			if group.length == 4 {
				rejected = l.spellBlocks(part[group.start:], blocks[g&1*8:n*BlockSize], group.threshold, rejected)
				continue
			}
			for i := range words[:n] {
				words[i] = binary.BigEndian.Uint64(blocks[i*BlockSize+g&1*8:])
			}
			rejected = l.spell(part, group, words[:n], rejected)
		}
		for _, i := range rejected {
			stream.Seek(r.Start + done + uint64(i))
			l.spellSlowly(part[i*l.length:i*l.length], stream)
		}
		left = left[len(part):]
		done += n
	}
	return dst[:len(dst)+size]
}

// spell writes one group of the spellings in dst, which lie end to end; each is
// decided by a word. It adds to rejected the spellings whose word is.
//
// The number that a word decides is floor(word × base^length ÷ 2^64), so its
// digits are those of the fraction word ÷ 2^64: multiplying by base² brings two
// of them above the point. What stays below at the end is the low half of
// word × base^length, which rejection looks at. No division is needed.
func (l *Letters) spell(dst []byte, g group, words []uint64, rejected []int) []int {
	at, left := g.start, g.length
	for ; left >= 4; at, left = at+4, left-4 {
		l.spellFour(dst[at:], words)
	}
	for ; left > 0; at, left = at+1, left-1 {
		l.spellOne(dst[at:], words)
	}
	for i, word := range words {
		if word < g.threshold {
			rejected = append(rejected, i)
		}
	}
	return rejected
}

// spellFour writes the next four letters of each spelling, and leaves in words
// what decides those behind them. Loops as small as this one keep all they need
// in registers.
func (l *Letters) spellFour(dst []byte, words []uint64) {
	square, pairs, at := uint64(len(l.alphabet)*len(l.alphabet)), l.pairs, 0
	for i, word := range words {
		first, rest := bits.Mul64(word, square)
		second, rest := bits.Mul64(rest, square)
		words[i] = rest
		binary.LittleEndian.PutUint32(dst[at:at+4], uint32(pairs[first])|uint32(pairs[second])<<16)
		at += l.length
	}
}

// spellBlocks is [Letters.spell] for a group of four letters, as the usual formats
// have, whose words are the first ones of blocks: all in one pass.
func (l *Letters) spellBlocks(dst, blocks []byte, threshold uint64, rejected []int) []int {
	square, pairs, width := uint64(len(l.alphabet)*len(l.alphabet)), l.pairs, l.length
	for i := 0; len(blocks) >= 8; i++ {
		first, rest := bits.Mul64(binary.BigEndian.Uint64(blocks), square)
		second, rest := bits.Mul64(rest, square)
		binary.LittleEndian.PutUint32(dst, uint32(pairs[first])|uint32(pairs[second])<<16)
		if rest < threshold {
			rejected = append(rejected, i)
		}
		blocks = blocks[min(BlockSize, len(blocks)):]
		dst = dst[min(width, len(dst)):]
	}
	return rejected
}

// spellOne does the same for one letter.
func (l *Letters) spellOne(dst []byte, words []uint64) {
	at := 0
	for i, word := range words {
		letter, rest := bits.Mul64(word, uint64(len(l.alphabet)))
		words[i] = rest
		dst[at] = l.alphabet[letter]
		at += l.length
	}
}

// spellSlowly appends the spelling of the stream's present index, word by word,
// rejections included.
func (l *Letters) spellSlowly(dst []byte, stream *Stream) []byte {
	base := uint64(len(l.alphabet))
	for _, group := range l.groups {
		bound := uint64(1)
		for range group.length {
			bound *= base
		}
		start := len(dst)
		for len(dst) < start+group.length {
			dst = append(dst, l.alphabet[0])
		}
		v := stream.Uniform(bound)
		for i := len(dst) - 1; i >= start; i-- {
			dst[i] = l.alphabet[v%base]
			v /= base
		}
	}
	return dst
}
