package ratelimit

import (
	"hash/maphash"
	"sync"
)

// shards is the number of parts of a table, which have a lock each.
const shards = 32

// table maps sources to limiters or answers, which it creates when they are needed. It keeps
// at least the most recently used values, at most twice as many, and forgets the others. All
// operations take constant time. It is not generic, because the names of generic functions
// make the program larger.
type table struct {
	seed   maphash.Seed
	create func() any // returns a pointer
	shards [shards]shard
}

// shard is a part of a table. When young is full, it becomes old, and the values of old that
// were not used since then are forgotten.
type shard struct {
	mu         sync.Mutex
	max        int
	young, old map[source]any
}

// newTable returns a table that keeps at least the size most recently used values. Sources are
// spread over the shards at random.
func newTable(size int, create func() any) *table {
	t := &table{seed: maphash.MakeSeed(), create: create}
	for i := range t.shards {
		t.shards[i] = shard{max: max(size/shards, 1), young: map[source]any{}}
	}
	return t
}

// shard returns the shard of a source.
func (t *table) shard(k source) *shard {
	return &t.shards[maphash.Bytes(t.seed, k.from[:])%shards]
}

// get returns the value of a source. It creates the value if there is none.
func (t *table) get(k source) any {
	s := t.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.young[k]
	if v != nil {
		return v
	}
	if v = s.old[k]; v == nil {
		v = t.create()
	}
	if len(s.young) >= s.max {
		s.young, s.old = make(map[source]any, s.max), s.young
	}
	s.young[k] = v
	return v
}

// find returns the value of a source, or nil if there is none.
func (t *table) find(k source) any {
	s := t.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.young[k]; v != nil {
		return v
	}
	return s.old[k]
}

// remove removes the value of a source.
func (t *table) remove(k source) {
	s := t.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.young, k)
	delete(s.old, k)
}

// len returns the number of values.
func (t *table) len() int {
	n := 0
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		n += len(s.young)
		for k := range s.old {
			if s.young[k] == nil {
				n++
			}
		}
		s.mu.Unlock()
	}
	return n
}
