package store

import (
	"context"
	"database/sql"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/entropy"
)

const campaignColumns = "id, name, title, state, text_format, number_format, rules, rules_sha256, currency, opens_at, closes_at, max_plays, require_email, commitment, secret, next_index, plays, skipped, created_at, opened_at, closed_at, ended_at, last_played_at, erased, version"

func (q reader) scanCampaign(row scanner, more ...any) (c campaign.StoredCampaign, err error) {
	var opensAt, closesAt, openedAt, closedAt, endedAt, lastPlayed sql.NullInt64
	var requireEmail, created, next int64
	var secret string
	err = row.Scan(append([]any{
		&c.ID, &c.Name, &c.Title, &c.State, &c.TextFormat, &c.NumberFormat, &c.Rules, &c.RulesSHA256, &c.Currency,
		&opensAt, &closesAt, &c.MaxPlays, &requireEmail, &c.Commitment, &secret, &next, &c.Plays, &c.Skipped,
		&created, &openedAt, &closedAt, &endedAt, &lastPlayed, &c.Erased, &c.Version,
	}, more...)...)
	c.OpensAt, c.ClosesAt, c.OpenedAt, c.ClosedAt = nullableTime(opensAt), nullableTime(closesAt), nullableTime(openedAt), nullableTime(closedAt)
	c.EndedAt, c.LastPlayed = nullableTime(endedAt), nullableTime(lastPlayed)
	c.RequireEmail, c.CreatedAt, c.Next = requireEmail != 0, timeOf(created), uint64(next)
	if err == nil {
		secret, err = q.db.keys.Open(seedCell(c.Name), secret)
	}
	c.Secret = entropy.Seed(secret)
	return c, err
}

func (q reader) scanCampaignWithRules(row scanner) (c campaign.StoredCampaign, err error) {
	var yaml string
	c, err = q.scanCampaign(row, &yaml)
	c.RulesYAML = yaml
	return c, err
}

// Campaign implements [campaign.Store]. It reads the campaign and its prizes in one
// snapshot.
func (db *DB) Campaign(ctx context.Context, name string) (r *campaign.StoredCampaign, err error) {
	err = db.snapshot(ctx, db.responseTimeout, func(from runner) error {
		r, err = reader{db, from}.Campaign(ctx, name)
		return err
	})
	return r, err
}

// Campaigns implements [campaign.Store]. It reads the campaigns and their prizes in one
// snapshot.
func (db *DB) Campaigns(ctx context.Context, want campaign.CampaignQuery) (all []campaign.StoredCampaign, err error) {
	err = db.snapshot(ctx, db.responseTimeout, func(from runner) error {
		all, err = reader{db, from}.Campaigns(ctx, want)
		return err
	})
	return all, err
}

// Campaign implements [campaign.Store].
func (q reader) Campaign(ctx context.Context, name string) (*campaign.StoredCampaign, error) {
	return q.campaign(ctx, name, "")
}

func (q reader) campaign(ctx context.Context, name, end string) (*campaign.StoredCampaign, error) {
	var found *campaign.StoredCampaign
	var prizes []campaign.Stock
	err := q.r.run(ctx, []statement{
		{text: "SELECT " + campaignColumns + ", rules_yaml FROM campaigns WHERE name = $1" + end, args: []any{name}, read: func(row scanner) error {
			c, err := q.scanCampaignWithRules(row)
			found = &c
			return err
		}},
		{text: "SELECT " + prizeColumns + " FROM prizes WHERE campaign_id = (SELECT id FROM campaigns WHERE name = $1) ORDER BY place", args: []any{name}, read: func(row scanner) error {
			s, err := scanPrize(row)
			prizes = append(prizes, s)
			return err
		}},
	})
	if err != nil {
		return nil, q.db.explain(err)
	}
	if found == nil {
		return nil, campaign.Errorf(campaign.ErrNotFound, "there is no campaign %q", name)
	}
	found.Prizes = prizes
	return found, nil
}

const prizeColumns = "name, value, stock, awarded"

func scanPrize(row scanner) (s campaign.Stock, err error) {
	var stock sql.NullInt64
	err = row.Scan(&s.Name, &s.Value, &stock, &s.Awarded)
	if stock.Valid {
		s.Stock = &stock.Int64
	}
	return s, err
}

func (q reader) prizes(ctx context.Context, id int64) ([]campaign.Stock, error) {
	return queryAll(ctx, q.r, scanPrize, "SELECT "+prizeColumns+" FROM prizes WHERE campaign_id = $1 ORDER BY place", id)
}

