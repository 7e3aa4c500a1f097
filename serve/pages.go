package serve

import (
	"context"
	"fmt"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
	"github.com/prizegen/prizegen/serve/password"
	"github.com/prizegen/prizegen/serve/site"
)

// free implements [site.Free]: draws that are not stored.
type free struct {
	draw.Generator
	s *Server
}

// Deployed implements [site.Free].
func (f free) Deployed(ctx context.Context) (text textgen.Format, number numgen.Format, rules *prize.Rules, err error) {
	if text, err = f.s.deployed.textFormat(ctx); err != nil {
		return text, number, nil, err
	}
	if number, err = f.s.deployed.numberFormat(ctx); err != nil {
		return text, number, nil, err
	}
	rules, err = f.s.deployed.rules(ctx, "")
	return text, number, rules, err
}

// Fresh implements [site.Free].
func (f free) Fresh(ctx context.Context) (entropy.Seed, error) {
	seed, _, err := f.s.fresh.get(ctx)
	return seed, err
}

// newSite returns the website of a core.
func (s *Server) newSite() (*site.Site, error) {
	var admin site.Admin
	if s.cfg.AdminPassword != "" && s.cfg.Sessions != nil {
		right, err := password.New(s.cfg.AdminPassword)
		if err != nil {
			return nil, fmt.Errorf("admin password: %w", err)
		}
		admin = site.Admin{Password: right, Sessions: s.cfg.Sessions}
	}
	return site.New(site.Config{
		Admin: admin, Campaigns: s.campaigns, Free: free{s.generator(), s}, Version: s.cfg.Version,
		Theme: s.cfg.Theme, Ending: s.draining.Load, Log: s.cfg.Log,
	})
}
