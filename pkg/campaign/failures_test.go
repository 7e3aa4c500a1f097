package campaign_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/store/storetest"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// brokenGenerator fails if err is set, and waits for gate if gate is set.
type brokenGenerator struct {
	draw.Local
	err   error
	gate  chan struct{}
	calls int
}

func (g *brokenGenerator) Texts(ctx context.Context, dst []byte, f textgen.Format, r entropy.Range) ([]byte, error) {
	g.calls++
	if g.gate != nil {
		<-g.gate
	}
	if g.err != nil {
		return nil, g.err
	}
	return g.Local.Texts(ctx, dst, f, r)
}

// brokenStore fails before a transaction if down is set. If loseResponse is set, it fails
// after the commit, as if the response of the database had been lost.
type brokenStore struct {
	campaign.Store
	down, loseResponse atomic.Bool
}

func (s *brokenStore) Update(ctx context.Context, f func(campaign.Tx) error) error {
	if s.down.Load() {
		return campaign.Errorf(campaign.ErrUnavailable, "the database is down")
	}
	err := s.Store.Update(ctx, f)
	if err == nil && s.loseResponse.Load() {
		return errors.New("the connection broke")
	}
	return err
}

// TestGeneratorFailure checks that, when the generator fails, plays succeed as long as
// there are prepared draws, and that later plays store nothing.
func TestGeneratorFailure(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		g := &brokenGenerator{}
		p := campaign.New(campaign.Config{Store: storetest.Open(t, address), Generator: g}).Admin("test")
		begin(t, p, plan("summer"))
		play := func(i int) (campaign.Draw, error) {
			return p.Play(t.Context(), campaign.Play{Campaign: "summer", Person: person(i), Key: fmt.Sprint(i)})
		}
		first, err := play(0)
		if err != nil {
			t.Fatal(err)
		}
		g.err = errors.New("the generator failed")
		played := 1
		for err == nil && played < 1000 {
			if _, err = play(played); err == nil {
				played++
			}
		}
		if !errors.Is(err, g.err) || played > 144 { // docs/campaigns.md promises at most 144
			t.Errorf("after %d plays: got error %v, want at most 144 plays and then the generator's error", played, err)
		}
		if again, err := play(0); err != nil || again.ID != first.ID {
			t.Errorf("repeated play: got %+v, error %v, want draw %s", again, err, first.ID)
		}
		if _, err := p.Play(t.Context(), campaign.Play{Campaign: "summer", Person: person(2), Key: "0"}); !errors.Is(err, campaign.ErrKeyReused) {
			t.Errorf("key of another play: got error %v, want ErrKeyReused", err)
		}
		if c, err := p.Campaign(t.Context(), "summer"); err != nil || c.Plays != int64(played) {
			t.Errorf("plays of the campaign: got %d, error %v, want %d", c.Plays, err, played)
		}
		g.err = nil
		if d, err := play(played); err != nil || d.Index < uint64(played) {
			t.Errorf("play after the failure: got %+v, error %v, want a draw with index %d or more", d, err, played)
		}
		if _, err := p.Close(t.Context(), "summer"); err != nil {
			t.Fatal(err)
		}
		verified(t, p, "summer")
	})
}

