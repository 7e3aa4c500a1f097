package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/prizegen/prizegen/bench"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/store"
)

// promotion is an open campaign that is run in this process.
type promotion struct {
	*campaign.Admin
	db   *store.DB
	name string
}

// openPromotion opens a database and a campaign in it, which it creates if necessary. At
// most maxBatch plays share a transaction.
func openPromotion(ctx context.Context, address, name string, maxBatch int) (*promotion, error) {
	spec, err := bench.Spec(0)
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, address, store.Options{Create: true})
	if err != nil {
		return nil, err
	}
	p := campaign.New(campaign.Config{Store: db, Generator: draw.Local{}, MaxBatch: maxBatch}).Admin("bench")
	_, err = p.Campaign(ctx, name)
	if errors.Is(err, campaign.ErrNotFound) {
		plan := campaign.Plan{Name: name, RulesYAML: string(spec.Rules.Source()), TextFormat: spec.Text.String(), NumberFormat: spec.Number.String()}
		if _, err = p.Create(ctx, plan); err == nil {
			_, err = p.Open(ctx, name)
		}
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &promotion{p, db, name}, nil
}

// play makes a play with the given once-only key for a new entrant.
func (p *promotion) play(ctx context.Context, key string) error {
	_, err := p.Play(ctx, campaign.Play{Campaign: p.name, Key: key, Person: &campaign.Person{FirstName: "Ann", LastName: "Lee " + key}})
	return err
}

// playFor makes plays with 64 goroutines. It returns the number of plays per second.
func (p *promotion) playFor(ctx context.Context, l *lab) (float64, error) {
	mark := l.mark()
	return atOnce(l.time(), func(n int64) error { return p.play(ctx, fmt.Sprint(mark, n)) })
}

// close closes the database.
func (p *promotion) close() {
	_ = p.db.Close() // all writes have been committed
}
