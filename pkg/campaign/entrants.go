package campaign

import (
	"context"
	"fmt"
	"strconv"
)

// AddEntrant adds a person. If the person already exists, the error wraps [ErrExists].
func (a *Admin) AddEntrant(ctx context.Context, person Person) (Entrant, error) {
	person, err := person.Clean()
	if err != nil {
		return Entrant{}, err
	}
	var e *Entrant
	err = a.change(ctx, func(tx Tx) (Change, error) {
		ids, added, err := a.addPeople(ctx, tx, []Person{person})
		if err != nil {
			return Change{}, err
		}
		if added == 0 {
			return Change{}, Errorf(ErrExists, "this person already exists as entrant %d", ids[0])
		}
		e, err = tx.Entrant(ctx, ids[0])
		return Change{Action: "entrant.add", Subject: entrantSubject(ids[0]), Detail: "1 added"}, err
	})
	if err != nil {
		return Entrant{}, err
	}
	return *e, nil
}

// maxImport is the maximum number of people in one import.
const maxImport = 100_000

// ImportError is the error for people who cannot be imported.
type ImportError struct {
	Bad map[int]error // by index in the list
}

func (e *ImportError) Error() string {
	return fmt.Sprintf("%d of the people are invalid; nobody was imported", len(e.Bad))
}

// Unwrap returns [ErrInvalid].
func (e *ImportError) Unwrap() error { return ErrInvalid }

// ImportEntrants adds up to 100,000 people and returns the number of new entrants. If a
// person is invalid, it adds none and returns an [*ImportError]. Existing entrants do not
// change.
func (a *Admin) ImportEntrants(ctx context.Context, people []Person) (added int, err error) {
	if len(people) > maxImport {
		return 0, invalid("entrants", "must contain at most %d people, got %d", maxImport, len(people))
	}
	clean := make([]Person, len(people))
	bad := map[int]error{}
	for i, person := range people {
		if clean[i], err = person.Clean(); err != nil {
			bad[i] = err
		}
	}
	if len(bad) > 0 {
		return 0, &ImportError{bad}
	}
	err = a.change(ctx, func(tx Tx) (Change, error) {
		if _, added, err = a.addPeople(ctx, tx, clean); err != nil {
			return Change{}, err
		}
		return Change{Action: "entrant.import", Subject: "entrants", Detail: fmt.Sprintf("%d added", added)}, nil
	})
	if err != nil {
		return 0, err
	}
	return added, nil
}

// addPeople adds the people who do not exist, and returns the IDs of all people and the
// number added.
func (e *engine) addPeople(ctx context.Context, tx Tx, people []Person) (ids []int64, added int, err error) {
	newest, err := tx.Entrants(ctx, EntrantQuery{Paging: Paging{Limit: 1}})
	if err != nil {
		return nil, 0, err
	}
	if ids, err = tx.EntrantsOf(ctx, people, e.now()); err != nil {
		return nil, 0, err
	}
	isNew := map[int64]bool{}
	for _, id := range ids {
		if len(newest) == 0 || id > newest[0].ID {
			isNew[id] = true
		}
	}
	return ids, len(isNew), nil
}

func entrantSubject(id int64) string { return "entrant " + strconv.FormatInt(id, 10) }

// Entrant returns an entrant by ID.
func (v *Viewer) Entrant(ctx context.Context, id int64) (Entrant, error) {
	e, err := v.store.Entrant(ctx, id)
	if err != nil {
		return Entrant{}, err
	}
	return *e, nil
}

// Entrants returns entrants, newest first. next is the cursor of the next page, or empty
// on the last page.
func (v *Viewer) Entrants(ctx context.Context, q EntrantQuery) (list []Entrant, next string, err error) {
	if err := q.normalize(); err != nil {
		return nil, "", err
	}
	if list, err = v.store.Entrants(ctx, q); err != nil {
		return nil, "", err
	}
	if len(list) == q.Limit {
		next = strconv.FormatInt(list[len(list)-1].ID, 10)
	}
	return list, next, nil
}

// EditEntrant replaces the names and the email address of an entrant. If another
// entrant has the same names and email address, the error wraps [ErrExists].
func (a *Admin) EditEntrant(ctx context.Context, id int64, person Person) (Entrant, error) {
	return a.editEntrant(ctx, id, nil, person)
}

// EditEntrantFrom is like [Admin.EditEntrant], but if the entrant is no longer equal to
// before, the error wraps [ErrChanged].
func (a *Admin) EditEntrantFrom(ctx context.Context, id int64, before, person Person) (Entrant, error) {
	return a.editEntrant(ctx, id, &before, person)
}

func (a *Admin) editEntrant(ctx context.Context, id int64, before *Person, person Person) (Entrant, error) {
	person, err := person.Clean()
	if err != nil {
		return Entrant{}, err
	}
	var e *Entrant
	err = a.change(ctx, func(tx Tx) (Change, error) {
		if e, err = tx.Entrant(ctx, id); err != nil {
			return Change{}, err
		}
		if before != nil && e.Person != *before {
			return Change{}, Errorf(ErrChanged, "somebody else has changed entrant %d; load it again", id)
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

// DeleteEntrant deletes an entrant and all personal data. The draws are kept without the
// entrant and can still be verified.
func (a *Admin) DeleteEntrant(ctx context.Context, id int64) error {
	return a.change(ctx, func(tx Tx) (Change, error) {
		e, err := tx.Entrant(ctx, id)
		if err != nil {
			return Change{}, err
		}
		return Change{Action: "entrant.delete", Subject: entrantSubject(id), Detail: fmt.Sprintf("%d draws kept", e.PlayCount())}, tx.DeleteEntrant(ctx, id)
	})
}