// TestGeneratorIsCalledRarely checks that the generator prepares draws for several batches
// at once.
func TestGeneratorIsCalledRarely(t *testing.T) {
	g := &brokenGenerator{}
	p := campaign.New(campaign.Config{Store: storetest.Open(t, storetest.File(t)), Generator: g}).Admin("test")
	begin(t, p, plan("summer"))
	const plays = 100
	for i := range plays {
		if _, err := p.Play(t.Context(), campaign.Play{Campaign: "summer", Person: person(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if g.calls > plays/10 {
		t.Errorf("calls to the generator for %d plays: got %d, want at most %d", plays, g.calls, plays/10)
	}
}

// TestLostResponse checks that, after the response to a commit was lost, a repeated play
// with the same key returns the stored draw.
func TestLostResponse(t *testing.T) {
	db := &brokenStore{Store: storetest.Open(t, storetest.File(t))}
	p := campaign.New(campaign.Config{Store: db, Generator: draw.Local{}}).Admin("test")
	begin(t, p, plan("summer"))
	play := campaign.Play{Campaign: "summer", Person: person(1), Key: "one", FromSite: true}

	db.down.Store(true)
	if _, err := p.Service.Play(t.Context(), play); !errors.Is(err, campaign.ErrUnavailable) {
		t.Errorf("unavailable database: got error %v, want ErrUnavailable", err)
	}
	db.down.Store(false)
	db.loseResponse.Store(true)
	d, err := p.Service.Play(t.Context(), play)
	if err != nil {
		t.Errorf("play with a lost response: got error %v, want the stored draw", err)
	}
	db.loseResponse.Store(false)
	again, err := p.Service.Play(t.Context(), play)
	if err != nil || again.ID != d.ID {
		t.Errorf("repeated play: got %+v, error %v, want draw %s", again, err, d.ID)
	}
	if found, err := p.PlayOfKey(t.Context(), "one"); err != nil || found.ID != d.ID {
		t.Errorf("PlayOfKey: got %+v, error %v, want draw %s", found, err, d.ID)
	}
	if _, err := p.PlayOfKey(t.Context(), "two"); !errors.Is(err, campaign.ErrNotFound) {
		t.Errorf("unused key: got error %v, want ErrNotFound", err)
	}
	if c, err := p.Campaign(t.Context(), "summer"); err != nil || c.Plays != 1 {
		t.Errorf("plays of the campaign: got %d, error %v, want 1", c.Plays, err)
	}
}

// TestQueueIsLimited checks that a play fails immediately if the queue is full.
func TestQueueIsLimited(t *testing.T) {
	db := storetest.Open(t, storetest.File(t))
	synctest.Test(t, func(t *testing.T) {
		g := &brokenGenerator{gate: make(chan struct{})}
		p := campaign.New(campaign.Config{Store: db, Generator: g, MaxQueue: 3, MaxBatch: 2}).Admin("test")
		begin(t, p, plan("summer"))
		answers := make(chan error, 10)
		play := func(i int) {
			_, err := p.Play(t.Context(), campaign.Play{Campaign: "summer", Person: person(i)})
			answers <- err
		}
		go play(0)
		synctest.Wait() // for its batch to wait for the generator
		for i := range 3 {
			go play(1 + i)
		}
		synctest.Wait()
		play(4)
		if err := <-answers; !errors.Is(err, campaign.ErrBusy) || !strings.Contains(err.Error(), "3 plays of campaign summer are waiting") {
			t.Errorf("play with a full queue: got error %v, want ErrBusy", err)
		}
		close(g.gate)
		for range 4 {
			if err := <-answers; err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
	})
}

// TestIdleQueuesAreRemoved plays more campaigns than the engine keeps queues for. It
// checks that later plays still get the next index.
func TestIdleQueuesAreRemoved(t *testing.T) {
	p := newAdmin(t, storetest.File(t))
	for i := range 120 {
		name := fmt.Sprint("c", i)
		begin(t, p, plan(name))
		if _, err := p.Play(t.Context(), campaign.Play{Campaign: name, Person: person(i)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, i := range []int{0, 60, 119} {
		d, err := p.Play(t.Context(), campaign.Play{Campaign: fmt.Sprint("c", i), Person: person(i)})
		if err != nil || d.Index == 0 {
			t.Errorf("second play of c%d: got %+v, error %v, want the next index", i, d, err)
		}
	}
}

// TestInvalidKeys checks the errors for malformed once-only keys.
func TestInvalidKeys(t *testing.T) {
	p := opened(t, storetest.File(t), plan("summer"))
	for _, key := range []string{strings.Repeat("k", 255+1), "a\nb", "clé", "\x7f"} {
		if _, err := p.Play(t.Context(), campaign.Play{Campaign: "summer", Person: person(1), Key: key}); field(err) != "Idempotency-Key" {
			t.Errorf("key %q: got error %v, want an error for field Idempotency-Key", key, err)
		}
	}
	if _, err := p.Play(t.Context(), campaign.Play{Campaign: "summer", Person: person(1), Key: strings.Repeat("k", 255)}); err != nil {
		t.Error(err)
	}
	if _, err := p.Play(t.Context(), campaign.Play{Campaign: "No Such", Person: person(1)}); !errors.Is(err, campaign.ErrNotFound) {
		t.Errorf("malformed name: got error %v, want ErrNotFound", err)
	}
}

// full is a writer that fails once it has received more than left bytes.
type full struct{ left int }

func (w *full) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errors.New("no space left")
	}
	return len(p), nil
}

func TestExportWriteErrors(t *testing.T) {
	p := opened(t, storetest.File(t), plan("summer"))
	for i := range 20 {
		if _, err := p.Play(t.Context(), campaign.Play{Campaign: "summer", Person: person(i)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, room := range []int{0, 100, 1000} {
		if err := p.Export(t.Context(), "summer", &full{room}, campaign.ExportOptions{}); err == nil {
			t.Errorf("Export to a writer for %d bytes: got no error, want one", room)
		}
		if err := p.ExportCSV(t.Context(), "summer", &full{room}, campaign.ExportOptions{}); err == nil {
			t.Errorf("ExportCSV to a writer for %d bytes: got no error, want one", room)
		}
	}
	var file bytes.Buffer
	if err := p.Export(t.Context(), "winter", &file, campaign.ExportOptions{}); !errors.Is(err, campaign.ErrNotFound) || file.Len() > 0 {
		t.Errorf("Export of an unknown campaign: got error %v and %q, want ErrNotFound and no output", err, file.String())
	}
}
