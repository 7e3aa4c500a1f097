package campaign

import (
	"errors"
	"fmt"
	"time"
)

// The kinds of errors. Test for them with [errors.Is].
var (
	ErrNotFound    = errors.New("not found")
	ErrExists      = errors.New("already exists")
	ErrInvalid     = errors.New("invalid value")
	ErrState       = errors.New("not possible in this state")
	ErrNotOpen     = errors.New("not open yet")
	ErrEnded       = errors.New("ended")
	ErrMaxPlays    = errors.New("no plays left")
	ErrAllIssued   = errors.New("all account numbers have been issued")
	ErrKeyReused   = errors.New("once-only key was used for another play")
	ErrChanged     = errors.New("changed by somebody else")
	ErrBusy        = errors.New("too busy")
	ErrUnavailable = errors.New("the database is not available")
)

// FieldError is an error in the value of a field.
type FieldError struct {
	Field string // JSON name of the field
	Err   error  // wraps [ErrInvalid], or is an error of another package
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Err.Error() }

// Unwrap returns e.Err.
func (e *FieldError) Unwrap() error { return e.Err }

// inField returns a [FieldError] for err.
func inField(field string, err error) error { return &FieldError{field, err} }

// invalid returns a [FieldError] that wraps [ErrInvalid].
func invalid(field, format string, args ...any) error {
	return inField(field, Errorf(ErrInvalid, format, args...))
}

// kindError is an error that wraps a kind but has its own message.
type kindError struct {
	kind error
	text string
}

func (e *kindError) Error() string { return e.text }
func (e *kindError) Unwrap() error { return e.kind }

// Errorf returns an error that wraps kind. Unlike [fmt.Errorf] with %w, it does not add
// the text of kind to the message.
func Errorf(kind error, format string, args ...any) error {
	return &kindError{kind, fmt.Sprintf(format, args...)}
}

func notOpen(name string, at *time.Time) error {
	if at == nil {
		return Errorf(ErrNotOpen, "campaign %s is not open yet", name)
	}
	return Errorf(ErrNotOpen, "campaign %s begins at %s", name, at.Format(time.RFC3339))
}

func ended(name string, at *time.Time) error {
	if at == nil {
		return Errorf(ErrEnded, "campaign %s has ended", name)
	}
	return Errorf(ErrEnded, "campaign %s ended at %s", name, at.Format(time.RFC3339))
}
