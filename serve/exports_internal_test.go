package serve

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"golang.org/x/sync/semaphore"
)

// TestSlowClientsDoNotStopExports checks that an export whose client does not read gives up
// its turn, and that an export that gets no turn is refused.
func TestSlowClientsDoNotStopExports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := semaphore.NewWeighted(1)
		reader, writer := io.Pipe()
		slow := &turn{ctx: t.Context(), turns: turns, to: writer}
		if err := slow.begin(); err != nil {
			t.Fatal(err)
		}
		other := &turn{ctx: t.Context(), turns: turns, to: io.Discard}
		if err := other.begin(); !errors.Is(err, errExports) {
			t.Errorf("while another export computes: got error %v, want %v", err, errExports)
		}
		written := make(chan error)
		go func() {
			_, err := slow.Write([]byte("a page"))
			written <- err
		}()
		synctest.Wait()
		if err := other.begin(); err != nil {
			t.Errorf("while a client does not read: got error %v, want nil", err)
		}
		if _, err := io.ReadFull(reader, make([]byte, len("a page"))); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		other.end()
		if err := <-written; err != nil {
			t.Errorf("after the client has read: got error %v, want nil", err)
		}
		slow.end()
		slow.end()
		if !turns.TryAcquire(1) {
			t.Error("turn after the export: got it still taken, want it free")
		}
	})
}

// TestExportsEnd checks that an export ends if its client gives up.
func TestExportsEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	turns := semaphore.NewWeighted(1)
	export := &turn{ctx: ctx, turns: turns, to: io.Discard}
	if err := export.begin(); err != nil {
		t.Fatal(err)
	}
	export.end()
	if !turns.TryAcquire(1) {
		t.Fatal("turn after the export: got it still taken, want it free")
	}
	cancel()
	if _, err := export.Write([]byte("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("Write after the client gave up: got error %v, want the context's error", err)
	}
	export.end()
}
