package campaign

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// What can't be done, by kind.
var (
	ErrNotFound    = errors.New("not found")
	ErrExists      = errors.New("already there")
	ErrInvalid     = errors.New("invalid value")
	ErrState       = errors.New("not possible in this state")
	ErrNotOpen     = errors.New("not open yet")
	ErrEnded       = errors.New("ended")
	ErrMaxPlays    = errors.New("no plays left")
	ErrAllIssued   = errors.New("all account numbers are issued")
	ErrKeyReused   = errors.New("once-only key used for something else")
	ErrChanged     = errors.New("changed by somebody else")
	ErrForbidden   = errors.New("for the promoter alone")
	ErrBusy        = errors.New("too busy")
	ErrUnavailable = errors.New("the database is not available")
)

// FieldError is a value that can't be used. It wraps [ErrInvalid].
type FieldError struct {
	Field  string // as JSON calls it
	Reason string
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Reason }

// Unwrap implements errors.Is.
func (e *FieldError) Unwrap() error { return ErrInvalid }

func invalid(field, format string, args ...any) error {
	return &FieldError{field, fmt.Sprintf(format, args...)}
}

// kindError is an error of a kind whose text says all there is to say.
type kindError struct {
	kind error
	text string
}

func (e *kindError) Error() string { return e.text }
func (e *kindError) Unwrap() error { return e.kind }

// Errorf makes an error of a kind with a text of its own.
func Errorf(kind error, format string, args ...any) error {
	return &kindError{kind, fmt.Sprintf(format, args...)}
}

func notOpen(name string, at *time.Time) error {
	if at == nil {
		return Errorf(ErrNotOpen, "the campaign %s is not open yet", name)
	}
	return Errorf(ErrNotOpen, "the campaign %s begins at %s", name, at.Format(time.RFC3339))
}

func ended(name string, at *time.Time) error {
	if at == nil {
		return Errorf(ErrEnded, "the campaign %s has ended", name)
	}
	return Errorf(ErrEnded, "the campaign %s ended at %s", name, at.Format(time.RFC3339))
}

// clip keeps a giant text out of a message.
func clip(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// in says which field an error is about, and leaves its kind.
func in(field string, err error) error { return &placedError{field, err} }

// placedError is an error of another package about a field.
type placedError struct {
	field string
	err   error
}

func (e *placedError) Error() string { return e.field + ": " + e.err.Error() }
func (e *placedError) Unwrap() error { return e.err }

// Field tells which field an error is about, as JSON calls it; empty where it is
// about none.
func Field(err error) string {
	var field *FieldError
	var placed *placedError
	switch {
	case errors.As(err, &placed):
		return placed.field
	case errors.As(err, &field):
		return field.Field
	}
	return ""
}
