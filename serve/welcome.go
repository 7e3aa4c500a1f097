package serve

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// Welcome is the name of the campaign that is opened in an empty store, so that a
// first visitor can play at once.
const Welcome = "welcome"

// welcomeEvery is how long to wait before another try, for services or a database
// that are not there yet.
const welcomeEvery = time.Second

// welcome opens a first campaign, as deployed, where there is none.
func (s *Server) welcome(ctx context.Context) {
	for {
		err := s.tryWelcome(ctx)
		if err == nil || ctx.Err() != nil || errors.Is(err, campaign.ErrExists) { // another replica was faster
			return
		}
		s.cfg.Log.WarnContext(ctx, "the campaign "+Welcome+" can't be opened yet", slog.Any("error", err))
		if errors.Is(err, campaign.ErrInvalid) {
			return // the deployed rules are not good for campaigns, and will not be
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(welcomeEvery):
		}
	}
}

func (s *Server) tryWelcome(ctx context.Context) error {
	p := s.campaigns.Admin("serve")
	list, _, err := p.Campaigns(ctx, campaign.CampaignQuery{Paging: campaign.Paging{Limit: 1}})
	if err != nil {
		return err
	}
	if len(list) > 0 {
		c := list[0]
		if c.Name != Welcome || c.State != campaign.Draft || c.Version > 1 {
			return nil
		}
		_, err = p.Open(ctx, Welcome) // a start before this one ended in between
		return err
	}
	plan, err := s.complete(ctx, campaign.Plan{Name: Welcome, Title: "Welcome"})
	if err != nil {
		return err
	}
	if _, err := p.Create(ctx, plan); err != nil {
		return err
	}
	_, err = p.Open(ctx, Welcome)
	if err == nil {
		s.cfg.Log.InfoContext(ctx, "opened a first campaign", slog.String("campaign", Welcome))
	}
	return err
}
