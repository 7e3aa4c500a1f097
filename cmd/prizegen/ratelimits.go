package main

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/ratelimit"
)

// limitFlags are the flags of the limits on how often visitors may do what costs something.
type limitFlags struct {
	limits                                  *settings.Value[string]
	plays, draws, exports, logIns, rules    *settings.Value[ratelimit.Limit]
	campaignPlays, repeats, campaignRepeats *settings.Value[ratelimit.Limit]
	trusted                                 *settings.Value[serve.Proxies]
}

func newLimitFlags(a *app, cmd *cobra.Command) limitFlags {
	limit := func(name string) *settings.Value[ratelimit.Limit] {
		return settings.Define[ratelimit.Limit](a.table, cmd, name)
	}
	return limitFlags{
		limits: settings.Define[string](a.table, cmd, "rate-limits"),
		plays:  limit("limit-plays"), draws: limit("limit-draws"), exports: limit("limit-exports"),
		logIns: limit("limit-log-ins"), rules: limit("limit-rules"),
		campaignPlays: limit("limit-campaign-plays"), repeats: limit("limit-repeats"), campaignRepeats: limit("limit-campaign-repeats"),
		trusted: settings.Define[serve.Proxies](a.table, cmd, "trusted-networks"),
	}
}

// config returns the limits. It logs a warning if there are none.
func (f limitFlags) config(ctx context.Context, log *slog.Logger) ratelimit.Config {
	if f.limits.Get() == "off" {
		log.WarnContext(ctx, "rate limits are off, so that a visitor can play, draw and guess passwords as fast as the server permits")
		return ratelimit.Config{}
	}
	return ratelimit.Config{
		Plays: f.plays.Get(), Draws: f.draws.Get(), Exports: f.exports.Get(), LogIns: f.logIns.Get(), Rules: f.rules.Get(),
		CampaignPlays: f.campaignPlays.Get(), Repeats: f.repeats.Get(), CampaignRepeats: f.campaignRepeats.Get(),
		Trusted: f.trusted.Get(),
	}
}
