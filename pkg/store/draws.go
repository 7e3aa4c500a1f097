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

func scanDraw(row scanner) (campaign.StoredDraw, error) { return scanDrawColumns(row) }

func scanDrawColumns(row scanner, more ...any) (d campaign.StoredDraw, err error) {
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
	d.Awarded = -1
	if awarded.Valid {
		d.Awarded = int(awarded.Int64)
	}
	copy(d.Secret[:], secret)
	d.Key, d.Request = digestOf(key), digestOf(request)
	d.Claim, d.Void = mark(claimed, note), mark(voided, reason)
	return d, nil
}

// digest is the first half of a SHA-256 hash.
type digest = [16]byte

func digestOf(b []byte) *digest {
	if len(b) != len(digest{}) {
		return nil
	}
	d := digest(b)
	return &d
}

func mark(at sql.NullInt64, note sql.NullString) *campaign.Mark {
	if !at.Valid {
		return nil
	}
	return &campaign.Mark{At: timeOf(at.Int64), Note: note.String}
}

// scanDrawWithPerson scans a draw and its entrant.
func scanDrawWithPerson(row scanner) (campaign.StoredDraw, error) {
	var id, created sql.NullInt64
	var first, last, email sql.NullString
	d, err := scanDrawColumns(row, &id, &first, &last, &email, &created)
	if err == nil && id.Valid {
		d.Person = &campaign.Entrant{
			ID: id.Int64, CreatedAt: timeOf(created.Int64),
			Person: campaign.Person{FirstName: first.String, LastName: last.String, Email: email.String},
		}
	}
	return d, err
}

const selectDraws = "SELECT " + drawColumns + ", e.id, e.first_name, e.last_name, e.email, e.created_at FROM draws d LEFT JOIN entrants e ON e.id = d.entrant_id"

// Draw implements [campaign.Store].
func (q reader) Draw(ctx context.Context, id int64, index uint64) (*campaign.StoredDraw, error) {
	d, err := queryOne(ctx, q.r, scanDrawWithPerson, selectDraws+" WHERE d.campaign_id = $1 AND d.draw_index = $2", id, int64(index))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, campaign.Errorf(campaign.ErrNotFound, "there is no draw with index %d", index)
	}
	return &d, q.db.explain(err)
}

// DrawOfKey implements [campaign.Store].
func (q reader) DrawOfKey(ctx context.Context, key digest) (*campaign.StoredDraw, error) {
	d, err := queryOne(ctx, q.r, scanDrawWithPerson, selectDraws+" WHERE d.once_key = $1", key[:])
	if errors.Is(err, sql.ErrNoRows) {
		return nil, campaign.Errorf(campaign.ErrNotFound, "there is no draw with this once-only key")
	}
	return &d, q.db.explain(err)
}

// longPrefix is the minimum length in bytes of a prefix that is assumed to match few
// rows. A query with such a prefix finds its rows with the index on the searched column
// and sorts them. With a shorter prefix, it reads rows in order and stops after a page.
// "+ 0" in an ORDER BY clause keeps both engines from reading rows in order.
const longPrefix = 3

// Draws implements [campaign.Store].
func (q reader) Draws(ctx context.Context, c *campaign.StoredCampaign, want campaign.DrawQuery) ([]campaign.StoredDraw, error) {
	if want.Prize != "" && prizeIndex(c, want.Prize) < 0 {
		return nil, nil
	}
	text, args, err := drawsStatement(c, want)
	if err != nil {
		return nil, err
	}
	rows, err := queryAll(ctx, q.r, scanDrawWithPerson, text, args...)
	return rows, q.db.explain(err)
}

// prizeIndex returns the index of the named prize in c, or -1 if there is none.
func prizeIndex(c *campaign.StoredCampaign, name string) int {
	return slices.IndexFunc(c.Prizes, func(s campaign.Stock) bool { return s.Name == name })
}

// drawsStatement returns the statement that lists draws of c. Each kind of query uses an
// index (TestDrawsUseIndexes).
func drawsStatement(c *campaign.StoredCampaign, want campaign.DrawQuery) (text string, args []any, err error) {
	position, err := want.Position()
	if err != nil {
		return "", nil, err
	}
	var w where
	w.and("d.campaign_id = ", c.ID)
	switch last := int64(position) - 1; { // the cursor is an index plus 1
	case position == 0:
	case want.Oldest:
		w.and("d.draw_index > ", last)
	default:
		w.and("d.draw_index < ", last)
	}
	if want.Won || want.Status == campaign.Unclaimed {
		w.andText("d.awarded IS NOT NULL")
	}
	switch want.Status {
	case campaign.Unclaimed:
		w.andText("d.claimed_at IS NULL AND d.voided_at IS NULL")
	case campaign.Claimed:
		w.andText("d.claimed_at IS NOT NULL")
	case campaign.Voided:
		w.andText("d.voided_at IS NOT NULL")
	}
	if want.Entrant != 0 {
		w.and("d.entrant_id = ", want.Entrant)
	}
	order := "d.draw_index"
	if want.Account != "" {
		w.andPrefix("d.account", want.Account)
		if len(want.Account) >= longPrefix {
			order += " + 0"
		}
	}
	if want.Prize != "" {
		w.and("d.awarded = ", int64(prizeIndex(c, want.Prize)))
	}
	if !want.Oldest {
		order += " DESC"
	}
	text = selectDraws + w.text + " ORDER BY " + order + w.limit(want.Limit)
	return text, w.args, nil
}

