package campaign

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/prizegen/prizegen/pkg/entropy"
)

// Campaign returns a campaign, including RulesYAML. For a draft, the error wraps
// [ErrNotFound].
func (s *Service) Campaign(ctx context.Context, name string) (Campaign, error) {
	return public(s.campaign(ctx, publicView, name))
}

// Campaign returns a campaign, including RulesYAML.
func (v *Viewer) Campaign(ctx context.Context, name string) (Campaign, error) {
	return public(v.campaign(ctx, adminView, name))
}

func public(c *StoredCampaign, err error) (Campaign, error) {
	if err != nil {
		return Campaign{}, err
	}
	return c.Public(), nil
}

// Campaigns returns campaigns without RulesYAML, newest first. next is the cursor of the
// next page, or empty on the last page. Drafts are omitted.
func (s *Service) Campaigns(ctx context.Context, q CampaignQuery) (list []Campaign, next string, err error) {
	return s.listCampaigns(ctx, publicView, q)
}

// Campaigns returns campaigns without RulesYAML, newest first. next is the cursor of the
// next page, or empty on the last page.
func (v *Viewer) Campaigns(ctx context.Context, q CampaignQuery) (list []Campaign, next string, err error) {
	return v.listCampaigns(ctx, adminView, q)
}

func (e *engine) listCampaigns(ctx context.Context, v visibility, q CampaignQuery) (list []Campaign, next string, err error) {
	if err := q.normalize(); err != nil {
		return nil, "", err
	}
	stored, err := e.store.Campaigns(ctx, q)
	if err != nil {
		return nil, "", err
	}
	list = make([]Campaign, 0, len(stored))
	for i := range stored {
		if stored[i].State == Draft && v == publicView {
			continue
		}
		list = append(list, stored[i].Public())
	}
	if len(stored) == q.Limit {
		next = strconv.FormatInt(stored[q.Limit-1].ID, 10)
	}
	return list, next, nil
}

// validate validates and parses a plan. If coverage is set, it also checks that every
// account number matches a rule and that every rule can be reached.
func (e *engine) validate(ctx context.Context, plan Plan, coverage bool) (v validPlan, err error) {
	done, err := e.compile(ctx)
	if err != nil {
		return v, err
	}
	defer done()
	if v, err = plan.validate(); err == nil && coverage {
		err = v.checkCoverage()
	}
	return v, err
}

// Create creates a draft. The plan must contain RulesYAML and both formats.
func (a *Admin) Create(ctx context.Context, plan Plan) (Campaign, error) {
	valid, err := a.validate(ctx, plan, false)
	if err != nil {
		return Campaign{}, err
	}
	var c StoredCampaign
	err = a.change(ctx, func(tx Tx) (Change, error) {
		c = StoredCampaign{Campaign: Campaign{State: Draft, CreatedAt: a.now(), Version: 1}}
		valid.apply(&c)
		detail := fmt.Sprintf("rules %s (%s), %s + %s", c.Rules, c.RulesSHA256, c.TextFormat, c.NumberFormat)
		return Change{Action: createAction, Subject: c.Name, Detail: detail}, tx.AddCampaign(ctx, &c)
	})
	return c.Public(), err
}

// changeCampaign locks a campaign, lets f change it and saves it. f returns the entry for
// the audit trail, whose Subject changeCampaign sets.
func (a *Admin) changeCampaign(ctx context.Context, name string, f func(c *StoredCampaign) (Change, error)) (Campaign, error) {
	var c *StoredCampaign
	err := a.change(ctx, func(tx Tx) (Change, error) {
		var err error
		if c, err = tx.LockCampaign(ctx, name); err != nil {
			return Change{}, err
		}
		change, err := f(c)
		if err != nil {
			return Change{}, err
		}
		c.Version++
		change.Subject = name
		return change, tx.SaveCampaign(ctx, c)
	})
	return public(c, err)
}

// Edit changes the plan of a campaign. The name cannot change. Once the campaign is open,
// only the title, the number of plays and the closing time can change; once the closing
// time has passed or the campaign is closed, only the title can. If version is neither
// 0 nor the current version of the campaign, the error wraps [ErrChanged].
func (a *Admin) Edit(ctx context.Context, name string, version int64, plan Plan) (Campaign, error) {
	valid, err := a.validate(ctx, plan, false)
	if err != nil {
		return Campaign{}, err
	}
	if valid.Name != name {
		return Campaign{}, invalid("name", "the name of a campaign cannot change; use %s", name)
	}
	// A rejected edit is rolled back, so the end is recorded in a separate transaction.
	err = a.store.Update(ctx, func(tx Tx) error {
		c, err := tx.LockCampaign(ctx, name)
		if err != nil {
			return err
		}
		return recordEnd(ctx, tx, c, c.timeAt(a.now()))
	})
	if err != nil {
		return Campaign{}, err
	}
	return a.changeCampaign(ctx, name, func(c *StoredCampaign) (Change, error) {
		if version != 0 && version != c.Version {
			return Change{}, Errorf(ErrChanged, "somebody else has changed campaign %s; load it again", name)
		}
		before := *c
		valid.apply(c)
		if err := checkFixed(&before, c, c.timeAt(a.now())); err != nil {
			return Change{}, err
		}
		if before.State != Draft {
			c.Prizes = before.Prizes
		}
		return Change{Action: "campaign.edit", Detail: differences(&before, c)}, nil
	})
}

