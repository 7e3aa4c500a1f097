package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
)

const entrantColumns = "e.id, e.first_name, e.last_name, e.email, e.created_at, (SELECT count(*) FROM draws d WHERE d.entrant_id = e.id)"

func scanEntrant(row scanner) (e campaign.Entrant, err error) {
	var created, plays int64
	err = row.Scan(&e.ID, &e.FirstName, &e.LastName, &e.Email, &created, &plays)
	e.CreatedAt, e.Plays = timeOf(created), &plays
	return e, err
}

// Entrant implements [campaign.Store].
func (q reader) Entrant(ctx context.Context, id int64) (*campaign.Entrant, error) {
	e, err := queryOne(ctx, q.r, scanEntrant, "SELECT "+entrantColumns+" FROM entrants e WHERE e.id = $1", id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, campaign.Errorf(campaign.ErrNotFound, "there is no entrant %d", id)
	}
	return &e, q.db.explain(err)
}

// Entrants implements [campaign.Store].
func (q reader) Entrants(ctx context.Context, want campaign.EntrantQuery) ([]campaign.Entrant, error) {
	if want.Search == "" {
		return q.entrants(ctx, want, "", "")
	}
	// One query for each of the two indexed columns.
	found, err := q.entrants(ctx, want, "e.sort_name", want.Prefix())
	if err != nil {
		return nil, err
	}
	byIdentity, err := q.entrants(ctx, want, "e.identity", want.IdentityPrefix())
	if err != nil {
		return nil, err
	}
	for _, e := range byIdentity {
		i, both := slices.BinarySearchFunc(found, e.ID, func(other campaign.Entrant, id int64) int { return cmp.Compare(id, other.ID) })
		if !both {
			found = slices.Insert(found, i, e)
		}
	}
	return found[:min(len(found), want.Limit)], nil
}

func (q reader) entrants(ctx context.Context, want campaign.EntrantQuery, column, prefix string) ([]campaign.Entrant, error) {
	before, err := want.Position()
	if err != nil {
		return nil, err
	}
	var w where
	if before != 0 {
		w.and("e.id < ", int64(before))
	}
	order := "e.id"
	if column != "" {
		w.andPrefix(column, prefix)
		if len(want.Search) >= longPrefix {
			order += " + 0"
		}
	}
	// The subquery reads the page from the index only, before any rows are read.
	page := "SELECT e.id FROM entrants e" + w.text + " ORDER BY " + order + " DESC" + w.limit(want.Limit)
	text := "SELECT " + entrantColumns + " FROM entrants e WHERE e.id IN (" + page + ") ORDER BY e.id DESC"
	all, err := queryAll(ctx, q.r, scanEntrant, text, w.args...)
	return all, q.db.explain(err)
}

// PlaysOf implements [campaign.Tx].
func (t *transaction) PlaysOf(ctx context.Context, c *campaign.StoredCampaign, identities []string, aliases bool) (map[string]int64, error) {
	columns := []string{"e.identity"}
	if aliases {
		columns = append(columns, "e.mailbox") // null if it equals the identity
	}
	plays := make(map[string]int64, len(identities))
	for _, column := range columns { // separate queries, so that each uses an index
		if err := t.addPlays(ctx, c.ID, column, identities, plays); err != nil {
			return nil, err
		}
	}
	if c.Erased > 0 {
		if err := t.addErasedPlays(ctx, c.ID, identities, aliases, plays); err != nil {
			return nil, err
		}
	}
	return plays, nil
}

// addPlays counts the draws, in the campaign with the given ID, of the entrants whose column
// is one of identities, and adds the counts to plays, which is keyed by identity.
func (t *transaction) addPlays(ctx context.Context, id int64, column string, identities []string, plays map[string]int64) error {
	in, arg, err := t.r.inTexts(column, 2, identities)
	if err != nil {
		return err
	}
	scan := func(row scanner) (struct{}, error) {
		var identity string
		var n int64
		err := row.Scan(&identity, &n)
		if n > 0 {
			plays[identity] += n
		}
		return struct{}{}, err
	}
	_, err = queryAll(ctx, t.r, scan, playsQuery(t.db.engine, column)+in, id, arg) // one row per entrant
	return err
}

// playsQuery returns the query of addPlays up to the condition on the identity.
func playsQuery(e Engine, column string) string {
	return "SELECT " + column + ", (SELECT count(*) FROM draws d WHERE d.entrant_id = e.id AND " + e.hidden("d.campaign_id") + " = $1) FROM entrants e WHERE " + column + " IS NOT NULL AND " // the index on mailboxes is partial
}

