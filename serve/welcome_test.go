package serve_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/store/storetest"
	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/servertest"
)

// TestDeletedDemoStaysDeleted starts a server with a new database, deletes the demo
// campaign, and starts another server. It checks that the campaign stays deleted.
func TestDeletedDemoStaysDeleted(t *testing.T) {
	db := storetest.Open(t, storetest.File(t))
	admin := campaign.New(campaign.Config{Store: db, Generator: draw.Local{}}).Admin("admin")
	start := func() (stop func()) {
		s := servertest.New(t, serve.All, servertest.Quiet, func(c *serve.Config) { c.Store, c.Welcome = db, true })
		listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it returns at once
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Serve(ctx, listener) }()
		return func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	}
	stop := start()
	open := func() bool {
		c, err := admin.Campaign(t.Context(), campaign.Demo)
		return err == nil && c.State == campaign.Open
	}
	for !open() {
		time.Sleep(time.Millisecond) // wait until the server has opened it
	}
	stop()
	if err := admin.Delete(t.Context(), campaign.Demo); err != nil {
		t.Fatal(err)
	}
	start()() // on a slow machine, the test may miss a fault, but it never fails wrongly
	if _, err := admin.Campaign(t.Context(), campaign.Demo); !errors.Is(err, campaign.ErrNotFound) {
		t.Errorf("demo campaign after the second start: got error %v, want ErrNotFound", err)
	}
}
