package campaign

import (
	"context"
	"time"
)

// Store keeps campaigns, entrants and draws. It is safe for concurrent use. Its errors
// wrap [ErrNotFound] if something is missing and [ErrUnavailable] if the database is not
// available. After ErrUnavailable, nothing is partly stored, and the caller may retry.
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

// Tx is a transaction of a [Store]. It reads and writes.
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
	// Campaign returns a campaign by its name, with its prizes and the text of its rules.
	Campaign(ctx context.Context, name string) (*StoredCampaign, error)

	// Campaigns returns campaigns without the texts of their rules, newest first. The
	// cursor of q is the ID of a campaign: only older ones are returned.
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
	// entrant: only older ones are returned.
	Entrants(ctx context.Context, q EntrantQuery) ([]Entrant, error)
}

// auditTrail reads the audit trail.
type auditTrail interface {
	// Changes returns entries, newest first. The cursor of q is the ID of an entry: only
	// older ones are returned.
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

	// SaveCampaign stores a locked campaign with its prizes. Once it is closed, the numbers
	// of plays of erased entrants are deleted.
	SaveCampaign(ctx context.Context, c *StoredCampaign) error

	// DeleteCampaign deletes a locked campaign and its draws. Their entrants stay.
	DeleteCampaign(ctx context.Context, id int64) error
}

// drawWriter stores and changes draws.
type drawWriter interface {
	// DrawsOfKeys returns the draws with the given digests of once-only keys, without
	// their Persons.
	DrawsOfKeys(ctx context.Context, keys []digest) ([]StoredDraw, error)

	// Issued returns the given account numbers that the campaign has already issued.
	Issued(ctx context.Context, campaign int64, accounts []string) ([]string, error)

	// PlaysOf counts the draws in a locked campaign of the entrants with the given
	// identities, including erased entrants. The identities come from [Person.Mailbox] if
	// aliases is true, and from [Person.Identity] otherwise. Identities without draws are
	// absent.
	PlaysOf(ctx context.Context, c *StoredCampaign, identities []string, aliases bool) (map[string]int64, error)

	// AddDraws stores draws and skipped indexes of a locked campaign. It sets the next
	// index, updates the counts, and adds to the awarded count of each prize the number
	// in awarded, which is keyed by prize index.
	AddDraws(ctx context.Context, campaign int64, next uint64, draws, skipped []StoredDraw, awarded map[int]int64) error

	// MarkDraw stores the claim and the void of a draw.
	MarkDraw(ctx context.Context, d *StoredDraw) error
}

// entrantWriter changes entrants.
type entrantWriter interface {
	// EntrantsOf adds the people who do not exist yet, and returns the IDs of all people
	// in order. Two people are the same entrant if their names are equal and their email
	// addresses are equal except for letter case.
	EntrantsOf(ctx context.Context, people []Person, now time.Time) ([]int64, error)

	// SaveEntrant stores the names and the email address of an entrant. If another
	// entrant has the same names and email address, the error wraps [ErrExists].
	SaveEntrant(ctx context.Context, id int64, p Person) error

	// DeleteEntrant deletes an entrant. Its draws are kept without the entrant and without
	// the digests of their requests. For each campaign that can still be played, it keeps
	// the number of plays under a keyed digest of the identity, for PlaysOf.
	DeleteEntrant(ctx context.Context, id int64) error
}
