package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/store"
	"github.com/prizegen/prizegen/pkg/wire"
)

// promotion is the promoter's interface to the campaigns of a database or a core service.
// Each command uses the part that it needs.
type promotion interface {
	campaigns
	exports
	draws
	entrants
	auditTrail
}

type campaigns interface {
	Create(ctx context.Context, plan campaign.Plan) (campaign.Campaign, error)
	Campaign(ctx context.Context, name string) (campaign.Campaign, error)
	Campaigns(ctx context.Context, q campaign.CampaignQuery) (list []campaign.Campaign, next string, err error)
	Edit(ctx context.Context, name string, version int64, plan campaign.Plan) (campaign.Campaign, error)
	Open(ctx context.Context, name string) (campaign.Campaign, error)
	Close(ctx context.Context, name string) (campaign.Campaign, error)
	Delete(ctx context.Context, name string) error
}

type exports interface {
	Export(ctx context.Context, name string, w io.Writer, o campaign.ExportOptions) error
	ExportCSV(ctx context.Context, name string, w io.Writer, o campaign.ExportOptions) error
}

type draws interface {
	Play(ctx context.Context, play campaign.Play) (campaign.Draw, error)
	Draws(ctx context.Context, q campaign.DrawQuery) (list []campaign.Draw, next string, err error)
	Claim(ctx context.Context, id, note string) (campaign.Draw, error)
	Unclaim(ctx context.Context, id string) (campaign.Draw, error)
	Void(ctx context.Context, id, reason string) (campaign.Draw, error)
}

type entrants interface {
	AddEntrant(ctx context.Context, person campaign.Person) (campaign.Entrant, error)
	ImportEntrants(ctx context.Context, people []campaign.Person) (added int, err error)
	Entrant(ctx context.Context, id int64) (campaign.Entrant, error)
	Entrants(ctx context.Context, q campaign.EntrantQuery) (list []campaign.Entrant, next string, err error)
	EditEntrant(ctx context.Context, id int64, person campaign.Person) (campaign.Entrant, error)
	DeleteEntrant(ctx context.Context, id int64) error
}

type auditTrail interface {
	Changes(ctx context.Context, q campaign.ChangeQuery) ([]campaign.Change, error)
}

var (
	_ promotion = (*campaign.Admin)(nil)
	_ promotion = (*remote.Admin)(nil)
)

// promotionCmd completes a command that works on existing campaigns or entrants. It adds
// the --db flag and runs f with a T, which is one of the interfaces in [promotion].
func promotionCmd[T any](a *app, cmd *cobra.Command, f func(ctx context.Context, part T, args []string) error) *cobra.Command {
	return storeCmd(a, cmd, store.Options{}, f)
}

// creatingCmd is like promotionCmd for a command that adds something. It creates the
// database if necessary.
func creatingCmd[T any](a *app, cmd *cobra.Command, f func(ctx context.Context, part T, args []string) error) *cobra.Command {
	return storeCmd(a, cmd, store.Options{Create: true}, f)
}

func storeCmd[T any](a *app, cmd *cobra.Command, o store.Options, f func(ctx context.Context, part T, args []string) error) *cobra.Command {
	db := newDBFlag(a, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return withPromotion(cmd.Context(), a, db.Get(), o, func(p promotion) error {
			return f(cmd.Context(), p.(T), args)
		})
	}
	return cmd
}

// withPromotion calls f with the campaigns that the command line selects.
func withPromotion(ctx context.Context, a *app, db string, o store.Options, f func(p promotion) error) error {
	p, done, err := openPromotion(ctx, a, a.services, db, o)
	if err != nil {
		return err
	}
	return errors.Join(withTokenHint(f(p)), done())
}

// openPromotion opens the campaigns of the core service or, if there is none, those in
// the database. The caller must call done to close them.
func openPromotion(ctx context.Context, a *app, services remote.Config, db string, o store.Options) (p promotion, done func() error, err error) {
	if services.Core != nil {
		token, err := a.settings.Secret("admin-token")
		if err != nil {
			return nil, nil, settingsError(err)
		}
		services.UserAgent = userAgent()
		client := remote.New(services)
		return client.Admin(token), func() error { client.Close(); return nil }, nil
	}
	database, err := openStore(ctx, a, db, o)
	if err != nil {
		return nil, nil, err
	}
	aliases, err := a.settings.Text("email-aliases")
	if err != nil {
		return nil, nil, errors.Join(settingsError(err), database.Close())
	}
	cfg := campaign.Config{Store: database, Generator: a.generator, DistinctAliases: aliases == "distinct"}
	return campaign.New(cfg).Admin("cli"), database.Close, nil
}

// withTokenHint adds a hint to err if the token is missing or wrong.
func withTokenHint(err error) error {
	if errors.Is(err, wire.ErrForbidden) {
		return hintError{err, "set the core's admin token, or one from prizegen admin token add, in " + settings.Variable("admin-token")}
	}
	return err
}