// checkFixed returns an error if after changes a field that can no longer change at the
// given time.
func checkFixed(before, after *StoredCampaign, now time.Time) error {
	if before.State == Draft {
		return nil
	}
	state, over := string(before.State), before.State == Closed
	if !over && errors.Is(before.Playable(now), ErrEnded) {
		state, over = "over", true
	}
	for _, f := range []struct {
		name  string
		fixed bool
		same  bool
	}{
		{"rules_yaml", true, before.RulesSHA256 == after.RulesSHA256},
		{"text_format", true, before.TextFormat == after.TextFormat},
		{"number_format", true, before.NumberFormat == after.NumberFormat},
		{"require_email", true, before.RequireEmail == after.RequireEmail},
		{"opens_at", true, equalTimes(before.OpensAt, after.OpensAt)},
		{"closes_at", over, equalTimes(before.ClosesAt, after.ClosesAt)},
		{"max_plays", over, before.MaxPlays == after.MaxPlays},
	} {
		if f.fixed && !f.same {
			return invalid(f.name, "cannot change in a campaign that is %s", state)
		}
	}
	if !over && errors.Is(after.Playable(now), ErrEnded) {
		return invalid("closes_at", "must be in the future; to end the campaign now, close it")
	}
	return nil
}

// differences describes an edit for the audit trail.
func differences(before, after *StoredCampaign) string {
	var list []string
	compare := func(name, old, new string) {
		if old != new {
			list = append(list, fmt.Sprintf("%s: %s → %s", name, old, new))
		}
	}
	compare("title", strconv.Quote(before.Title), strconv.Quote(after.Title))
	compare("rules", before.Rules+" "+before.RulesSHA256, after.Rules+" "+after.RulesSHA256)
	compare("formats", before.TextFormat+" + "+before.NumberFormat, after.TextFormat+" + "+after.NumberFormat)
	compare("opens_at", timeText(before.OpensAt), timeText(after.OpensAt))
	compare("closes_at", timeText(before.ClosesAt), timeText(after.ClosesAt))
	compare("max_plays", strconv.FormatInt(before.MaxPlays, 10), strconv.FormatInt(after.MaxPlays, 10))
	compare("require_email", strconv.FormatBool(before.RequireEmail), strconv.FormatBool(after.RequireEmail))
	return strings.Join(list, "; ")
}

// Open opens a draft. It fixes rules, formats and stock, generates a seed of 256 random
// bits and publishes its commitment. If an account number matches no rule or a rule can
// never be reached, the error wraps [ErrInvalid].
func (a *Admin) Open(ctx context.Context, name string) (Campaign, error) {
	return a.changeCampaign(ctx, name, func(c *StoredCampaign) (Change, error) {
		if c.State != Draft {
			return Change{}, Errorf(ErrState, "only a draft can be opened, but campaign %s is %s", name, c.State)
		}
		now := a.now()
		if c.ClosesAt != nil && !now.Before(*c.ClosesAt) {
			return Change{}, Errorf(ErrState, "the closes_at of campaign %s is in the past; set a later time", name)
		}
		if _, err := a.validate(ctx, c.Plan(), true); err != nil {
			return Change{}, err
		}
		c.State, c.OpenedAt, c.Secret = Open, &now, entropy.NewSeed()
		c.Commitment = c.Secret.Commitment()
		return Change{Action: "campaign.open", Detail: "commitment " + c.Commitment}, nil
	})
}

// Close ends a campaign permanently and reveals its seed.
func (a *Admin) Close(ctx context.Context, name string) (Campaign, error) {
	return a.changeCampaign(ctx, name, func(c *StoredCampaign) (Change, error) {
		if c.State != Open {
			return Change{}, Errorf(ErrState, "only an open campaign can be closed, but campaign %s is %s", name, c.State)
		}
		now := c.timeAt(a.now())
		c.State, c.ClosedAt, c.Erased = Closed, &now, 0
		return Change{Action: "campaign.close", Detail: fmt.Sprintf("%d draws", c.Plays)}, nil
	})
}

// Delete deletes a draft. A campaign that has been open cannot be deleted, except for the
// demo campaign, whose draws are deleted with it.
func (a *Admin) Delete(ctx context.Context, name string) error {
	return a.change(ctx, func(tx Tx) (Change, error) {
		c, err := tx.LockCampaign(ctx, name)
		if err != nil {
			return Change{}, err
		}
		change := Change{Action: "campaign.delete", Subject: name}
		if c.State != Draft {
			demo, err := isDemo(ctx, tx, name)
			if err != nil {
				return Change{}, err
			}
			if !demo {
				return Change{}, Errorf(ErrState, "only a draft can be deleted, but campaign %s is %s", name, c.State)
			}
			change.Detail = fmt.Sprintf("the demo campaign, %d draws", c.Plays)
		}
		return change, tx.DeleteCampaign(ctx, c.ID)
	})
}
