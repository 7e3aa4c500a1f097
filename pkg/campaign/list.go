package campaign

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/prizegen/prizegen/pkg/textgen"
)

// split parts an account number into its text and its number.
func split(r *Record, account string) (text, number string) {
	format, err := textgen.Parse(r.TextFormat)
	if err != nil || format.Len() > len(account) {
		return account, ""
	}
	return account[:format.Len()], account[format.Len():]
}

// seen is a draw as this promoter may see it.
func (p *Promoter) seen(r *Record, row *Row) (Draw, error) {
	rules, err := p.rulesOf(r)
	if err != nil {
		return Draw{}, err
	}
	d := view(r, rules, row)
	if p.actor != "" {
		d.Entrant = row.Person
		return d, nil
	}
	d.Claim, d.Void = bare(d.Claim), bare(d.Void)
	return d, nil
}

// bare is a mark without its note, which may be about a person.
func bare(m *Mark) *Mark {
	if m == nil {
		return nil
	}
	return &Mark{At: m.At}
}

// Draw finds a draw by its ID.
func (p *Promoter) Draw(ctx context.Context, id string) (Draw, error) {
	r, row, err := p.find(ctx, id)
	if err != nil {
		return Draw{}, err
	}
	return p.seen(r, row)
}

func (p *Promoter) find(ctx context.Context, id string) (*Record, *Row, error) {
	name, index, secret, err := ParseID(id)
	if err != nil {
		return nil, nil, err
	}
	r, err := p.store.Campaign(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	row, err := p.store.Draw(ctx, r.ID, index)
	if err == nil && row.Secret != secret {
		err = Errorf(ErrNotFound, "there is no draw %q", clip(id))
	}
	return r, row, err
}

// DrawList says which draws of a campaign to list.
type DrawList struct {
	Campaign string
	Cursor   string // the next of the page before, empty for the first page
	Limit    int    // how many at most: 50 where it is 0, up to [MaxPage]
	Oldest   bool   // the oldest first instead of the newest
	Won      bool   // only those that won something
	Prize    string // only those that won this prize, empty for all
	Entrant  int64  // only those of this entrant, 0 for all
	Account  string // only those whose account number begins so
	Status   DrawStatus
}

// DrawPage is a page of a list.
type DrawPage struct {
	Draws []Draw `json:"draws"`
	Next  string `json:"next,omitempty" doc:"The cursor of the next page; left out on the last one."`
}

// Draws lists the draws of a campaign, for the promoter. The public sees
// [Promoter.Winners].
func (p *Promoter) Draws(ctx context.Context, list DrawList) (DrawPage, error) {
	if err := p.allowed(); err != nil {
		return DrawPage{}, err
	}
	return p.draws(ctx, list)
}

// Winners lists the draws of a campaign that won something, the newest first, as the
// public may see them: without their IDs, which are for those who played.
func (p *Promoter) Winners(ctx context.Context, campaign, cursor string, limit int) (DrawPage, error) {
	public := &Promoter{office: p.office}
	page, err := public.draws(ctx, DrawList{Campaign: campaign, Cursor: cursor, Limit: limit, Won: true})
	for i := range page.Draws {
		page.Draws[i].ID = ""
	}
	return page, err
}

func (p *Promoter) draws(ctx context.Context, list DrawList) (DrawPage, error) {
	page := DrawPage{Draws: []Draw{}}
	r, err := p.record(ctx, list.Campaign)
	if err != nil {
		return page, err
	}
	q, err := query(r, list)
	if err != nil {
		return page, err
	}
	if list.Prize != "" && len(q.Prizes) == 0 {
		return page, nil
	}
	rows, err := p.store.Draws(ctx, q)
	if err != nil {
		return page, err
	}
	for i := range rows {
		d, err := p.seen(r, &rows[i])
		if err != nil {
			return page, err
		}
		page.Draws = append(page.Draws, d)
	}
	if len(rows) == q.Limit {
		// A cursor counts from 1, so that 0 stands for none.
		page.Next = strconv.FormatUint(rows[len(rows)-1].Index+1, 10)
	}
	return page, nil
}

// query tells the store what a list asks for.
func query(r *Record, list DrawList) (DrawQuery, error) {
	q := DrawQuery{
		Campaign: r.ID, Limit: pageSize(list.Limit), Won: list.Won, Entrant: list.Entrant,
		Account: list.Account, Status: list.Status,
	}
	switch list.Status {
	case "", Unclaimed, Claimed, Voided:
	default:
		return q, invalid("status", "%q is none, expected %s, %s or %s", clip(string(list.Status)), Unclaimed, Claimed, Voided)
	}
	for i, s := range r.Prizes {
		if list.Prize != "" && s.Name == list.Prize {
			q.Prizes = append(q.Prizes, i)
		}
	}
	at, err := cursor(list.Cursor)
	if err != nil {
		return q, err
	}
	if at > 0 {
		at--
		if list.Oldest {
			q.After = &at
		} else {
			q.Before = &at
		}
	} else if list.Oldest {
		q.FromStart = true
	}
	return q, nil
}

// maxNote is how many characters a note may have.
const maxNote = 1000

// cleanNote checks what a promoter writes.
func cleanNote(field, text string, needed bool) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case needed && text == "":
		return "", invalid(field, "it is missing, expected 1 to %d characters", maxNote)
	case !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxNote:
		return "", invalid(field, "it can't be used, expected up to %d characters of UTF-8", maxNote)
	case strings.ContainsFunc(text, func(r rune) bool { return hidden(r) && r != '\n' && r != '\r' && r != '\t' }):
		return "", invalid(field, "it has a character that can't be seen, expected text")
	}
	return text, nil
}

