package campaign

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/prizegen/prizegen/pkg/excerpt"
)

// Draw returns a draw by its ID, without notes and personal data.
func (s *Service) Draw(ctx context.Context, id string) (Draw, error) {
	return s.drawByID(ctx, publicView, id)
}

// Draw returns a draw by its ID.
func (v *Viewer) Draw(ctx context.Context, id string) (Draw, error) {
	return v.drawByID(ctx, adminView, id)
}

func (e *engine) drawByID(ctx context.Context, v visibility, id string) (Draw, error) {
	name, index, secret, err := parseID(id)
	if err != nil {
		return Draw{}, err
	}
	c, err := e.store.Campaign(ctx, name)
	if err != nil {
		return Draw{}, err
	}
	row, err := e.store.Draw(ctx, c.ID, index)
	if err != nil {
		return Draw{}, err
	}
	if row.Secret != secret {
		return Draw{}, noDraw(id)
	}
	return e.view(v, c, row)
}

// Draws returns draws of a campaign, newest first unless q.Oldest is set. next is the
// cursor of the next page, or empty on the last page.
func (v *Viewer) Draws(ctx context.Context, q DrawQuery) (list []Draw, next string, err error) {
	return v.listDraws(ctx, adminView, q)
}

// Winners returns the draws of a campaign that won a prize, newest first. next is the
// cursor of the next page, or empty on the last page. The draws have no IDs, because only
// the entrant of a draw may know its ID.
func (s *Service) Winners(ctx context.Context, campaign string, page Paging) (list []Draw, next string, err error) {
	list, next, err = s.listDraws(ctx, publicView, DrawQuery{Paging: page, Campaign: campaign, Won: true})
	for i := range list {
		list[i].ID = ""
	}
	return list, next, err
}

func (e *engine) listDraws(ctx context.Context, v visibility, q DrawQuery) (list []Draw, next string, err error) {
	c, err := e.campaign(ctx, v, q.Campaign)
	if err != nil {
		return nil, "", err
	}
	switch q.Status {
	case "", Unclaimed, Claimed, Voided:
	default:
		return nil, "", invalid("status", "unknown status %q; use %s, %s or %s", excerpt.Of(q.Status), Unclaimed, Claimed, Voided)
	}
	if err := q.normalize(); err != nil {
		return nil, "", err
	}
	rows, err := e.store.Draws(ctx, c, q)
	if err != nil {
		return nil, "", err
	}
	list = make([]Draw, len(rows))
	for i := range rows {
		if list[i], err = e.view(v, c, &rows[i]); err != nil {
			return nil, "", err
		}
	}
	if len(rows) == q.Limit {
		// The cursor is the index plus 1, because 0 means the first page.
		next = strconv.FormatUint(rows[len(rows)-1].Index+1, 10)
	}
	return list, next, nil
}

// maxNote is the maximum length of a note, in characters.
const maxNote = 1000

// cleanNote trims and validates a note.
func cleanNote(field, text string, required bool) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case required && text == "":
		return "", invalid(field, "missing; use 1 to %d characters", maxNote)
	case !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxNote:
		return "", invalid(field, "must be UTF-8 text of at most %d characters", maxNote)
	case strings.ContainsFunc(text, func(r rune) bool { return isInvisible(r) && r != '\n' && r != '\r' && r != '\t' }):
		return "", invalid(field, "contains an invisible character; use plain text")
	}
	return text, nil
}

// Claim records that the prize of a draw was claimed.
func (a *Admin) Claim(ctx context.Context, id, note string) (Draw, error) {
	note, err := cleanNote("note", note, false)
	if err != nil {
		return Draw{}, err
	}
	return a.mark(ctx, id, "draw.claim", func(row *StoredDraw) error {
		switch {
		case row.Awarded < 0:
			return Errorf(ErrState, "the draw won nothing; there is no prize to claim")
		case row.Void != nil:
			return Errorf(ErrState, "the draw is void; its prize cannot be claimed")
		case row.Claim != nil:
			return Errorf(ErrState, "the prize was already claimed at %s", timeText(&row.Claim.At))
		}
		row.Claim = &Mark{At: a.now(), Note: note}
		return nil
	})
}

// Unclaim undoes [Admin.Claim].
func (a *Admin) Unclaim(ctx context.Context, id string) (Draw, error) {
	return a.mark(ctx, id, "draw.unclaim", func(row *StoredDraw) error {
		if row.Claim == nil {
			return Errorf(ErrState, "the prize was not claimed")
		}
		row.Claim = nil
		return nil
	})
}

// Void marks a draw as void, which cannot be undone. The draw is kept. Its prize does not
// return to the stock, because later prizes were awarded without it.
func (a *Admin) Void(ctx context.Context, id, reason string) (Draw, error) {
	reason, err := cleanNote("reason", reason, true)
	if err != nil {
		return Draw{}, err
	}
	return a.mark(ctx, id, "draw.void", func(row *StoredDraw) error {
		if row.Void != nil {
			return Errorf(ErrState, "the draw is already void")
		}
		row.Void = &Mark{At: a.now(), Note: reason}
		return nil
	})
}

// mark lets f change the Claim or Void mark of a draw, and records action in the audit
// trail.
func (a *Admin) mark(ctx context.Context, id, action string, f func(*StoredDraw) error) (Draw, error) {
	name, index, secret, err := parseID(id)
	if err != nil {
		return Draw{}, err
	}
	var c *StoredCampaign
	var row *StoredDraw
	err = a.change(ctx, func(tx Tx) (Change, error) {
		var err error
		if c, err = tx.LockCampaign(ctx, name); err != nil {
			return Change{}, err
		}
		if row, err = tx.Draw(ctx, c.ID, index); err != nil {
			return Change{}, err
		}
		if row.Secret != secret {
			return Change{}, noDraw(id)
		}
		if err := f(row); err != nil {
			return Change{}, err
		}
		return Change{Action: action, Subject: fmt.Sprintf("%s-%d", name, index)}, tx.MarkDraw(ctx, row)
	})
	if err != nil {
		return Draw{}, err
	}
	return a.view(adminView, c, row)
}

// PlayOfKey returns the draw that a visitor of the site made with a once-only key
// ([Play].FromSite), without notes and personal data.
func (s *Service) PlayOfKey(ctx context.Context, key string) (Draw, error) {
	row, err := s.store.DrawOfKey(ctx, newDigest([]byte(siteKeys+key)))
	if err != nil {
		return Draw{}, err
	}
	page, err := s.store.Campaigns(ctx, CampaignQuery{Paging: Paging{Cursor: strconv.FormatInt(row.Campaign+1, 10), Limit: 1}})
	if err != nil {
		return Draw{}, err
	}
	i := slices.IndexFunc(page, func(c StoredCampaign) bool { return c.ID == row.Campaign })
	if i < 0 {
		return Draw{}, Errorf(ErrNotFound, "there is no campaign for this draw")
	}
	c, err := s.store.Campaign(ctx, page[i].Name)
	if err != nil {
		return Draw{}, err
	}
	return s.view(publicView, c, row)
}
