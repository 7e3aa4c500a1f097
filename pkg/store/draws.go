package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/prize"
)

const drawColumns = "d.campaign_id, d.draw_index, d.account, d.outcome, d.awarded, d.secret, d.played_at, d.entrant_id, d.once_key, d.request, d.claimed_at, d.claim_note, d.voided_at, d.void_reason"

func scanDraw(row scanner) (campaign.Row, error) { return scanDrawAnd(row) }

func scanDrawAnd(row scanner, more ...any) (d campaign.Row, err error) {
	var index, outcome, played int64
	var awarded, entrant, claimed, voided sql.NullInt64
	var note, reason sql.NullString
	var secret, key, request []byte
	err = row.Scan(append([]any{
		&d.Campaign, &index, &d.Account, &outcome, &awarded, &secret, &played, &entrant, &key, &request,
		&claimed, &note, &voided, &reason,
	}, more...)...)
	if err != nil {
		return d, err
	}
	d.Index, d.Outcome, d.PlayedAt, d.Entrant = uint64(index), prize.Outcome(outcome), timeOf(played), entrant.Int64
	d.Awarded = campaign.NoPrize
	if awarded.Valid {
		d.Awarded = int(awarded.Int64)
	}
	copy(d.Secret[:], secret)
	d.Key, d.Request = digest(key), digest(request)
	d.Claim, d.Void = mark(claimed, note), mark(voided, reason)
	return d, nil
}

func digest(b []byte) *campaign.Digest {
	if len(b) != len(campaign.Digest{}) {
		return nil
	}
	d := campaign.Digest(b)
	return &d
}

func mark(at sql.NullInt64, note sql.NullString) *campaign.Mark {
	if !at.Valid {
		return nil
	}
	return &campaign.Mark{At: timeOf(at.Int64), Note: note.String}
}

// scanDrawOfPerson reads a draw and whose it is.
func scanDrawOfPerson(row scanner) (campaign.Row, error) {
	var id, created sql.NullInt64
	var first, last, email sql.NullString
	d, err := scanDrawAnd(row, &id, &first, &last, &email, &created)
	if err == nil && id.Valid {
		d.Person = &campaign.Contact{
			ID: id.Int64, CreatedAt: timeOf(created.Int64),
			Person: campaign.Person{FirstName: first.String, LastName: last.String, Email: email.String},
		}
	}
	return d, err
}

const drawsOfPersons = "SELECT " + drawColumns + ", e.id, e.first_name, e.last_name, e.email, e.created_at FROM draws d LEFT JOIN entrants e ON e.id = d.entrant_id"

// Draw implements [campaign.Reader].
func (q reader) Draw(ctx context.Context, id int64, index uint64) (*campaign.Row, error) {
	d, err := one(ctx, q.r, scanDrawOfPerson, drawsOfPersons+" WHERE d.campaign_id = $1 AND d.draw_index = $2", id, int64(index))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, campaign.Errorf(campaign.ErrNotFound, "there is no draw with the index %d", index)
	}
	return &d, q.db.explain(err)
}

// DrawOfKey implements [campaign.Reader].
func (q reader) DrawOfKey(ctx context.Context, key campaign.Digest) (*campaign.Row, error) {
	d, err := one(ctx, q.r, scanDrawOfPerson, drawsOfPersons+" WHERE d.once_key = $1", key[:])
	if errors.Is(err, sql.ErrNoRows) {
		return nil, campaign.Errorf(campaign.ErrNotFound, "there is no draw of this once-only key")
	}
	return &d, q.db.explain(err)
}

// longPrefix is how many characters a prefix of account numbers has that few of them
// begin with: those are looked up and sorted, where draws in their order would have
// to be searched for long.
const longPrefix = 3

// Draws implements [campaign.Reader].
func (q reader) Draws(ctx context.Context, want campaign.DrawQuery) ([]campaign.Row, error) {
	w, order := drawsWhere(want)
	if want.Prizes == nil {
		return q.draws(ctx, w, order, want.Limit)
	}
	return q.drawsOfPrizes(ctx, w, order, want)
}

// drawsWhere is what wanted draws have, but for their prizes, and in which order they come.
func drawsWhere(want campaign.DrawQuery) (w where, order string) {
	w.and("d.campaign_id = ", want.Campaign)
	if want.Before != nil {
		w.and("d.draw_index < ", int64(*want.Before))
	}
	if want.After != nil {
		w.and("d.draw_index > ", int64(*want.After))
	}
	if want.Won || want.Status == campaign.Unclaimed {
		w.plain("d.awarded IS NOT NULL")
	}
	switch want.Status {
	case campaign.Unclaimed:
		w.plain("d.claimed_at IS NULL AND d.voided_at IS NULL")
	case campaign.Claimed:
		w.plain("d.claimed_at IS NOT NULL")
	case campaign.Voided:
		w.plain("d.voided_at IS NOT NULL")
	}
	if want.Entrant != 0 {
		w.and("d.entrant_id = ", want.Entrant)
	}
	order = "d.draw_index"
	if want.Account != "" {
		w.begins("d.account", want.Account)
		if len(want.Account) >= longPrefix {
			order += " + 0"
		}
	}
	if want.After == nil && !want.FromStart {
		order += " DESC"
	}
	return w, order
}

func (q reader) draws(ctx context.Context, w where, order string, limit int) ([]campaign.Row, error) {
	text, args := drawsStatement(w, order, limit)
	rows, err := list(ctx, q.r, scanDrawOfPerson, text, args...)
	return rows, q.db.explain(err)
}

