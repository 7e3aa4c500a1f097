package draw

import "strconv"

// Most draws are written by copying blocks of 16 bytes: such a copy is a load and
// a store, where copying the length that is meant is a call. What is copied too
// much, the next copy writes over.
const (
	block        = 16
	bulkAccount  = block     // up to how wide account numbers can be for that
	shortOutcome = 3 * block // up to how long an outcome is copied in blocks
	bulkSlack    = 4 * block // room for what is copied too much
)

// put copies the first block of src.
func put(dst, src []byte) { copy(dst[:block], src[:block]) }

// bulk tells which draws of a batch can be written by appendBulk. The first one
// can begin differently, and behind the last ones there is too little to copy
// blocks from.
func (e *Encoding) bulk(b *Batch) (from, to int) {
	_, width := b.Accounts.Joined()
	to = b.Len() - block
	if !e.plain || e.indexWidth > 0 || e.accountWidth > 0 || width == 0 || width > bulkAccount || to < 1 {
		return 0, 0
	}
	return 1, to
}

// appendBulk writes draws of a batch that bulk allows. There must be room for
// them behind dst.
func (e *Encoding) appendBulk(dst []byte, b *Batch, from, to int) []byte {
	texts, width := b.Accounts.Joined()
	text, number := padded(textKey), padded(numberKey)
	out, at := dst[len(dst):cap(dst)], 0
	h := e.head(b.Start + uint64(from))
	for i := from; i < to; i++ {
		if h.digit > '9' && !h.carry() {
			h = e.head(b.Start + uint64(i))
		}
		for k := 0; k < h.size; k += block {
			put(out[at+k:], h.text[k:])
		}
		out[at+h.last] = h.digit
		h.digit++
		at += h.size
		account := texts[i*width:]
		put(out[at:], account)
		at += width
		if e.parts > 0 {
			put(out[at:], text)
			at += len(textKey)
			put(out[at:], account)
			at += e.parts
			put(out[at:], number)
			at += len(numberKey)
			put(out[at:], account[e.parts:])
			at += width - e.parts
		}
		outcome := e.outcomes[b.Outcomes[i]]
		if len(outcome) <= shortOutcome {
			blocks := outcome[:shortOutcome]
			put(out[at:], blocks)
			put(out[at+block:], blocks[block:])
			put(out[at+2*block:], blocks[2*block:])
		} else {
			copy(out[at:], outcome)
		}
		at += len(outcome)
	}
	return dst[:len(dst)+at]
}

// head is what stands before the account number of up to ten draws, whose
// indexes differ in the last digit.
type head struct {
	text        [4 * block]byte
	size        int
	first, last int  // where the first and the last digit stand
	digit       byte // the last digit of the next draw
}

func (e *Encoding) head(index uint64) head {
	var h head
	text := strconv.AppendUint(append(h.text[:0], e.next...), index, 10)
	h.first, h.last = len(e.next), len(text)-1
	h.digit = text[h.last]
	h.size = len(append(text, e.account...))
	return h
}

// carry goes on to the next ten draws. It is false where their indexes have one
// more digit.
func (h *head) carry() bool {
	h.digit = '0'
	for i := h.last - 1; i >= h.first; i-- {
		if h.text[i] < '9' {
			h.text[i]++
			return true
		}
		h.text[i] = '0'
	}
	return false
}

// padded is a text with what it takes to copy it as a block.
func padded(text string) []byte {
	var b [block]byte
	copy(b[:], text)
	return b[:]
}
