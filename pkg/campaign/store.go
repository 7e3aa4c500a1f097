package campaign

import (
	"context"
	"time"
)

// Store stores campaigns, entrants and draws. It is safe for concurrent use. Its errors
// wrap [ErrNotFound] if something is missing and [ErrUnavailable] if the database is not
// available. After ErrUnavailable, nothing is partially stored, and the caller may retry.
type Store interface {
	campaigns
	draws
	entrants
	auditTrail

	// Update runs f in a transaction. It commits if f returns nil, and rolls back
	// otherwise. Committed data is on disk. Update may run f more than once, so f must
	// not keep anything from an earlier run.
	Update(ctx context.Context, f func(Tx) error) error
}

// Tx is a read-write transaction of a [Store].
type Tx interface {
	campaigns
	campaignWriter
	draws
	drawWriter
	entrants
	entrantWriter
	auditTrail

	// AddChange adds an entry to the audit trail.
	AddChange(ctx context.Context, c Change) error
}

// campaigns reads campaigns.
type campaigns interface {
	// Campaign returns a campaign by its name, with its prizes and RulesYAML.
	Campaign(ctx context.Context, name string) (*StoredCampaign, error)

	// Campaigns returns campaigns with their prizes but without RulesYAML, newest first.
	// The cursor of q is the ID of a campaign; only older campaigns are returned.
	Campaigns(ctx context.Context, q CampaignQuery) ([]StoredCampaign, error)
}

// draws reads draws.
type draws interface {
	// Draw returns a draw of a campaign by its index, with its Person.
	Draw(ctx context.Context, campaign int64, index uint64) (*StoredDraw, error)

	// DrawOfKey returns a draw by the digest of its once-only key, with its Person.
	DrawOfKey(ctx context.Context, key digest) (*StoredDraw, error)

	// Draws returns draws of c with their Persons. The cursor of q is the index of a draw
	// plus 1: the draws after that one are returned, in the order of q. q.Campaign is
	// ignored.
	Draws(ctx context.Context, c *StoredCampaign, q DrawQuery) ([]StoredDraw, error)

	// Skipped returns skipped indexes of a campaign in ascending order, beginning with
	// from.
	Skipped(ctx context.Context, campaign int64, from uint64, limit int) ([]StoredDraw, error)
}

// entrants reads entrants.
type entrants interface {
	// Entrant returns an entrant by its ID, with Plays.
	Entrant(ctx context.Context, id int64) (*Entrant, error)

	// Entrants returns entrants with Plays, newest first. The cursor of q is the ID of an
	// entrant; only older entrants are returned.
	Entrants(ctx context.Context, q EntrantQuery) ([]Entrant, error)
}

// auditTrail reads the audit trail.
type auditTrail interface {
	// Changes returns entries, newest first. The cursor of q is the ID of an entry; only
	// older entries are returned.
	Changes(ctx context.Context, q ChangeQuery) ([]Change, error)
}

// campaignWriter changes campaigns.
type campaignWriter interface {
	// AddCampaign stores a new campaign with its prizes and sets its ID. The error wraps
	// [ErrExists] if the name is taken.
	AddCampaign(ctx context.Context, c *StoredCampaign) error

	// LockCampaign returns a campaign and blocks all other transactions that lock it,
	// including those of other processes, until this transaction ends.
	LockCampaign(ctx context.Context, name string) (*StoredCampaign, error)

	// SaveCampaign stores a locked campaign with its prizes. If the campaign is closed,
	// SaveCampaign also deletes its counts of plays by erased entrants.
	SaveCampaign(ctx context.Context, c *StoredCampaign) error

	// DeleteCampaign deletes a locked campaign and its draws, but not their entrants.
	DeleteCampaign(ctx context.Context, id int64) error
}

// drawWriter stores and changes draws.
type drawWriter interface {
	// DrawsOfKeys returns the draws with the given digests of once-only keys, without
	// their Persons.
	DrawsOfKeys(ctx context.Context, keys []digest) ([]StoredDraw, error)

	// Issued returns those of accounts that the campaign has already issued.
	Issued(ctx context.Context, campaign int64, accounts []string) ([]string, error)

	// PlaysOf returns the number of draws in a locked campaign for each of the identities,
	// including draws of erased entrants. The identities come from [Person.Mailbox] if
	// aliases is true, and from [Person.Identity] otherwise. The result omits identities
	// without draws.
	PlaysOf(ctx context.Context, c *StoredCampaign, identities []string, aliases bool) (map[string]int64, error)

	// AddDraws stores draws and skipped indexes of a locked campaign. It sets the next
	// index, updates the counts, and adds to the awarded count of each prize the number
	// in awarded, which is keyed by prize index.
	AddDraws(ctx context.Context, campaign int64, next uint64, draws, skipped []StoredDraw, awarded map[int]int64) error

	// MarkDraw stores the Claim and Void marks of a draw.
	MarkDraw(ctx context.Context, d *StoredDraw) error
}

// entrantWriter changes entrants.
type entrantWriter interface {
	// EntrantsOf adds the people who do not exist yet, and returns the IDs of all people
	// in order. Two people are the same entrant if their names and their
	// [Person.Identity] are equal.
	EntrantsOf(ctx context.Context, people []Person, now time.Time) ([]int64, error)

	// SaveEntrant stores the names and the email address of an entrant. If another
	// entrant has the same names and email address, the error wraps [ErrExists].
	SaveEntrant(ctx context.Context, id int64, p Person) error

	// DeleteEntrant deletes an entrant. Its draws are kept without the entrant and without
	// the digests of their requests. For each campaign that is not closed, the number of
	// plays is kept under a keyed digest of the identity, for PlaysOf.
	DeleteEntrant(ctx context.Context, id int64) error
}
