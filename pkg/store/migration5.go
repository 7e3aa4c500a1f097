package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/pressly/goose/v3"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// identityVersion is the first version of the tables in which identities do not depend on
// spelling. Its migration is written in Go, because SQL cannot compute identities.
const identityVersion = 5

func identityMigration(e Engine) *goose.Migration {
	integer, bytes, strict := "BIGINT", "BYTEA", ""
	if e == SQLite {
		integer, bytes, strict = "INTEGER", "BLOB", " STRICT, WITHOUT ROWID"
	}
	up := strings.NewReplacer("{INTEGER}", integer, "{BYTES}", bytes, "{STRICT}", strict)
	return goose.NewGoMigration(identityVersion,
		&goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
			if err := execEach(ctx, tx, up.Replace(identityUp)); err != nil {
				return err
			}
			if err := clearErasedRequests(ctx, tx); err != nil {
				return err
			}
			return updateIdentities(ctx, tx)
		}},
		&goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error { return execEach(ctx, tx, identityDown) }},
	)
}

// identityUp also adds the times of the end and of the last play of a campaign, so that
// clocks that differ or step back do not affect later times. A mailbox is stored only if it
// differs from the identity. The person in erased_plays is a keyed digest; see erase.go.
const identityUp = `
ALTER TABLE campaigns ADD COLUMN ended_at {INTEGER};
ALTER TABLE campaigns ADD COLUMN last_played_at {INTEGER};
ALTER TABLE campaigns ADD COLUMN erased {INTEGER} NOT NULL DEFAULT 0;
UPDATE campaigns SET last_played_at = (SELECT max(played_at) FROM draws WHERE campaign_id = campaigns.id);
ALTER TABLE entrants ADD COLUMN mailbox TEXT;
CREATE INDEX entrants_by_mailbox ON entrants (mailbox) WHERE mailbox IS NOT NULL;
CREATE TABLE keys (
  name  TEXT    PRIMARY KEY,
  value {BYTES} NOT NULL
){STRICT};
CREATE TABLE erased_plays (
  campaign_id {INTEGER} NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
  person      {BYTES}   NOT NULL,
  plays       {INTEGER} NOT NULL,
  PRIMARY KEY (campaign_id, person)
){STRICT}`

const identityDown = `
DROP TABLE erased_plays;
DROP TABLE keys;
DROP INDEX entrants_by_mailbox;
ALTER TABLE entrants DROP COLUMN mailbox;
ALTER TABLE campaigns DROP COLUMN erased;
ALTER TABLE campaigns DROP COLUMN last_played_at;
ALTER TABLE campaigns DROP COLUMN ended_at`

// execEach executes statements that are separated by semicolons.
func execEach(ctx context.Context, tx *sql.Tx, statements string) error {
	for text := range strings.SplitSeq(statements, ";") {
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// clearErasedRequests removes the request digests of entrants who have been erased. It keeps
// those of requests that a promoter made without an entrant.
func clearErasedRequests(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, "SELECT id, name FROM campaigns")
	if err != nil {
		return err
	}
	defer rows.Close()
	names := map[int64]string{}
	for rows.Next() {
		var id int64
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return err
		}
		names[id] = name
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for id, name := range names {
		request, err := json.Marshal([]any{name, nil, 0})
		if err != nil {
			return err
		}
		sum := sha256.Sum256(request)
		const text = "UPDATE draws SET request = NULL WHERE campaign_id = $1 AND entrant_id IS NULL AND request <> $2"
		if _, err := tx.ExecContext(ctx, text, id, sum[:len(digest{})]); err != nil {
			return err
		}
	}
	return nil
}

// storedEntrant is an entrant with the stored identity, which may be outdated.
type storedEntrant struct {
	id       int64
	person   campaign.Person
	identity string
}

// updateIdentities recomputes the identities and mailboxes of all entrants.
func updateIdentities(ctx context.Context, tx *sql.Tx) error {
	const pageSize = 1000
	for last := int64(0); ; {
		page, err := entrantsAfter(ctx, tx, last, pageSize)
		if err != nil {
			return err
		}
		for i := range page {
			if err := updateIdentity(ctx, tx, &page[i]); err != nil {
				return err
			}
			last = page[i].id
		}
		if len(page) < pageSize {
			return nil
		}
	}
}

func entrantsAfter(ctx context.Context, tx *sql.Tx, id int64, limit int) ([]storedEntrant, error) {
	rows, err := tx.QueryContext(ctx, "SELECT id, first_name, last_name, email, identity FROM entrants WHERE id > $1 ORDER BY id LIMIT $2", id, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var page []storedEntrant
	for rows.Next() {
		var e storedEntrant
		if err := rows.Scan(&e.id, &e.person.FirstName, &e.person.LastName, &e.person.Email, &e.identity); err != nil {
			return nil, err
		}
		page = append(page, e)
	}
	return page, rows.Err()
}

// updateIdentity stores the identity and mailbox of e. If another entrant has the same
// identity and names, they are the same person: updateIdentity moves the draws of e to the
// other entrant and deletes e.
func updateIdentity(ctx context.Context, tx *sql.Tx, e *storedEntrant) error {
	p, identity := e.person, e.person.Identity()
	mailbox := mailboxOf(&p, identity)
	if identity == e.identity && mailbox == nil {
		return nil
	}
	var other int64
	err := tx.QueryRowContext(ctx, "SELECT id FROM entrants WHERE identity = $1 AND first_name = $2 AND last_name = $3 AND id <> $4",
		identity, p.FirstName, p.LastName, e.id).Scan(&other)
	if errors.Is(err, sql.ErrNoRows) {
		_, err = tx.ExecContext(ctx, "UPDATE entrants SET identity = $1, mailbox = $2 WHERE id = $3", identity, mailbox, e.id)
		return err
	}
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE draws SET entrant_id = $1 WHERE entrant_id = $2", other, e.id); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM entrants WHERE id = $1", e.id); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO changes (changed_at, actor, action, subject, detail) VALUES ($1, 'update', 'entrant.merge', $2, $3)",
		time.Now().UnixMilli(), fmt.Sprintf("entrant %d", e.id), fmt.Sprintf("the same person as entrant %d", other))
	return err
}

// mailboxOf returns the mailbox of a person as it is stored: nil (NULL) if it equals the
// identity.
func mailboxOf(p *campaign.Person, identity string) any {
	if mailbox := p.Mailbox(); mailbox != identity {
		return mailbox
	}
	return nil
}
