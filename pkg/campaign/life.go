package campaign

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/prizegen/prizegen/pkg/entropy"
)

// Create makes a draft. Rules and formats must be given, as text.
func (p *Promoter) Create(ctx context.Context, plan Plan) (Campaign, error) {
	m, err := plan.understand()
	if err != nil {
		return Campaign{}, err
	}
	var r Record
	err = p.change(ctx, func(tx Tx) (Change, error) {
		r = Record{Campaign: Campaign{State: Draft, CreatedAt: p.now(), Version: 1}}
		m.record(&r)
		detail := fmt.Sprintf("rules %s (%s), %s + %s", r.Rules, r.RulesSHA256, r.TextFormat, r.NumberFormat)
		return Change{Action: "campaign.create", Subject: r.Name, Detail: detail}, tx.AddCampaign(ctx, &r)
	})
	return r.Public(), err
}

// Campaign finds a campaign, with the text of its rules. The public sees no drafts.
func (p *Promoter) Campaign(ctx context.Context, name string) (Campaign, error) {
	r, err := p.record(ctx, name)
	if err != nil {
		return Campaign{}, err
	}
	return r.Public(), nil
}

func (p *Promoter) record(ctx context.Context, name string) (*Record, error) {
	if CheckName(name) != nil {
		return nil, noCampaign(name)
	}
	r, err := p.store.Campaign(ctx, name)
	if err == nil && r.State == Draft && p.actor == "" {
		return nil, noCampaign(name)
	}
	return r, err
}

// noCampaign is what the public hears of a draft, too.
func noCampaign(name string) error {
	return Errorf(ErrNotFound, "there is no campaign %q", clip(name))
}

// List says which campaigns to list.
type List struct {
	State  State  // empty for all
	Cursor string // the next of the page before, empty for the first page
	Limit  int    // how many at most: 50 where it is 0, up to [MaxPage]
}

// Page is a page of a list, the newest first.
type Page struct {
	Campaigns []Campaign `json:"campaigns"`
	Next      string     `json:"next,omitempty" doc:"The cursor of the next page; left out on the last one."`
}

// Campaigns lists campaigns without the texts of their rules. The public sees no
// drafts.
func (p *Promoter) Campaigns(ctx context.Context, list List) (Page, error) {
	before, err := cursor(list.Cursor)
	if err != nil {
		return Page{}, err
	}
	page := Page{Campaigns: []Campaign{}}
	limit := pageSize(list.Limit)
	records, err := p.store.Campaigns(ctx, Query{State: list.State, Before: int64(before), Limit: limit})
	if err != nil {
		return page, err
	}
	for i := range records {
		if records[i].State == Draft && p.actor == "" {
			continue
		}
		page.Campaigns = append(page.Campaigns, records[i].Public())
	}
	if len(records) == limit {
		page.Next = strconv.FormatInt(records[limit-1].ID, 10)
	}
	return page, nil
}

// cursor reads where a page begins, 0 for the first one.
func cursor(text string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	at, err := strconv.ParseUint(text, 10, 63)
	if err != nil || at == 0 {
		return 0, invalid("cursor", "%q is none, expected what a page before had as next", clip(text))
	}
	return at, nil
}

// Edit changes the plan of a campaign. Its name stays, and once it is open only the
// title, the number of plays and the closing time can be changed; once closed only
// the title. version is that of the campaign that was looked at, or 0: where
// somebody else changed it meanwhile, the error wraps [ErrChanged].
func (p *Promoter) Edit(ctx context.Context, name string, version int64, plan Plan) (Campaign, error) {
	m, err := plan.understand()
	if err != nil {
		return Campaign{}, err
	}
	if m.Name != name {
		return Campaign{}, invalid("name", "the name of a campaign can't be changed, expected %s", name)
	}
	var r *Record
	err = p.change(ctx, func(tx Tx) (Change, error) {
		var err error
		if r, err = tx.LockCampaign(ctx, name); err != nil {
			return Change{}, err
		}
		if version != 0 && version != r.Version {
			return Change{}, Errorf(ErrChanged, "the campaign %s was changed by somebody else meanwhile; look at it again", name)
		}
		was := *r
		m.record(r)
		r.Version++
		if err := editable(&was, r); err != nil {
			return Change{}, err
		}
		if was.State != Draft {
			r.Prizes = was.Prizes
		}
		return Change{Action: "campaign.edit", Subject: name, Detail: differences(&was, r)}, tx.SaveCampaign(ctx, r)
	})
	if err != nil {
		return Campaign{}, err
	}
	return r.Public(), nil
}