func drawsStatement(w where, order string, limit int) (text string, args []any) {
	w.args = slices.Clone(w.args)
	text = drawsOfPersons + w.text + " ORDER BY " + order + w.limit(limit)
	return text, w.args
}

// drawsOfPrizes lists the draws of each prize for itself, for which there is an
// index, and puts the lists together.
func (q reader) drawsOfPrizes(ctx context.Context, w where, order string, want campaign.DrawQuery) ([]campaign.Row, error) {
	var all []campaign.Row
	for _, place := range want.Prizes {
		rows, err := q.draws(ctx, ofPrize(w, place), order, want.Limit)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	oldest := want.After != nil || want.FromStart
	slices.SortFunc(all, func(a, b campaign.Row) int {
		if (a.Index < b.Index) == oldest {
			return -1
		}
		return 1
	})
	return all[:min(len(all), want.Limit)], nil
}

func ofPrize(w where, place int) where {
	w.args = slices.Clone(w.args)
	w.and("d.awarded = ", int64(place))
	return w
}

// Skipped implements [campaign.Reader].
func (q reader) Skipped(ctx context.Context, id int64, from uint64, limit int) ([]campaign.Skip, error) {
	read := func(row scanner) (s campaign.Skip, err error) {
		var index int64
		err = row.Scan(&index, &s.Account)
		s.Index = uint64(index)
		return s, err
	}
	all, err := list(ctx, q.r, read, "SELECT draw_index, account FROM skipped WHERE campaign_id = $1 AND draw_index >= $2 ORDER BY draw_index LIMIT $3", id, int64(from), int64(limit))
	return all, q.db.explain(err)
}

// OfKeys implements [campaign.Tx].
func (t *transaction) OfKeys(ctx context.Context, keys []campaign.Digest) ([]campaign.Row, error) {
	values := make([][]byte, len(keys))
	for i := range keys {
		values[i] = keys[i][:]
	}
	return among(ctx, t.r, scanDraw, "SELECT "+drawColumns+" FROM draws d WHERE d.once_key", values)
}

// Issued implements [campaign.Tx].
func (t *transaction) Issued(ctx context.Context, id int64, accounts []string) ([]string, error) {
	read := func(row scanner) (account string, err error) { return account, row.Scan(&account) }
	return among(ctx, t.r, read, issuedQuery(t.db.engine), accounts, id)
}

func issuedQuery(e Engine) string {
	return "SELECT account FROM draws WHERE " + e.hidden("campaign_id") + " = $1 AND account"
}

// AddDraws implements [campaign.Tx].
func (t *transaction) AddDraws(ctx context.Context, id int64, next uint64, draws []campaign.Row, skipped []campaign.Skip, awarded map[int]int64) error {
	rows := make([][]any, len(draws))
	for i := range draws {
		rows[i] = drawValues(&draws[i])
	}
	all := inserts(t.r, "INSERT INTO draws (campaign_id, draw_index, account, outcome, awarded, secret, played_at, entrant_id, once_key, request) VALUES", 10, rows)
	rows = make([][]any, len(skipped))
	for i, s := range skipped {
		rows[i] = []any{id, int64(s.Index), s.Account}
	}
	all = append(all, inserts(t.r, "INSERT INTO skipped (campaign_id, draw_index, account) VALUES", 3, rows)...)
	for place, n := range awarded {
		all = append(all, statement{text: "UPDATE prizes SET awarded = awarded + $3 WHERE campaign_id = $1 AND place = $2", args: []any{id, int64(place), n}})
	}
	there := false
	all = append(all, statement{
		text: "UPDATE campaigns SET next_index = $2, plays = plays + $3, skipped = skipped + $4 WHERE id = $1 RETURNING id",
		args: []any{id, int64(next), int64(len(draws)), int64(len(skipped))},
		read: func(scanner) error { there = true; return nil },
	})
	err := t.r.all(ctx, all)
	switch {
	case faultOf(err) == duplicate:
		// A once-only key was used in another campaign, which is not locked, meanwhile.
		return fmt.Errorf("%w: %w", errOvertaken, err)
	case err == nil && !there:
		return fmt.Errorf("the campaign %d is not there: %w", id, campaign.ErrNotFound)
	}
	return err
}

func drawValues(d *campaign.Row) []any {
	values := []any{d.Campaign, int64(d.Index), d.Account, int64(d.Outcome), nil, d.Secret[:], d.PlayedAt.UnixMilli(), nil, nil, nil}
	if d.Awarded != campaign.NoPrize {
		values[4] = int64(d.Awarded)
	}
	if d.Entrant != 0 {
		values[7] = d.Entrant
	}
	if d.Key != nil {
		values[8] = d.Key[:]
	}
	if d.Request != nil {
		values[9] = d.Request[:]
	}
	return values
}

// MarkDraw implements [campaign.Tx].
func (t *transaction) MarkDraw(ctx context.Context, d *campaign.Row) error {
	values := []any{d.Campaign, int64(d.Index), nil, nil, nil, nil}
	if d.Claim != nil {
		values[2], values[3] = d.Claim.At.UnixMilli(), d.Claim.Note
	}
	if d.Void != nil {
		values[4], values[5] = d.Void.At.UnixMilli(), d.Void.Note
	}
	_, err := t.r.exec(ctx, "UPDATE draws SET claimed_at = $3, claim_note = $4, voided_at = $5, void_reason = $6 WHERE campaign_id = $1 AND draw_index = $2", values...)
	return err
}
