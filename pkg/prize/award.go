package prize

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/prizegen/prizegen/pkg/entropy"
)

// batch is the number of account numbers that [Rules.Award] processes at a time.
const batch = 256

// Award appends the outcomes of account numbers to dst. Account number i belongs to draw
// draws.Start+i. Both accounts and draws must be valid and have the same length.
func (r *Rules) Award(dst []Outcome, accounts *Accounts, draws entropy.Range) []Outcome {
	stream := entropy.NewStream(draws.Key)
	blocks := stream.Blocks(draws.Start, 0)
	most := min(accounts.Len(), batch)
	words := make([]byte, most*entropy.BlockSize)
	var rows [batch]int32 // an array, so that it stays on the stack
	old := len(dst)
	dst = slices.Grow(dst, accounts.Len())[:old+accounts.Len()]
	for left, done := dst[old:], 0; done < accounts.Len(); {
		n := min(accounts.Len()-done, batch)
		r.match(rows[:n], accounts, done)
		// Reading blocks never fails.
		_, _ = blocks.Read(words[:n*entropy.BlockSize])
		part := left[:n]
		for i, row := range rows[:n] {
			award := &r.awards.rows[row]
			v, low := bits.Mul64(binary.BigEndian.Uint64(words[i*entropy.BlockSize:]), award.bound)
			if low < award.threshold {
				stream.Seek(draws.Start + uint64(done+i))
				v = stream.Uniform(award.bound)
			}
			part[i] = award.pick(v)
		}
		left = left[n:]
		done += n
	}
	return dst
}

// match sets rows[i] to the index of the first rule that matches account number from+i, or
// to the number of rules if none does.
func (r *Rules) match(rows []int32, accounts *Accounts, from int) {
	part := accounts.Slice(from, from+len(rows))
	if joined, width := part.Joined(); width > 0 {
		r.automaton.MatchJoined(rows, joined, width)
		return
	}
	for i := range rows {
		rows[i] = r.automaton.MatchBytes(part.At(i))
	}
}