// editable says what of a change can't be made any more.
func editable(was, is *Record) error {
	fixed := func(field string, same bool) error {
		if same {
			return nil
		}
		return invalid(field, "it was fixed when the campaign was opened and can't be changed any more")
	}
	if was.State == Draft {
		return nil
	}
	checks := []error{
		fixed("rules_yaml", was.RulesSHA256 == is.RulesSHA256),
		fixed("text_format", was.TextFormat == is.TextFormat),
		fixed("number_format", was.NumberFormat == is.NumberFormat),
		fixed("require_email", was.RequireEmail == is.RequireEmail),
		fixed("opens_at", equalTimes(was.OpensAt, is.OpensAt)),
	}
	if was.State == Closed {
		checks = append(checks, fixed("closes_at", equalTimes(was.ClosesAt, is.ClosesAt)), fixed("max_plays", was.MaxPlays == is.MaxPlays))
	}
	for _, err := range checks {
		if err != nil {
			return err
		}
	}
	return nil
}

// differences tells what was changed, for the audit trail.
func differences(was, is *Record) string {
	var list []string
	compare := func(what, before, after string) {
		if before != after {
			list = append(list, fmt.Sprintf("%s: %s → %s", what, before, after))
		}
	}
	compare("title", strconv.Quote(was.Title), strconv.Quote(is.Title))
	compare("rules", was.Rules+" "+was.RulesSHA256, is.Rules+" "+is.RulesSHA256)
	compare("formats", was.TextFormat+" + "+was.NumberFormat, is.TextFormat+" + "+is.NumberFormat)
	compare("opens_at", timeText(was.OpensAt), timeText(is.OpensAt))
	compare("closes_at", timeText(was.ClosesAt), timeText(is.ClosesAt))
	compare("max_plays", strconv.FormatInt(was.MaxPlays, 10), strconv.FormatInt(is.MaxPlays, 10))
	compare("require_email", strconv.FormatBool(was.RequireEmail), strconv.FormatBool(is.RequireEmail))
	return strings.Join(list, "; ")
}

// Open opens a draft: rules, formats and stock are fixed, a seed of 256 random bits
// is made, and its commitment is published. Rules that leave account numbers without
// a rule, or have one that is never reached, are refused.
func (p *Promoter) Open(ctx context.Context, name string) (Campaign, error) {
	var r *Record
	err := p.change(ctx, func(tx Tx) (Change, error) {
		var err error
		if r, err = tx.LockCampaign(ctx, name); err != nil {
			return Change{}, err
		}
		if r.State != Draft {
			return Change{}, Errorf(ErrState, "the campaign %s is %s, expected a draft", name, r.State)
		}
		now := p.now()
		if r.ClosesAt != nil && !now.Before(*r.ClosesAt) {
			return Change{}, Errorf(ErrState, "the campaign %s would be over at once, since its closes_at is past", name)
		}
		m, err := r.Campaign.Plan().understand()
		if err == nil {
			err = m.fits()
		}
		if err != nil {
			return Change{}, err
		}
		r.State, r.OpenedAt, r.Secret = Open, &now, entropy.NewSeed()
		r.Commitment = r.Secret.Commitment()
		r.Version++
		return Change{Action: "campaign.open", Subject: name, Detail: "commitment " + r.Commitment}, tx.SaveCampaign(ctx, r)
	})
	if err != nil {
		return Campaign{}, err
	}
	return r.Public(), nil
}

// Close ends a campaign for good and reveals its seed.
func (p *Promoter) Close(ctx context.Context, name string) (Campaign, error) {
	var r *Record
	err := p.change(ctx, func(tx Tx) (Change, error) {
		var err error
		if r, err = tx.LockCampaign(ctx, name); err != nil {
			return Change{}, err
		}
		if r.State != Open {
			return Change{}, Errorf(ErrState, "the campaign %s is %s, expected an open one", name, r.State)
		}
		now := p.now()
		r.State, r.ClosedAt = Closed, &now
		r.Version++
		return Change{Action: "campaign.close", Subject: name, Detail: fmt.Sprintf("%d draws", r.Plays)}, tx.SaveCampaign(ctx, r)
	})
	if err != nil {
		return Campaign{}, err
	}
	return r.Public(), nil
}

// Delete removes a draft. A campaign that was open stays on record.
func (p *Promoter) Delete(ctx context.Context, name string) error {
	return p.change(ctx, func(tx Tx) (Change, error) {
		r, err := tx.LockCampaign(ctx, name)
		if err != nil {
			return Change{}, err
		}
		if r.State != Draft {
			return Change{}, Errorf(ErrState, "the campaign %s is %s and stays on record, expected a draft", name, r.State)
		}
		return Change{Action: "campaign.delete", Subject: name}, tx.DeleteCampaign(ctx, r.ID)
	})
}
