package ratelimit

import (
	"hash/maphash"
	"sync"
)

// shards is the number of parts of a table, which have a lock each.
const shards = 32

// table maps keys to values, which it creates when they are needed. It keeps at least the
// most recently used values, at most twice as many, and forgets the others. All operations
// take constant time.
type table[K comparable, V any] struct {
	seed   maphash.Seed
	create func() *V
	shards [shards]shard[K, V]
}

// shard is a part of a table. When young is full, it becomes old, and the values of old that
// were not used since then are forgotten.
type shard[K comparable, V any] struct {
	mu         sync.Mutex
	max        int
	young, old map[K]*V
}

// newTable returns a table that keeps at least the size most recently used values. Keys are
// spread over the shards at random.
func newTable[K comparable, V any](size int, create func() *V) *table[K, V] {
	t := &table[K, V]{seed: maphash.MakeSeed(), create: create}
	for i := range t.shards {
		t.shards[i] = shard[K, V]{max: max(size/shards, 1), young: map[K]*V{}}
	}
	return t
}

// shard returns the shard with a key.
func (t *table[K, V]) shard(k K) *shard[K, V] {
	return &t.shards[maphash.Comparable(t.seed, k)%shards]
}

// get returns the value of a key. It creates the value if there is none.
func (t *table[K, V]) get(k K) *V {
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
		s.young, s.old = make(map[K]*V, s.max), s.young
	}
	s.young[k] = v
	return v
}

// find returns the value of a key, or nil if there is none.
func (t *table[K, V]) find(k K) *V {
	s := t.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.young[k]; v != nil {
		return v
	}
	return s.old[k]
}

// remove removes the value of a key.
func (t *table[K, V]) remove(k K) {
	s := t.shard(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.young, k)
	delete(s.old, k)
}

// len returns the number of values.
func (t *table[K, V]) len() int {
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
