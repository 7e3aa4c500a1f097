package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/campaign"
)

// playFlags are the flags of prizegen draw that are about campaigns.
type playFlags struct {
	campaign *string
	entrant  *int64
	person   personFlags
	key      *string
	db       *string
}

func newPlayFlags(cmd *cobra.Command) playFlags {
	f := playFlags{
		campaign: cmd.Flags().String("campaign", "", "play the campaign of this `name`: the draws are stored"),
		entrant:  cmd.Flags().Int64("entrant", 0, "`id` of the entrant who plays"),
		person:   newPersonFlags(cmd),
		key:      cmd.Flags().String("once-key", "", "make no second draw with the same `key`, but show the first one's"),
		db:       newDBFlag(cmd),
	}
	runOnly(cmd, "campaign", "entrant", "once-key")
	return f
}

// check refuses flags that campaigns have no use for, and those that have none
// without a campaign.
func (f playFlags) check(cmd *cobra.Command) error {
	own := []string{"entrant", "first-name", "last-name", "email", "once-key", "db"}
	if *f.campaign == "" {
		for _, flag := range own {
			if cmd.Flags().Changed(flag) {
				return usagef("--%s needs --campaign", flag)
			}
		}
		return nil
	}
	if err := alone(cmd, "campaign", "seed", "start", "text", "number", "rules", "account", "entropy", "drand-round"); err != nil {
		return hintError{err, "a campaign has its own rules, formats and seed"}
	}
	if err := alone(cmd, "entrant", "first-name", "last-name", "email"); err != nil {
		return err
	}
	return alone(cmd, "once-key", "count")
}

// playGroup is how many plays are under way at a time. They are made in groups, so
// that many of them cost little more than one.
const playGroup = 250

// play plays a campaign n times and writes the draws in the order of their indexes.
func (a *app) play(ctx context.Context, f playFlags, n uint64, output string) error {
	play := campaign.Play{Campaign: *f.campaign, EntrantID: *f.entrant, Key: *f.key}
	if person := f.person.person(); person != (campaign.Person{}) {
		play.Person = &person
	}
	return a.withPromoter(ctx, *f.db, func(p promoter) error {
		progress := a.startProgress(n, "play")
		defer progress.stop()
		var all []campaign.Draw
		var err error
		for n > 0 && err == nil {
			var some []campaign.Draw
			some, err = playMany(ctx, p, play, int(min(n, playGroup)))
			n -= min(n, playGroup)
			progress.add(uint64(len(some)))
			all = append(all, some...)
		}
		progress.stop()
		if len(all) > 0 {
			err = errors.Join(err, a.writeDraws(all, output))
		}
		if err != nil && len(all) > 0 {
			a.say("prizegen: %s made and stored before the error", show.Count(uint64(len(all)), "draw"))
		}
		if errors.Is(err, campaign.ErrNotFound) {
			return hintError{err, "prizegen campaign list has the names of campaigns"}
		}
		return err
	})
}

// playMany plays some times at once. It gives the draws that were made even where
// some were not.
func playMany(ctx context.Context, p promoter, play campaign.Play, n int) ([]campaign.Draw, error) {
	draws := make([]*campaign.Draw, n)
	var plays errgroup.Group
	for i := range n {
		plays.Go(func() error {
			d, err := p.Play(ctx, play)
			if err == nil {
				draws[i] = &d
			}
			return err
		})
	}
	err := plays.Wait()
	var made []campaign.Draw
	for _, d := range draws {
		if d != nil {
			made = append(made, *d)
		}
	}
	slices.SortFunc(made, func(a, b campaign.Draw) int { return cmp.Compare(a.Index, b.Index) })
	return made, err
}

// completeCampaigns offers the names of campaigns.
func (a *app) completeCampaigns(db *string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		var names []string
		if a.configure(cmd) != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		_ = a.withPromoter(cmd.Context(), *db, func(p promoter) error { // nothing is offered where that fails
			page, err := p.Campaigns(cmd.Context(), campaign.List{Limit: campaign.MaxPage})
			for i := range page.Campaigns {
				names = append(names, page.Campaigns[i].Name+"\t"+page.Campaigns[i].Title)
			}
			return err
		})
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// campaignReport tells what the verification of an export found.
func campaignReport(r *campaign.Report) string {
	c := r.Campaign
	text := fmt.Sprintf("The campaign %s holds: %s", c.Name, show.Count(r.Draws, "draw"))
	if r.Skipped > 0 {
		text += fmt.Sprintf(" and %s", show.Count(r.Skipped, "skipped index"))
	}
	text += fmt.Sprintf(" by the rules %s (%s), %s + %s.\n", c.Rules, c.RulesSHA256, c.TextFormat, c.NumberFormat)
	if r.SeedKnown {
		text += "Its seed is the one committed to: " + c.Commitment + "\n"
	}
	for _, s := range c.Prizes {
		if s.Stock != nil {
			text += fmt.Sprintf("%s: %d of %s awarded\n", s.Name, s.Awarded, strconv.FormatInt(*s.Stock, 10))
		}
	}
	return text
}