// Campaigns implements [campaign.Store].
func (q reader) Campaigns(ctx context.Context, want campaign.CampaignQuery) ([]campaign.StoredCampaign, error) {
	before, err := want.Position()
	if err != nil {
		return nil, err
	}
	var w where
	if want.State != "" {
		w.and("state = ", string(want.State))
	}
	if before != 0 {
		w.and("id < ", int64(before))
	}
	text := "SELECT " + campaignColumns + " FROM campaigns" + w.text + " ORDER BY id DESC" + w.limit(want.Limit)
	all, err := queryAll(ctx, q.r, func(row scanner) (campaign.StoredCampaign, error) { return q.scanCampaign(row) }, text, w.args...)
	for i := range all {
		if err == nil {
			all[i].Prizes, err = q.prizes(ctx, all[i].ID)
		}
	}
	return all, q.db.explain(err)
}

// LockCampaign implements [campaign.Tx].
func (t *transaction) LockCampaign(ctx context.Context, name string) (*campaign.StoredCampaign, error) {
	return t.campaign(ctx, name, t.db.engine.forUpdate())
}

// AddCampaign implements [campaign.Tx].
func (t *transaction) AddCampaign(ctx context.Context, c *campaign.StoredCampaign) error {
	read := func(row scanner) (id int64, err error) { return id, row.Scan(&id) }
	id, err := queryOne(ctx, t.r, read,
		`INSERT INTO campaigns (name, title, state, text_format, number_format, rules, rules_sha256, rules_yaml, currency,
			opens_at, closes_at, max_plays, require_email, commitment, secret, next_index, plays, skipped,
			created_at, opened_at, closed_at, ended_at, last_played_at, erased, version, sealed_next)
		VALUES `+placeholders(t.r, 1, 26)+" RETURNING id", append([]any{c.Name}, t.campaignValues(c)...)...)
	if faultOf(err) == duplicate {
		return campaign.Errorf(campaign.ErrExists, "a campaign %q already exists", c.Name)
	}
	if err != nil {
		return err
	}
	c.ID = id
	return t.addPrizes(ctx, c)
}

// campaignValues returns the values of all columns of a campaign except its ID and name.
// The seed of an open campaign is sealed. The seed of a closed campaign is public.
func (t *transaction) campaignValues(c *campaign.StoredCampaign) []any {
	seed := string(c.Secret)
	if c.State == campaign.Open {
		seed = t.db.keys.Seal(seedCell(c.Name), seed)
	}
	return []any{
		c.Title, string(c.State), c.TextFormat, c.NumberFormat, c.Rules, c.RulesSHA256, c.RulesYAML, c.Currency,
		nullableMillis(c.OpensAt), nullableMillis(c.ClosesAt), c.MaxPlays, boolToInt(c.RequireEmail), c.Commitment, seed,
		int64(c.Next), c.Plays, c.Skipped, c.CreatedAt.UnixMilli(), nullableMillis(c.OpenedAt), nullableMillis(c.ClosedAt),
		nullableMillis(c.EndedAt), nullableMillis(c.LastPlayed), c.Erased, c.Version, int64(c.Next),
	}
}

func (t *transaction) addPrizes(ctx context.Context, c *campaign.StoredCampaign) error {
	rows := make([][]any, len(c.Prizes))
	for i, s := range c.Prizes {
		var stock any
		if s.Stock != nil {
			stock = *s.Stock
		}
		rows[i] = []any{c.ID, int64(i), s.Name, s.Value, stock, s.Awarded}
	}
	return insert(ctx, t.r, "INSERT INTO prizes (campaign_id, place, name, value, stock, awarded) VALUES", 6, rows)
}

// SaveCampaign implements [campaign.Tx].
func (t *transaction) SaveCampaign(ctx context.Context, c *campaign.StoredCampaign) error {
	_, err := t.r.exec(ctx, `UPDATE campaigns SET title = $2, state = $3, text_format = $4, number_format = $5, rules = $6,
			rules_sha256 = $7, rules_yaml = $8, currency = $9, opens_at = $10, closes_at = $11, max_plays = $12,
			require_email = $13, commitment = $14, secret = $15, next_index = $16, plays = $17, skipped = $18,
			created_at = $19, opened_at = $20, closed_at = $21, ended_at = $22, last_played_at = $23, erased = $24, version = $25,
			sealed_next = $26
		WHERE id = $1`, append([]any{c.ID}, t.campaignValues(c)...)...)
	if err != nil {
		return err
	}
	if c.State == campaign.Closed {
		if _, err := t.r.exec(ctx, "DELETE FROM erased_plays WHERE campaign_id = $1", c.ID); err != nil {
			return err
		}
	}
	if _, err := t.r.exec(ctx, "DELETE FROM prizes WHERE campaign_id = $1", c.ID); err != nil {
		return err
	}
	return t.addPrizes(ctx, c)
}

// DeleteCampaign implements [campaign.Tx].
func (t *transaction) DeleteCampaign(ctx context.Context, id int64) error {
	for _, text := range []string{"DELETE FROM draws WHERE campaign_id = $1", "DELETE FROM skipped WHERE campaign_id = $1", "DELETE FROM campaigns WHERE id = $1"} {
		if _, err := t.r.exec(ctx, text, id); err != nil {
			return err
		}
	}
	return nil
}
