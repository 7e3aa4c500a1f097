//go:build linux

package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/store"
	"github.com/prizegen/prizegen/pkg/store/storetest"
)

// TestFrozenServer checks that methods return ErrUnavailable while PostgreSQL is suspended,
// instead of waiting forever, and that they work again afterwards. make test runs it.
func TestFrozenServer(t *testing.T) {
	server := storetest.StartServer(t, true)
	t.Cleanup(func() { _ = server.Thaw() }) // a suspended server does not stop
	db, err := store.Open(t.Context(), server.Address(), store.Options{ResponseTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // no longer used
	added(t, db, "summer")
	ctx := context.Background() // never cancelled: the methods must return on their own
	addCampaign := func(name string) error {
		return db.Update(ctx, func(tx campaign.Tx) error { return tx.AddCampaign(ctx, record(name)) })
	}
	frozen := map[string]func() error{
		"Campaign":  func() error { _, err := db.Campaign(ctx, "summer"); return err },
		"Campaigns": func() error { _, err := db.Campaigns(ctx, campaign.CampaignQuery{}); return err },
		"Entrant":   func() error { _, err := db.Entrant(ctx, 1); return err },
		"Update":    func() error { return addCampaign("winter") },
		"Ping":      func() error { return db.Ping(ctx) },
		"inside a transaction": func() error {
			return db.Update(ctx, func(tx campaign.Tx) error {
				return errors.Join(server.Freeze(), tx.AddCampaign(ctx, record("autumn")))
			})
		},
		"at the commit": func() error {
			return db.Update(ctx, func(tx campaign.Tx) error {
				return errors.Join(tx.AddCampaign(ctx, record("spring")), server.Freeze())
			})
		},
	}
	for _, name := range []string{"at the commit", "inside a transaction"} {
		if err := frozen[name](); !errors.Is(err, campaign.ErrUnavailable) {
			t.Errorf("server frozen %s: got error %v, want ErrUnavailable", name, err)
		}
		if err := server.Thaw(); err != nil {
			t.Fatal(err)
		}
		delete(frozen, name)
	}
	if err := db.Ping(ctx); err != nil {
		t.Fatal(err)
	}
	if err := server.Freeze(); err != nil {
		t.Fatal(err)
	}
	var calls sync.WaitGroup
	for name, call := range frozen {
		for range 10 { // more calls than open connections
			calls.Go(func() {
				if err := call(); !errors.Is(err, campaign.ErrUnavailable) {
					t.Errorf("%s: got error %v, want ErrUnavailable", name, err)
				}
			})
		}
	}
	calls.Wait()
	if err := server.Thaw(); err != nil {
		t.Fatal(err)
	}
	for name, call := range frozen {
		for err := call(); err != nil; err = call() {
			if !errors.Is(err, campaign.ErrUnavailable) && !errors.Is(err, campaign.ErrNotFound) && !errors.Is(err, campaign.ErrExists) {
				t.Fatalf("%s after the server was resumed: got error %v, want none, ErrNotFound or ErrExists", name, err)
			}
			if !errors.Is(err, campaign.ErrUnavailable) {
				break
			}
		}
	}
}
