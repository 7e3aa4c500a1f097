package store

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"slices"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// When an entrant is erased, the number of plays in each campaign that is not closed stays
// in the database, under a keyed digest of the person's identity. Only somebody who has the
// key can find out whether a given person was erased. The key is in a table of its own,
// separate from the draws.

// erasedKey is the name of the key for the digests of erased entrants.
const erasedKey = "erased"

// key returns the key with the given name. If there is none, it creates one.
func (t *transaction) key(ctx context.Context, name string) ([]byte, error) {
	read := func(row scanner) (value []byte, err error) {
		if err := row.Scan(&value); err != nil {
			return nil, err
		}
		opened, err := t.db.keys.Open(keyCell(name), string(value))
		return []byte(opened), err
	}
	const text = "SELECT value FROM keys WHERE name = $1"
	value, err := queryOne(ctx, t.r, read, text, name)
	if !errors.Is(err, sql.ErrNoRows) {
		return value, err
	}
	value = make([]byte, sha256.Size)
	_, _ = rand.Read(value) // never fails
	if _, err := t.r.exec(ctx, "INSERT INTO keys (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", name, []byte(t.db.keys.Seal(keyCell(name), string(value)))); err != nil {
		return nil, err
	}
	return queryOne(ctx, t.r, read, text, name)
}

// personDigest returns the keyed digest of an identity, which is a mailbox if aliases is
// set. The digests of an identity and of a mailbox differ even if the strings are equal.
func personDigest(key []byte, identity string, aliases bool) []byte {
	h := hmac.New(sha256.New, key)
	label := "identity\n"
	if aliases {
		label = "mailbox\n"
	}
	h.Write([]byte(label + identity))
	return h.Sum(nil)[:len(digest{})]
}

// addErasedPlays adds the plays of erased entrants in the campaign with the given ID to
// plays, which is keyed by identity. The identities are mailboxes if aliases is set.
func (t *transaction) addErasedPlays(ctx context.Context, id int64, identities []string, aliases bool, plays map[string]int64) error {
	key, err := t.key(ctx, erasedKey)
	if err != nil {
		return err
	}
	digests := make([][]byte, len(identities))
	identityOf := make(map[digest]string, len(identities))
	for i, identity := range identities {
		digests[i] = personDigest(key, identity, aliases)
		identityOf[digest(digests[i])] = identity
	}
	in, arg, err := t.r.inBytes("person", 2, digests)
	if err != nil {
		return err
	}
	scan := func(row scanner) (struct{}, error) {
		var person []byte
		var n int64
		err := row.Scan(&person, &n)
		if d := digestOf(person); d != nil {
			plays[identityOf[*d]] += n
		}
		return struct{}{}, err
	}
	_, err = queryAll(ctx, t.r, scan, "SELECT person, plays FROM erased_plays WHERE campaign_id = $1 AND "+in, id, arg)
	return err
}

// DeleteEntrant implements [campaign.Tx].
func (t *transaction) DeleteEntrant(ctx context.Context, id int64) error {
	t.erased = true
	read := func(row scanner) (p campaign.Person, err error) {
		return p, row.Scan(&p.FirstName, &p.LastName, &p.Email)
	}
	// The lock prevents other transactions from adding draws of the entrant.
	person, err := queryOne(ctx, t.r, read, "SELECT first_name, last_name, email FROM entrants WHERE id = $1"+t.db.engine.forUpdate(), id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := t.keepPlays(ctx, id, person); err != nil {
		return err
	}
	if _, err := t.r.exec(ctx, "UPDATE draws SET request = NULL WHERE entrant_id = $1", id); err != nil {
		return err
	}
	_, err = t.r.exec(ctx, "DELETE FROM entrants WHERE id = $1", id)
	return err
}

// keepPlays stores how often an entrant has played in each campaign that is not closed,
// under digests of the identity and the mailbox.
func (t *transaction) keepPlays(ctx context.Context, entrant int64, person campaign.Person) error {
	type count struct{ campaign, plays int64 }
	read := func(row scanner) (c count, err error) { return c, row.Scan(&c.campaign, &c.plays) }
	counts, err := queryAll(ctx, t.r, read, "SELECT d.campaign_id, count(*) FROM draws d WHERE d.entrant_id = $1 GROUP BY d.campaign_id ORDER BY d.campaign_id", entrant)
	if err != nil || len(counts) == 0 {
		return err
	}
	key, err := t.key(ctx, erasedKey)
	if err != nil {
		return err
	}
	id := func(row scanner) (id int64, err error) { return id, row.Scan(&id) }
	for _, c := range counts {
		open, err := queryAll(ctx, t.r, id, "UPDATE campaigns SET erased = erased + 1 WHERE id = $1 AND state <> 'closed' RETURNING id", c.campaign)
		if err != nil {
			return err
		}
		if !slices.Contains(open, c.campaign) {
			continue
		}
		for _, person := range [][]byte{personDigest(key, person.Identity(), false), personDigest(key, person.Mailbox(), true)} {
			_, err := t.r.exec(ctx, `INSERT INTO erased_plays (campaign_id, person, plays) VALUES ($1, $2, $3)
				ON CONFLICT (campaign_id, person) DO UPDATE SET plays = erased_plays.plays + excluded.plays`, c.campaign, person, c.plays)
			if err != nil {
				return err
			}
		}
	}
	return nil
}