// Claim notes that the prize of a draw was handed over.
func (p *Promoter) Claim(ctx context.Context, id, note string) (Draw, error) {
	note, err := cleanNote("note", note, false)
	if err != nil {
		return Draw{}, err
	}
	return p.mark(ctx, id, "draw.claim", "", func(row *Row) error {
		switch {
		case row.Awarded == NoPrize:
			return Errorf(ErrState, "the draw won nothing, so that nothing can be claimed")
		case row.Void != nil:
			return Errorf(ErrState, "the draw is void, so that its prize can't be claimed")
		case row.Claim != nil:
			return Errorf(ErrState, "the prize was claimed at %s already", timeText(&row.Claim.At))
		}
		row.Claim = &Mark{At: p.now(), Note: note}
		return nil
	})
}

// Unclaim takes back that the prize of a draw was handed over.
func (p *Promoter) Unclaim(ctx context.Context, id string) (Draw, error) {
	return p.mark(ctx, id, "draw.unclaim", "", func(row *Row) error {
		if row.Claim == nil {
			return Errorf(ErrState, "the prize was not claimed")
		}
		row.Claim = nil
		return nil
	})
}

// Void declares a draw invalid, for good, and says why. It stays on record, and its
// prize does not go back into the stock: what the next draws won was decided
// without it.
func (p *Promoter) Void(ctx context.Context, id, reason string) (Draw, error) {
	reason, err := cleanNote("reason", reason, true)
	if err != nil {
		return Draw{}, err
	}
	return p.mark(ctx, id, "draw.void", "", func(row *Row) error {
		if row.Void != nil {
			return Errorf(ErrState, "the draw is void already")
		}
		row.Void = &Mark{At: p.now(), Note: reason}
		return nil
	})
}

// mark changes what a promoter noted about a draw.
func (p *Promoter) mark(ctx context.Context, id, action, detail string, f func(*Row) error) (Draw, error) {
	name, index, secret, err := ParseID(id)
	if err != nil {
		return Draw{}, err
	}
	var r *Record
	var row *Row
	err = p.change(ctx, func(tx Tx) (Change, error) {
		var err error
		if r, err = tx.LockCampaign(ctx, name); err != nil {
			return Change{}, err
		}
		if row, err = tx.Draw(ctx, r.ID, index); err != nil {
			return Change{}, err
		}
		if row.Secret != secret {
			return Change{}, Errorf(ErrNotFound, "there is no draw %q", clip(id))
		}
		if err := f(row); err != nil {
			return Change{}, err
		}
		return Change{Action: action, Subject: fmt.Sprintf("%s-%d", name, index), Detail: detail}, tx.MarkDraw(ctx, row)
	})
	if err != nil {
		return Draw{}, err
	}
	return p.seen(r, row)
}

// drawOf is the view of a row whose campaign is not at hand.
func (p *Promoter) drawOf(ctx context.Context, row *Row) (Draw, error) {
	page, err := p.store.Campaigns(ctx, Query{Before: row.Campaign + 1, Limit: 1})
	if err != nil {
		return Draw{}, err
	}
	i := slices.IndexFunc(page, func(r Record) bool { return r.ID == row.Campaign })
	if i < 0 {
		return Draw{}, Errorf(ErrNotFound, "the campaign of the draw is not there")
	}
	r, err := p.store.Campaign(ctx, page[i].Name)
	if err != nil {
		return Draw{}, err
	}
	return p.seen(r, row)
}
