package store

import (
	"context"
	"errors"
	"os"
	"time"
)

// probe checks whether the disk of a file accepts writes. It writes a small file next to it,
// at most once per probeInterval.
type probe struct {
	path string
	sem  chan struct{} // holds one token while the following fields are in use
	at   time.Time     // time of the last result
	err  error         // the last result
}

const (
	probeInterval = time.Second
	probeBytes    = 64 << 10 // about what a batch of plays adds to the log
)

// errNoAnswer is the error for a database or disk that does not respond in time.
var errNoAnswer = errors.New("it does not respond")

func newProbe(path string) probe {
	return probe{path: path + "-probe", sem: make(chan struct{}, 1)}
}

// check returns an error if the disk does not accept writes or does not respond before ctx
// is done.
func (p *probe) check(ctx context.Context) error {
	select {
	case p.sem <- struct{}{}:
	case <-ctx.Done():
		return errNoAnswer
	}
	result := make(chan error, 1)
	go func() { // holds the token for as long as the disk hangs
		defer func() { <-p.sem }()
		if time.Since(p.at) >= probeInterval {
			p.err, p.at = p.write(), time.Now()
		}
		result <- p.err
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return errNoAnswer
	}
}

// write writes the probe file and removes it. It overwrites a file that a killed process has
// left.
func (p *probe) write() error {
	err := os.WriteFile(p.path, make([]byte, probeBytes), 0o600)
	if removeErr := os.Remove(p.path); err == nil {
		err = removeErr
	}
	return err
}
