package main

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/store"
)

// playFlags are the flags of prizegen draw for plays in a campaign.
type playFlags struct {
	campaign *string
	entrant  *int64
	person   personFlags
	key      *string
	db       *settings.Value[string]
}

func newPlayFlags(a *app, cmd *cobra.Command) playFlags {
	f := playFlags{
		entrant: cmd.Flags().Int64("entrant", 0, "`id` of the entrant who plays"),
		person:  newPersonFlags(cmd),
		key:     cmd.Flags().String("once-key", "", "return the earlier draw if this `key` was used before"),
		db:      newDBFlag(a, cmd),
	}
	f.campaign = newPlayedCampaignFlag(a, cmd, f.db)
	exclusive(cmd, "campaign", "seed", "start", "text", "number", "rules", "account", "entropy", "drand-round")
	exclusive(cmd, "entrant", "first-name", "last-name", "email")
	exclusive(cmd, "once-key", "count")
	return f
}

// newPlayedCampaignFlag adds the --campaign flag of a command that plays.
func newPlayedCampaignFlag(a *app, cmd *cobra.Command, db *settings.Value[string]) *string {
	name := cmd.Flags().String("campaign", "", "play in the campaign with this `name`, which stores the draws")
	settings.Complete(cmd, "campaign", completeCampaigns(a, db))
	return name
}

// check returns an error if --campaign was not given but a flag that needs it was.
func (f playFlags) check(cmd *cobra.Command) error {
	if *f.campaign != "" {
		return nil
	}
	for _, flag := range []string{"entrant", "first-name", "last-name", "email", "once-key", "db"} {
		if cmd.Flags().Changed(flag) {
			return usagef("--%s needs --campaign", flag)
		}
	}
	return nil
}

// maxConcurrentPlays is the maximum number of concurrent plays. Concurrent plays share
// batches, so many plays take little longer than one.
const maxConcurrentPlays = 250

// runPlay plays n times in a campaign and writes the draws in index order.
func runPlay(ctx context.Context, a *app, f playFlags, n uint64, output string) error {
	play := campaign.Play{Campaign: *f.campaign, EntrantID: *f.entrant, Key: *f.key}
	if person := f.person.person(); person != (campaign.Person{}) {
		play.Person = &person
	}
	return withPromotion(ctx, a, f.db.Get(), store.Options{}, func(p promotion) error {
		progress := startProgress(a, n, "play")
		defer progress.stop()
		var all []campaign.Draw
		var err error
		for n > 0 && err == nil {
			var draws []campaign.Draw
			draws, err = playMany(ctx, p, play, int(min(n, maxConcurrentPlays)))
			n -= min(n, maxConcurrentPlays)
			progress.add(uint64(len(draws)))
			all = append(all, draws...)
		}
		progress.stop()
		if len(all) > 0 {
			err = errors.Join(err, writeDraws(a, all, output))
		}
		if err != nil && len(all) > 0 {
			a.say("prizegen: %s stored before the error", show.Count(uint64(len(all)), "draw"))
		}
		if errors.Is(err, campaign.ErrNotFound) {
			return hintError{err, "prizegen campaign list shows the names of campaigns"}
		}
		return err
	})
}

// playMany plays n times concurrently. Even if some plays fail, it returns the draws of
// the others.
func playMany(ctx context.Context, p draws, play campaign.Play, n int) ([]campaign.Draw, error) {
	results := make([]*campaign.Draw, n)
	var plays errgroup.Group
	for i := range n {
		plays.Go(func() error {
			d, err := p.Play(ctx, play)
			if err == nil {
				results[i] = &d
			}
			return err
		})
	}
	err := plays.Wait()
	results = slices.DeleteFunc(results, func(d *campaign.Draw) bool { return d == nil })
	slices.SortFunc(results, func(a, b *campaign.Draw) int { return cmp.Compare(a.Index, b.Index) })
	list := make([]campaign.Draw, len(results))
	for i, d := range results {
		list[i] = *d
	}
	return list, err
}

// completeCampaigns completes the names of campaigns.
func completeCampaigns(a *app, db *settings.Value[string]) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		if cmd.Root().PersistentPreRunE(cmd, nil) != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var names []string
		_ = withPromotion(cmd.Context(), a, db.Get(), store.Options{}, func(p promotion) error { // if this fails, there is nothing to complete
			list, _, err := p.Campaigns(cmd.Context(), campaign.CampaignQuery{Paging: campaign.Paging{Limit: campaign.MaxPage}})
			for i := range list {
				names = append(names, list[i].Name+"\t"+list[i].Title)
			}
			return err
		})
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}
