package serve

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// welcomeInterval is the time between two attempts while a service or the database is
// unavailable.
const welcomeInterval = time.Second

// welcome opens the demo campaign with the deployed formats and rules, unless the store has
// ever been used.
func (b *backend) welcome(ctx context.Context) {
	for {
		err := b.tryWelcome(ctx)
		if err == nil || ctx.Err() != nil || errors.Is(err, campaign.ErrExists) { // another replica created the campaign
			return
		}
		b.log.WarnContext(ctx, "cannot open the demo campaign yet", slog.Any("error", err))
		if errors.Is(err, campaign.ErrInvalid) {
			return // the deployed rules are not valid for campaigns
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(welcomeInterval):
		}
	}
}

func (b *backend) tryWelcome(ctx context.Context) error {
	admin := b.campaigns.Admin(campaign.DemoActor)
	list, _, err := admin.Campaigns(ctx, campaign.CampaignQuery{Paging: campaign.Paging{Limit: 1}})
	if err != nil {
		return err
	}
	if len(list) > 0 {
		c := list[0]
		if demo, err := admin.IsDemo(ctx, c.Name); err != nil || !demo || c.State != campaign.Draft || c.Version > 1 {
			return err
		}
		_, err = admin.Open(ctx, campaign.Demo) // an earlier start was interrupted
		return err
	}
	// Whoever has deleted the demo campaign does not want it again.
	if changes, err := admin.Changes(ctx, campaign.ChangeQuery{Paging: campaign.Paging{Limit: 1}}); err != nil || len(changes) > 0 {
		return err
	}
	plan, err := b.deployed.complete(ctx, campaign.Plan{Name: campaign.Demo, Title: "Welcome"})
	if err != nil {
		return err
	}
	if _, err := admin.Create(ctx, plan); err != nil {
		return err
	}
	_, err = admin.Open(ctx, campaign.Demo)
	if err == nil {
		b.log.InfoContext(ctx, "opened the demo campaign", slog.String("campaign", campaign.Demo))
	}
	return err
}
