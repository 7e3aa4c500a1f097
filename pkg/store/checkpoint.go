package store

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

// checkpointDelay is the time after which a transaction is copied from the log to the
// SQLite file. If the log is lost, only younger transactions are lost with it.
const checkpointDelay = 2 * time.Second

// checkpoints copies the log of a SQLite file to the file some time after transactions. It
// does not make transactions wait, unlike the checkpoint of a long log, which the
// transaction that makes the log long performs itself.
type checkpoints struct {
	pool *sql.DB

	mu      sync.Mutex
	timer   *time.Timer // nil unless a checkpoint is due
	running sync.WaitGroup
	closed  bool
}

// schedule schedules a checkpoint unless one is due. It is called after each commit.
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
	c.timer = nil // a commit from now on needs another checkpoint
	c.mu.Unlock()
	var busy, pages, copied int
	err := c.pool.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &pages, &copied)
	if err != nil || copied < pages { // readers still use the older pages of the file
		c.schedule()
	}
}

// close waits for a checkpoint in progress. No more checkpoints are scheduled.
func (c *checkpoints) close() {
	c.mu.Lock()
	c.closed = true
	if c.timer != nil && c.timer.Stop() {
		c.running.Done()
	}
	c.mu.Unlock()
	c.running.Wait()
}
