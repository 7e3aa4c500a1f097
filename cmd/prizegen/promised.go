package main

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
)

// promised is what was published of draws, which a file alone can't tell: whoever
// writes a file can choose another seed, or end it early.
type promised struct {
	commitment string // empty for none
	draws      uint64
	counted    bool // whether draws was given
}

func newPromised(cmd *cobra.Command) *promised {
	p := &promised{}
	cmd.Flags().StringVar(&p.commitment, "commitment", "", "the published SHA-256 `hex` of the seed, to compare with")
	cmd.Flags().Uint64Var(&p.draws, "draws", 0, "the published `number` of draws, to compare with")
	runOnly(cmd, "commitment", "draws")
	return p
}

// understand checks what was typed.
func (p *promised) understand(cmd *cobra.Command) error {
	p.counted = cmd.Flags().Changed("draws")
	p.commitment = strings.ToLower(p.commitment)
	if sum, err := hex.DecodeString(p.commitment); p.commitment != "" && (err != nil || len(sum) != 32) {
		return usagef("--commitment %q is not a SHA-256, expected 64 hex digits", clip(p.commitment))
	}
	return nil
}

// ofCampaign compares the export of a campaign with what was published. One that is
// open may have more draws by now.
func (p *promised) ofCampaign(r *campaign.Report) (found []draw.Finding) {
	c := &r.Campaign
	if p.commitment != "" && p.commitment != c.Commitment {
		found = append(found, draw.Finding{Place: "campaign", Problem: fmt.Sprintf("commitment is %q, published was %q", clip(c.Commitment), p.commitment), Draws: 1})
	}
	return append(found, p.count(r.Draws, c.State != campaign.Closed)...)
}

// ofDraws compares draws with what was published.
func (p *promised) ofDraws(r *draw.Report) (found []draw.Finding) {
	if p.commitment != "" {
		for _, seed := range r.Seeds.First {
			if is := entropy.Seed(seed.Name).Commitment(); is != p.commitment {
				problem := fmt.Sprintf("the commitment of seed %s is %s, published was %s", readable(seed.Name), is, p.commitment)
				found = append(found, draw.Finding{Place: "seed", Problem: problem, Draws: seed.Draws})
			}
		}
	}
	return append(found, p.count(r.Draws, false)...)
}

func (p *promised) count(are uint64, orMore bool) []draw.Finding {
	if !p.counted || are == p.draws || orMore && are > p.draws {
		return nil
	}
	problem := fmt.Sprintf("there are %s in the file, published were %s", show.Count(are, "draw"), prize.Thousands(p.draws))
	return []draw.Finding{{Place: "end", Problem: problem, Draws: 1}}
}
