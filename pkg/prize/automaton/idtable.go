package automaton

import (
	"encoding/binary"
	"hash/maphash"
)

// idTable assigns IDs 0, 1, 2, … to keys in the order of their first lookup. It stores only
// hashes, so the caller must compare keys. Its zero value is an empty table.
type idTable struct {
	seed   maphash.Seed
	slots  []uint32 // id+1 of a key, or 0; the length is a power of two
	hashes []uint32 // by id
}

// find returns the ID of a key and reports whether the key was already present. same must
// report whether the key equals the one with the given ID.
func (t *idTable) find(key []byte, same func(id uint32) bool) (id uint32, known bool) {
	if t.slots == nil {
		t.seed, t.slots = maphash.MakeSeed(), make([]uint32, 64)
	}
	hash := uint32(maphash.Bytes(t.seed, key))
	slot := t.slot(hash)
	for ; t.slots[slot] != 0; slot = (slot + 1) & uint32(len(t.slots)-1) {
		id := t.slots[slot] - 1
		if t.hashes[id] == hash && same(id) {
			return id, true
		}
	}
	id = uint32(len(t.hashes))
	t.hashes = append(t.hashes, hash)
	t.slots[slot] = id + 1
	if 2*len(t.hashes) > len(t.slots) {
		t.grow()
	}
	return id, false
}

func (t *idTable) slot(hash uint32) uint32 { return hash & uint32(len(t.slots)-1) }

// grow doubles the number of slots.
func (t *idTable) grow() {
	t.slots = make([]uint32, 2*len(t.slots))
	for id, hash := range t.hashes {
		slot := t.slot(hash)
		for t.slots[slot] != 0 {
			slot = (slot + 1) & uint32(len(t.slots)-1)
		}
		t.slots[slot] = uint32(id) + 1
	}
}

// reset empties the table and keeps its memory.
func (t *idTable) reset() {
	clear(t.slots)
	t.hashes = t.hashes[:0]
}

// appendNumbers appends numbers to a key.
func appendNumbers(key []byte, numbers []uint32) []byte {
	for _, number := range numbers {
		key = binary.LittleEndian.AppendUint32(key, number)
	}
	return key
}
