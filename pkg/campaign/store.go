package campaign

import (
	"context"
	"time"
)

// Store keeps campaigns, entrants and draws. Its errors wrap [ErrNotFound] where
// what is asked for is not there and [ErrUnavailable] where the database is not; the latter may be
// tried again, nothing is half stored. It may be used by several goroutines at
// once.
type Store interface {
	Reader

	// Update runs f in a transaction, which is kept if f returns nil and undone if
	// not. What is kept is on disk. f may be run again from its beginning where the
	// database asks for that, so it must not keep anything of an earlier run.
	Update(ctx context.Context, f func(Tx) error) error
}

// Reader reads what is stored.
type Reader interface {
	// Campaign finds a campaign by its name, with its prizes and the text of its
	// rules.
	Campaign(ctx context.Context, name string) (*Record, error)

	// Campaigns lists campaigns without the texts of their rules, the newest first.
	Campaigns(ctx context.Context, q Query) ([]Record, error)

	// Draw finds a draw of a campaign by its index, with its person.
	Draw(ctx context.Context, campaign int64, index uint64) (*Row, error)

	// DrawOfKey finds a draw by the digest of its once-only key.
	DrawOfKey(ctx context.Context, key Digest) (*Row, error)

	// Draws lists draws of a campaign with their persons, in the order that q asks
	// for.
	Draws(ctx context.Context, q DrawQuery) ([]Row, error)

	// Skipped lists skipped indexes of a campaign from one on, in their order.
	Skipped(ctx context.Context, campaign int64, from uint64, limit int) ([]Skip, error)

	// Entrant finds an entrant by its ID, with the number of its plays.
	Entrant(ctx context.Context, id int64) (*Entrant, error)

	// Entrants lists entrants with the numbers of their plays, the newest first.
	Entrants(ctx context.Context, q EntrantQuery) ([]Entrant, error)

	// Changes lists the audit trail, the newest first.
	Changes(ctx context.Context, q ChangeQuery) ([]Change, error)
}

// Tx is a transaction. Beside reading it changes.
type Tx interface {
	Reader

	// AddCampaign stores a new campaign and its prizes and sets its ID. It wraps
	// [ErrExists] where there is one of the name.
	AddCampaign(ctx context.Context, r *Record) error

	// LockCampaign finds a campaign, and keeps all other transactions that lock it
	// waiting until this one ends, those of other processes too.
	LockCampaign(ctx context.Context, name string) (*Record, error)

	// SaveCampaign stores what has changed of a locked campaign, its prizes
	// included.
	SaveCampaign(ctx context.Context, r *Record) error

	// DeleteCampaign removes a locked campaign that has no draws.
	DeleteCampaign(ctx context.Context, id int64) error

	// OfKeys finds the draws that have once-only keys of the digests given, without
	// their persons.
	OfKeys(ctx context.Context, keys []Digest) ([]Row, error)

	// Issued tells which of the account numbers were issued in a campaign.
	Issued(ctx context.Context, campaign int64, accounts []string) ([]string, error)

	// PlaysOf counts the draws of a campaign that are of entrants with the
	// identities given. An identity that has none is left out.
	PlaysOf(ctx context.Context, campaign int64, identities []string) (map[string]int64, error)

	// EntrantsOf gives the IDs of the entrants that people are, in the order of the
	// list. Who is not known yet is added. Names and email address must all be the
	// same, but for upper and lower case in the address.
	EntrantsOf(ctx context.Context, people []Person, now time.Time) ([]int64, error)

	// AddDraws stores draws and skipped indexes of a locked campaign, counts what was
	// awarded (by the places of prizes), and moves its next index and counts on.
	AddDraws(ctx context.Context, campaign int64, next uint64, draws []Row, skipped []Skip, awarded map[int]int64) error

	// MarkDraw stores the claim and the void of a draw.
	MarkDraw(ctx context.Context, r *Row) error

	// SaveEntrant stores the changed names and email address of an entrant. It wraps
	// [ErrExists] where another one has the same.
	SaveEntrant(ctx context.Context, id int64, p Person) error

	// DeleteEntrant erases an entrant. Their draws stay, as those of nobody.
	DeleteEntrant(ctx context.Context, id int64) error

	// AddChange writes to the audit trail.
	AddChange(ctx context.Context, c Change) error
}

// Query says which campaigns to list.
type Query struct {
	State  State // empty for all
	Before int64 // only those with lower IDs, 0 for all
	Limit  int   // how many at most
}

// DrawQuery says which draws of a campaign to list.
type DrawQuery struct {
	Campaign int64
	// Before and After are where the list begins: draws with lower indexes, the
	// highest first, or draws with higher indexes, the lowest first. One of them may
	// be set; without any it begins with the highest.
	Before, After *uint64
	FromStart     bool // begin with the lowest where none of the two is set
	Limit         int
	Won           bool   // only those that won something
	Prizes        []int  // only those that won one of the prizes at these places, nil for all
	Entrant       int64  // only those of an entrant, 0 for all
	Account       string // only those whose account number begins so
	Status        DrawStatus
}

// DrawStatus is what a promoter did to a draw.
type DrawStatus string

// What draws can be asked for by; empty for all.
const (
	Unclaimed DrawStatus = "unclaimed" // won, and neither claimed nor voided
	Claimed   DrawStatus = "claimed"
	Voided    DrawStatus = "voided"
)

// EntrantQuery says which entrants to list.
type EntrantQuery struct {
	Before int64  // only those with lower IDs, 0 for all
	Limit  int    // how many at most
	Search string // only those whose last name or email address begins so, whatever the case
}

// Skip is an index that was skipped, since its account number had been issued.
type Skip struct {
	Index   uint64
	Account string
}

// Change is a line of the audit trail: what somebody did who may.
type Change struct {
	ID      int64     `json:"id"`
	At      time.Time `json:"at"`
	Actor   string    `json:"actor" doc:"Who did it." example:"admin"`
	Action  string    `json:"action" doc:"What was done." example:"campaign.open"`
	Subject string    `json:"subject" doc:"To what." example:"summer"`
	Detail  string    `json:"detail,omitempty" doc:"How; never personal data."`
}

// ChangeQuery says which lines of the audit trail to list.
type ChangeQuery struct {
	Before  int64  // only those with lower IDs, 0 for all
	Subject string // only those about it, empty for all
	Limit   int    // how many at most
}
