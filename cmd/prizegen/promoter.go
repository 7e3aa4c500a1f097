package main

import (
	"context"
	"errors"
	"io"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/store"
)

// promoter runs campaigns: those of a database here, or those of a core elsewhere.
type promoter interface {
	Create(ctx context.Context, plan campaign.Plan) (campaign.Campaign, error)
	Campaign(ctx context.Context, name string) (campaign.Campaign, error)
	Campaigns(ctx context.Context, list campaign.List) (campaign.Page, error)
	Edit(ctx context.Context, name string, version int64, plan campaign.Plan) (campaign.Campaign, error)
	Open(ctx context.Context, name string) (campaign.Campaign, error)
	Close(ctx context.Context, name string) (campaign.Campaign, error)
	Delete(ctx context.Context, name string) error
	Export(ctx context.Context, name string, w io.Writer, o campaign.ExportOptions) error
	ExportCSV(ctx context.Context, name string, w io.Writer, o campaign.ExportOptions) error
	Play(ctx context.Context, play campaign.Play) (campaign.Draw, error)
	Draws(ctx context.Context, list campaign.DrawList) (campaign.DrawPage, error)
	Claim(ctx context.Context, id, note string) (campaign.Draw, error)
	Unclaim(ctx context.Context, id string) (campaign.Draw, error)
	Void(ctx context.Context, id, reason string) (campaign.Draw, error)
	AddEntrant(ctx context.Context, person campaign.Person) (campaign.Entrant, error)
	ImportEntrants(ctx context.Context, people []campaign.Person) (added int, err error)
	Entrant(ctx context.Context, id int64) (campaign.Entrant, error)
	Entrants(ctx context.Context, list campaign.EntrantList) (campaign.EntrantPage, error)
	EditEntrant(ctx context.Context, id int64, person campaign.Person) (campaign.Entrant, error)
	DeleteEntrant(ctx context.Context, id int64) error
	Changes(ctx context.Context, q campaign.ChangeQuery) ([]campaign.Change, error)
}

var (
	_ promoter = (*campaign.Promoter)(nil)
	_ promoter = (*remote.Promoter)(nil)
)

// withPromoter calls f with what runs the campaigns that a command line means.
func withPromoter(ctx context.Context, a *app, db string, f func(p promoter) error) error {
	p, done, err := openPromoter(ctx, a, a.services, db)
	if err != nil {
		return err
	}
	return errors.Join(hinted(f(p)), done())
}

// openPromoter opens what runs campaigns: those of the core among services, or else
// those of the database. The caller must close it with done.
func openPromoter(ctx context.Context, a *app, services remote.Config, db string) (p promoter, done func() error, err error) {
	if services.Core != nil {
		token, err := a.settings.Secret("admin-token")
		if err != nil {
			return nil, nil, settingsError(err)
		}
		services.UserAgent = userAgent()
		client := remote.New(services)
		return client.Promoter(token), func() error { client.Close(); return nil }, nil
	}
	kept, err := openStore(ctx, a, db, store.Options{})
	if err != nil {
		return nil, nil, err
	}
	return campaign.New(campaign.Config{Store: kept, Generator: a.generator}).As("cli"), kept.Close, nil
}

// hinted adds to an error about what only the promoter may do how to be one.
func hinted(err error) error {
	if errors.Is(err, campaign.ErrForbidden) {
		return hintError{err, "put the token of the core's administrator into " + settings.Variable("admin-token")}
	}
	return err
}
