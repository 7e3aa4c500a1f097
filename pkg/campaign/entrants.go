package campaign

import (
	"context"
	"fmt"
	"strconv"
)

// AddEntrant adds a person who has not played yet. It wraps [ErrExists] where the
// same person is known.
func (p *Promoter) AddEntrant(ctx context.Context, person Person) (Entrant, error) {
	var e Entrant
	if _, err := p.addEntrants(ctx, "entrant.add", []Person{person}, &e); err != nil {
		return Entrant{}, err
	}
	return e, nil
}

// MaxImport is how many people can be imported at a time.
const MaxImport = 100_000

// ImportError is what is wrong with people that should be imported, by their places
// in the list.
type ImportError struct {
	Bad map[int]error
}

func (e *ImportError) Error() string {
	return fmt.Sprintf("%d of the people can't be imported; nothing was", len(e.Bad))
}

// Unwrap says that it is about values.
func (e *ImportError) Unwrap() error { return ErrInvalid }

// ImportEntrants adds people, all of them or none. Those who are known already stay as they
// are. added is how many were not. The error is an [ImportError] where some can't be
// added.
func (p *Promoter) ImportEntrants(ctx context.Context, people []Person) (added int, err error) {
	if len(people) > MaxImport {
		return 0, invalid("entrants", "there are %d, expected at most %d at a time", len(people), MaxImport)
	}
	return p.addEntrants(ctx, "entrant.import", people, nil)
}

// addEntrants adds people in one transaction and tells how many of them are new. Where
// only is not nil there is one, who must be new, and is read into it.
func (p *Promoter) addEntrants(ctx context.Context, action string, people []Person, only *Entrant) (added int, err error) {
	clean := make([]Person, len(people))
	bad := map[int]error{}
	for i, person := range people {
		if clean[i], err = person.Clean(); err != nil {
			bad[i] = err
		}
	}
	switch {
	case len(bad) > 0 && only != nil:
		return 0, bad[0]
	case len(bad) > 0:
		return 0, &ImportError{bad}
	}
	err = p.change(ctx, func(tx Tx) (Change, error) {
		newest, err := tx.Entrants(ctx, EntrantQuery{Limit: 1})
		if err != nil {
			return Change{}, err
		}
		all, err := tx.EntrantsOf(ctx, clean, p.now())
		if err != nil {
			return Change{}, err
		}
		fresh := map[int64]bool{}
		for _, id := range all {
			if len(newest) == 0 || id > newest[0].ID {
				fresh[id] = true
			}
		}
		added = len(fresh)
		c := Change{Action: action, Subject: "entrants", Detail: fmt.Sprintf("%d added", added)}
		if only == nil {
			return c, nil
		}
		if added == 0 {
			return Change{}, Errorf(ErrExists, "the same person is there already, as entrant %d", all[0])
		}
		e, err := tx.Entrant(ctx, all[0])
		if err != nil {
			return Change{}, err
		}
		*only, c.Subject = *e, entrantSubject(e.ID)
		return c, nil
	})
	if err != nil {
		return 0, err
	}
	return added, nil
}

func entrantSubject(id int64) string { return "entrant " + strconv.FormatInt(id, 10) }

// Entrant finds an entrant.
func (p *Promoter) Entrant(ctx context.Context, id int64) (Entrant, error) {
	if err := p.allowed(); err != nil {
		return Entrant{}, err
	}
	e, err := p.store.Entrant(ctx, id)
	if err != nil {
		return Entrant{}, err
	}
	return *e, nil
}

// EntrantList says which entrants to list.
type EntrantList struct {
	Cursor string // the next of the page before, empty for the first page
	Limit  int    // how many at most: 50 where it is 0, up to [MaxPage]
	Search string // only those whose last name or email address begins so
}

// EntrantPage is a page of a list, the newest first.
type EntrantPage struct {
	Entrants []Entrant `json:"entrants"`
	Next     string    `json:"next,omitempty" doc:"The cursor of the next page; left out on the last one."`
}

// Entrants lists entrants.
func (p *Promoter) Entrants(ctx context.Context, list EntrantList) (EntrantPage, error) {
	page := EntrantPage{Entrants: []Entrant{}}
	if err := p.allowed(); err != nil {
		return page, err
	}
	before, err := cursor(list.Cursor)
	if err != nil {
		return page, err
	}
	q := EntrantQuery{Before: int64(before), Limit: pageSize(list.Limit), Search: list.Search}
	entrants, err := p.store.Entrants(ctx, q)
	if err != nil {
		return page, err
	}
	page.Entrants = append(page.Entrants, entrants...)
	if len(entrants) == q.Limit {
		page.Next = strconv.FormatInt(entrants[len(entrants)-1].ID, 10)
	}
	return page, nil
}

// EditEntrant corrects the names and the email address of an entrant.
func (p *Promoter) EditEntrant(ctx context.Context, id int64, person Person) (Entrant, error) {
	return p.editEntrant(ctx, id, nil, person)
}

// EditEntrantFrom is [Promoter.EditEntrant] where the entrant still is who it was: it
// wraps [ErrChanged] where somebody else has changed it since.
func (p *Promoter) EditEntrantFrom(ctx context.Context, id int64, was, person Person) (Entrant, error) {
	return p.editEntrant(ctx, id, &was, person)
}

func (p *Promoter) editEntrant(ctx context.Context, id int64, was *Person, person Person) (Entrant, error) {
	person, err := person.Clean()
	if err != nil {
		return Entrant{}, err
	}
	var e *Entrant
	err = p.change(ctx, func(tx Tx) (Change, error) {
		is, err := tx.Entrant(ctx, id)
		if err != nil {
			return Change{}, err
		}
		if was != nil && is.Person != *was {
			return Change{}, Errorf(ErrChanged, "somebody else has changed entrant %d meanwhile, look at it again", id)
		}
		if err := tx.SaveEntrant(ctx, id, person); err != nil {
			return Change{}, err
		}
		e, err = tx.Entrant(ctx, id)
		return Change{Action: "entrant.edit", Subject: entrantSubject(id)}, err
	})
	if err != nil {
		return Entrant{}, err
	}
	return *e, nil
}

// DeleteEntrant erases an entrant's personal data. The draws stay and can be
// verified as before, but nobody knows any more whose they were.
func (p *Promoter) DeleteEntrant(ctx context.Context, id int64) error {
	return p.change(ctx, func(tx Tx) (Change, error) {
		e, err := tx.Entrant(ctx, id)
		if err != nil {
			return Change{}, err
		}
		return Change{Action: "entrant.delete", Subject: entrantSubject(id), Detail: fmt.Sprintf("%d draws stay", e.Plays)}, tx.DeleteEntrant(ctx, id)
	})
}
