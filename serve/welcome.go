package serve

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// Welcome is the name of the campaign that a server opens in an empty store.
const Welcome = "welcome"

// welcomeInterval is the time between two attempts while a service or the database is
// unavailable.
const welcomeInterval = time.Second

// welcome opens a first campaign with the deployed formats and rules, unless the store
// already has a campaign.
func (b *backend) welcome(ctx context.Context) {
	for {
		err := b.tryWelcome(ctx)
		if err == nil || ctx.Err() != nil || errors.Is(err, campaign.ErrExists) { // another replica created the campaign
			return
		}
		b.log.WarnContext(ctx, "cannot open campaign "+Welcome+" yet", slog.Any("error", err))
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
	admin := b.campaigns.Admin("serve")
	list, _, err := admin.Campaigns(ctx, campaign.CampaignQuery{Paging: campaign.Paging{Limit: 1}})
	if err != nil {
		return err
	}
	if len(list) > 0 {
		c := list[0]
		if c.Name != Welcome || c.State != campaign.Draft || c.Version > 1 {
			return nil
		}
		_, err = admin.Open(ctx, Welcome) // an earlier start was interrupted
		return err
	}
	plan, err := b.deployed.complete(ctx, campaign.Plan{Name: Welcome, Title: "Welcome"})
	if err != nil {
		return err
	}
	if _, err := admin.Create(ctx, plan); err != nil {
		return err
	}
	_, err = admin.Open(ctx, Welcome)
	if err == nil {
		b.log.InfoContext(ctx, "opened a first campaign", slog.String("campaign", Welcome))
	}
	return err
}