// personKey identifies an entrant.
type personKey struct{ identity, first, last string }

func keyOf(p campaign.Person) personKey { return personKey{p.Identity(), p.FirstName, p.LastName} }

// EntrantsOf implements [campaign.Tx].
func (t *transaction) EntrantsOf(ctx context.Context, people []campaign.Person, now time.Time) ([]int64, error) {
	unknown := make(map[personKey]campaign.Person, len(people))
	for _, p := range people {
		unknown[keyOf(p)] = p
	}
	known := make(map[personKey]int64, len(unknown))
	if err := t.addEntrants(ctx, unknown, known, now); err != nil {
		return nil, err
	}
	if err := t.findEntrants(ctx, unknown, known); err != nil {
		return nil, err
	}
	ids := make([]int64, len(people))
	for i, p := range people {
		if ids[i] = known[keyOf(p)]; ids[i] == 0 {
			return nil, fmt.Errorf("an entrant was deleted while being added: %w", campaign.ErrUnavailable)
		}
	}
	return ids, nil
}

type idOfKey struct {
	id  int64
	key personKey
}

func scanIDOfKey(row scanner) (e idOfKey, err error) {
	return e, row.Scan(&e.id, &e.key.identity, &e.key.first, &e.key.last)
}

// addEntrants inserts the people in unknown who are not in the database, and moves them to
// known, which maps their keys to their IDs.
func (t *transaction) addEntrants(ctx context.Context, unknown map[personKey]campaign.Person, known map[personKey]int64, now time.Time) error {
	keys := make([]*personKey, 0, len(unknown))
	for key := range unknown {
		keys = append(keys, &key)
	}
	// The same order in all transactions prevents deadlocks.
	slices.SortFunc(keys, func(a, b *personKey) int {
		return cmp.Or(cmp.Compare(a.identity, b.identity), cmp.Compare(a.first, b.first), cmp.Compare(a.last, b.last))
	})
	rows := make([][]any, len(keys))
	for i, key := range keys {
		p := unknown[*key]
		rows[i] = []any{p.FirstName, p.LastName, p.Email, key.identity, mailboxOf(&p, key.identity), p.SortName(), now.UnixMilli()}
	}
	all := insertStatements(t.r, "INSERT INTO entrants (first_name, last_name, email, identity, mailbox, sort_name, created_at) VALUES", 7, rows)
	for i := range all {
		all[i].text += " ON CONFLICT (identity, first_name, last_name) DO NOTHING RETURNING id, identity, first_name, last_name"
		all[i].read = func(row scanner) error {
			e, err := scanIDOfKey(row)
			known[e.key] = e.id
			delete(unknown, e.key)
			return err
		}
	}
	return t.r.run(ctx, all)
}

// findEntrants looks up the people in unknown and adds the IDs that it finds to known.
func (t *transaction) findEntrants(ctx context.Context, unknown map[personKey]campaign.Person, known map[personKey]int64) error {
	var identities []string
	for key := range unknown {
		identities = append(identities, key.identity)
	}
	slices.Sort(identities)
	in, arg, err := t.r.inTexts("identity", 1, slices.Compact(identities))
	if err != nil {
		return err
	}
	found, err := queryAll(ctx, t.r, scanIDOfKey, "SELECT id, identity, first_name, last_name FROM entrants WHERE "+in, arg)
	for _, e := range found {
		known[e.key] = e.id
	}
	return err
}

// SaveEntrant implements [campaign.Tx].
func (t *transaction) SaveEntrant(ctx context.Context, id int64, p campaign.Person) error {
	key := keyOf(p)
	scan := func(row scanner) (other int64, err error) { return other, row.Scan(&other) }
	// This is checked first because a failed statement aborts a PostgreSQL transaction.
	same, err := queryAll(ctx, t.r, scan, "SELECT id FROM entrants WHERE identity = $1 AND first_name = $2 AND last_name = $3 AND id <> $4", key.identity, key.first, key.last, id)
	if err != nil {
		return err
	}
	t.erased = true
	if len(same) == 0 {
		_, err = t.r.exec(ctx, "UPDATE entrants SET first_name = $2, last_name = $3, email = $4, identity = $5, mailbox = $6, sort_name = $7 WHERE id = $1",
			id, p.FirstName, p.LastName, p.Email, key.identity, mailboxOf(&p, key.identity), p.SortName())
	}
	if len(same) > 0 || faultOf(err) == duplicate {
		return campaign.Errorf(campaign.ErrExists, "another entrant already has this name and email address")
	}
	return err
}
