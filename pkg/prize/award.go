package prize

import (
	"encoding/binary"
	"math/bits"

	"github.com/prizegen/prizegen/pkg/entropy"
)

// batch is how many account numbers are decided at a time.
const batch = 256

// Award decides the prizes of account numbers, the i-th of which is the draw
// r.Start+i, and appends their outcomes to dst. r.Count must be the number of
// accounts, the accounts must be as [CheckAccount] wants them, and the indexes
// of the range must exist.
func (r *Rules) Award(dst []Outcome, accounts *Accounts, draws entropy.Range) []Outcome {
	stream := entropy.NewStream(draws.Key)
	blocks := stream.Blocks(draws.Start, 0)
	words := make([]byte, batch*entropy.BlockSize)
	rows := make([]int32, batch)
	for done := 0; done < accounts.Len(); {
		n := min(accounts.Len()-done, batch)
		r.automaton.runAll(rows[:n], accounts, done)
		// Reading blocks never fails.
		_, _ = blocks.Read(words[:n*entropy.BlockSize])
		for i, row := range rows[:n] {
			v, low := bits.Mul64(binary.BigEndian.Uint64(words[i*entropy.BlockSize:]), r.awards.bound[row])
			if low < r.awards.threshold[row] {
				stream.Seek(draws.Start + uint64(done+i))
				v = stream.Uniform(r.awards.bound[row])
			}
			dst = append(dst, r.awards.pick(row, v))
		}
		done += n
	}
	return dst
}
