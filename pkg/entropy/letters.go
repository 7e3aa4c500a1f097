package entropy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"math/bits"
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
		g, bound := group{}, uint64(1)
		for g.length < left && bound <= maxBound/base {
			bound *= base
			g.length++
		}
		g.threshold = Threshold(bound)
		l.groups = append(l.groups, g)
		left -= g.length
	}
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

// Append spells the draws of a range, end to end, behind dst: r.Count times
// l.Len() bytes. The indexes of the range must exist; see [Range.Check].
func (l Letters) Append(dst []byte, r Range) []byte {
	stream := NewStream(r.Key)
	// One word decides a group, so a block decides two of them.
	readers := make([]*Blocks, (len(l.groups)+1)/2)
	for j := range readers {
		readers[j] = stream.Blocks(r.Start, uint64(j))
	}
	words := make([]byte, len(readers)*batch*BlockSize)
	for done := uint64(0); done < r.Count; {
		n := min(r.Count-done, batch)
		for j, blocks := range readers {
			// Reading blocks never fails.
			_, _ = blocks.Read(words[j*batch*BlockSize:][:n*BlockSize])
		}
		for i := range n {
			spelled, ok := l.spell(dst, words[i*BlockSize:])
			if !ok {
				stream.Seek(r.Start + done + i)
				spelled = l.spellSlowly(dst, stream)
			}
			dst = spelled
		}
		done += n
	}
	return dst
}

// spell appends one spelling, decided by the first word for each group. It is
// false where a word is rejected.
//
// The number that a word decides is floor(word × base^length ÷ 2^64), so its
// digits are those of the fraction word ÷ 2^64: multiplying by base² brings two
// of them above the point. What stays below at the end is the low half of
// word × base^length, which rejection looks at. No division is needed.
func (l *Letters) spell(dst, words []byte) ([]byte, bool) {
	base := uint64(len(l.alphabet))
	rejected := false
	for g := range l.groups {
		group := &l.groups[g]
		word := binary.BigEndian.Uint64(words[(g>>1)*batch*BlockSize+(g&1)*8:])
		var hi uint64
		for range group.length / 2 {
			hi, word = bits.Mul64(word, base*base)
			dst = binary.LittleEndian.AppendUint16(dst, l.pairs[hi])
		}
		if group.length%2 == 1 {
			hi, word = bits.Mul64(word, base)
			dst = append(dst, l.alphabet[hi])
		}
		rejected = rejected || word < group.threshold
	}
	return dst, !rejected
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
