package store

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

// checkpointDelay is the time after which a transaction is copied from the log to the
// SQLite file. If the log is lost, only transactions younger than this are lost.
const checkpointDelay = 2 * time.Second

// checkpoints copies the log of a SQLite file to the file, checkpointDelay after a
// transaction and in the background. SQLite's own checkpoints, in contrast, delay the
// transaction that makes the log too long.
type checkpoints struct {
	pool *sql.DB

	mu      sync.Mutex
	timer   *time.Timer // nil unless a checkpoint is scheduled
	running sync.WaitGroup
	closed  bool
}

// schedule schedules a checkpoint unless one is scheduled already. It is called after each
// commit.
func (c *checkpoints) schedule() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer == nil && !c.closed {
		c.running.Add(1)
		c.timer = time.AfterFunc(checkpointDelay, c.run)
	}
}

func (c *checkpoints) run() {
	defer c.running.Done()
	c.mu.Lock()
	c.timer = nil // later commits need another checkpoint
	c.mu.Unlock()
	var busy, pages, copied int
	err := c.pool.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &pages, &copied)
	if err != nil || copied < pages { // readers are still using older pages
		c.schedule()
	}
}

// close cancels a scheduled checkpoint, waits for one in progress and prevents new ones.
func (c *checkpoints) close() {
	c.mu.Lock()
	c.closed = true
	if c.timer != nil && c.timer.Stop() {
		c.running.Done()
	}
	c.mu.Unlock()
	c.running.Wait()
}
