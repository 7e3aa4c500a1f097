package serve

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"
)

// room is an amount of memory that requests in progress may use together.
type room struct {
	bytes *semaphore.Weighted
	size  int64
}

func newRoom(size int64) *room { return &room{semaphore.NewWeighted(size), size} }

// defaultMemory is the memory of requests in progress if the configuration does not limit
// it.
const defaultMemory = 400 << 20

// uncounted is the memory in bytes that a request may use without reserving it, because a
// connection takes as much.
const uncounted = 16 << 10

// maxWait is how long a request waits for capacity before it is refused.
const maxWait = 5 * time.Second

// reserve waits for an amount of memory in bytes. The caller must free it with release. A
// request that needs more than there is gets all of it.
func (r *room) reserve(ctx context.Context, memory int) (release func(), err error) {
	if memory <= uncounted {
		return func() {}, nil
	}
	return acquire(ctx, r.bytes, min(int64(memory), r.size), errBusy)
}

// acquire waits for a semaphore for at most maxWait. If it waits in vain, it returns
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