// Skipped implements [campaign.Store].
func (q reader) Skipped(ctx context.Context, id int64, from uint64, limit int) ([]campaign.StoredDraw, error) {
	read := func(row scanner) (s campaign.StoredDraw, err error) {
		var index int64
		err = row.Scan(&index, &s.Account)
		s.Campaign, s.Index = id, uint64(index)
		return s, err
	}
	all, err := queryAll(ctx, q.r, read, "SELECT draw_index, account FROM skipped WHERE campaign_id = $1 AND draw_index >= $2 ORDER BY draw_index LIMIT $3", id, int64(from), int64(limit))
	return all, q.db.explain(err)
}

// DrawsOfKeys implements [campaign.Tx].
func (t *transaction) DrawsOfKeys(ctx context.Context, keys []digest) ([]campaign.StoredDraw, error) {
	values := make([][]byte, len(keys))
	for i := range keys {
		values[i] = keys[i][:]
	}
	in, arg, err := t.r.inBytes("d.once_key", 1, values)
	if err != nil {
		return nil, err
	}
	return queryAll(ctx, t.r, scanDraw, "SELECT "+drawColumns+" FROM draws d WHERE "+in, arg)
}

// Issued implements [campaign.Tx].
func (t *transaction) Issued(ctx context.Context, id int64, accounts []string) ([]string, error) {
	scan := func(row scanner) (account string, err error) { return account, row.Scan(&account) }
	in, arg, err := t.r.inTexts("account", 2, accounts)
	if err != nil {
		return nil, err
	}
	return queryAll(ctx, t.r, scan, issuedQuery(t.db.engine)+in, id, arg)
}

// issuedQuery returns the query of Issued up to the condition on the account number.
func issuedQuery(e Engine) string {
	return "SELECT account FROM draws WHERE " + e.hidden("campaign_id") + " = $1 AND "
}

// AddDraws implements [campaign.Tx].
func (t *transaction) AddDraws(ctx context.Context, id int64, next uint64, draws []campaign.StoredDraw, skipped []campaign.StoredDraw, awarded map[int]int64) error {
	rows := make([][]any, len(draws))
	for i := range draws {
		rows[i] = drawValues(&draws[i])
	}
	all := insertStatements(t.r, "INSERT INTO draws (campaign_id, draw_index, account, outcome, awarded, secret, played_at, entrant_id, once_key, request) VALUES", 10, rows)
	rows = make([][]any, len(skipped))
	for i, s := range skipped {
		rows[i] = []any{id, int64(s.Index), s.Account}
	}
	all = append(all, insertStatements(t.r, "INSERT INTO skipped (campaign_id, draw_index, account) VALUES", 3, rows)...)
	for i, n := range awarded {
		all = append(all, statement{text: "UPDATE prizes SET awarded = awarded + $3 WHERE campaign_id = $1 AND place = $2", args: []any{id, int64(i), n}})
	}
	var last any
	if n := len(draws); n > 0 {
		last = draws[n-1].PlayedAt.UnixMilli()
	}
	found := false
	all = append(all, statement{
		text: "UPDATE campaigns SET next_index = $2, plays = plays + $3, skipped = skipped + $4, last_played_at = coalesce($5, last_played_at), sealed_next = $6 WHERE id = $1 RETURNING id",
		args: []any{id, int64(next), int64(len(draws)), int64(len(skipped)), last, int64(next)},
		read: func(scanner) error { found = true; return nil },
	})
	err := t.r.run(ctx, all)
	switch {
	case faultOf(err) == duplicate:
		// A play in another campaign, which is not locked, has just used the same once-only key.
		return fmt.Errorf("%w: %w", errConflict, err)
	case err == nil && !found:
		return fmt.Errorf("there is no campaign %d: %w", id, campaign.ErrNotFound)
	}
	return err
}

func drawValues(d *campaign.StoredDraw) []any {
	values := []any{d.Campaign, int64(d.Index), d.Account, int64(d.Outcome), nil, d.Secret[:], d.PlayedAt.UnixMilli(), nil, nil, nil}
	if d.Awarded >= 0 {
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
func (t *transaction) MarkDraw(ctx context.Context, d *campaign.StoredDraw) error {
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
