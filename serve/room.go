package serve

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"
)

// room is the memory that requests in progress may use in total.
type room struct {
	bytes *semaphore.Weighted
	size  int64
}

func newRoom(size int64) *room { return &room{semaphore.NewWeighted(size), size} }

// defaultMemory is the memory in bytes for requests in progress if the configuration sets
// no limit.
const defaultMemory = 400 << 20

// uncounted is the memory in bytes that a request may use without reserving it. A
// connection alone takes as much.
const uncounted = 16 << 10

// maxWait is how long a request waits for capacity before it is refused.
const maxWait = 5 * time.Second

// reserve waits until the given number of bytes is available. The caller must free them
// with release. A request for more than the total gets the total.
func (r *room) reserve(ctx context.Context, memory int) (release func(), err error) {
	if memory <= uncounted {
		return func() {}, nil
	}
	return acquire(ctx, r.bytes, min(int64(memory), r.size), errBusy)
}

// acquire acquires n of s, waiting at most maxWait. If that time passes, it returns
// refused.
func acquire(ctx context.Context, s *semaphore.Weighted, n int64, refused error) (release func(), err error) {
	if !s.TryAcquire(n) {
		ctx, cancel := context.WithTimeout(ctx, maxWait)
		defer cancel()
		if s.Acquire(ctx, n) != nil {
			return nil, refused
		}
	}
	return func() { s.Release(n) }, nil
}
