package remote

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/partgen"
	"github.com/prizegen/prizegen/pkg/prize"
)

// ProblemType is the media type of a [Problem].
const ProblemType = "application/problem+json"

// Problem is an error as it goes over the wire: problem details as RFC 9457 has
// them. As a Go error it wraps what the same mistake is in process, such as
// [partgen.ErrFormat].
type Problem struct {
	Type     string          `json:"type" doc:"What kind of problem it is: urn:prizegen:problem:KIND, or about:blank where the status says it all." example:"urn:prizegen:problem:unknown-format"`
	Title    string          `json:"title" doc:"The kind in words." example:"unknown format"`
	Status   int             `json:"status" doc:"The HTTP status." example:"422"`
	Detail   string          `json:"detail,omitempty" doc:"What was wrong and what to do."`
	Instance string          `json:"instance,omitempty" doc:"The id of the request, which the log has too."`
	Errors   []FieldError    `json:"errors,omitempty" doc:"What was wrong in which place of the request."`
	Mistakes []prize.Mistake `json:"mistakes,omitempty" doc:"What is wrong in a rules file, line by line."`
}

// FieldError is what is wrong in one place of a request.
type FieldError struct {
	Detail    string `json:"detail"`
	Pointer   string `json:"pointer,omitempty" doc:"The place in the body, as a JSON pointer (RFC 6901)." example:"#/count"`
	Parameter string `json:"parameter,omitempty" doc:"The query parameter." example:"count"`
}

// problemPrefix begins the type of every problem of ours.
const problemPrefix = "urn:prizegen:problem:"

// kind is a kind of problem and the Go error that stands for it.
type kind struct {
	name   string
	status int
	err    error
}

// kinds are the errors that keep their meaning over the wire.
func kinds() []kind {
	return []kind{
		{"unknown-format", http.StatusUnprocessableEntity, partgen.ErrFormat},
		{"bad-seed", http.StatusUnprocessableEntity, entropy.ErrSeed},
		{"bad-key", http.StatusUnprocessableEntity, entropy.ErrKey},
		{"index-range", http.StatusUnprocessableEntity, entropy.ErrRange},
		{"unknown-rules", http.StatusUnprocessableEntity, prize.ErrUnknownRules},
		{"bad-account", http.StatusUnprocessableEntity, prize.ErrAccount},
		{"bad-request", http.StatusUnprocessableEntity, ErrRequest},
		{"unavailable", http.StatusServiceUnavailable, ErrUnavailable},
		{"not-found", http.StatusNotFound, campaign.ErrNotFound},
		{"already-there", http.StatusConflict, campaign.ErrExists},
		{"wrong-state", http.StatusConflict, campaign.ErrState},
		{"not-open", http.StatusConflict, campaign.ErrNotOpen},
		{"ended", http.StatusConflict, campaign.ErrEnded},
		{"no-plays-left", http.StatusConflict, campaign.ErrMaxPlays},
		{"all-issued", http.StatusConflict, campaign.ErrAllIssued},
		{"key-reused", http.StatusUnprocessableEntity, campaign.ErrKeyReused},
		{"changed", http.StatusConflict, campaign.ErrChanged},
		{"forbidden", http.StatusUnauthorized, ErrForbidden},
		{"busy", http.StatusServiceUnavailable, campaign.ErrBusy},
		{"no-database", http.StatusServiceUnavailable, campaign.ErrUnavailable},
		{"invalid-value", http.StatusUnprocessableEntity, campaign.ErrInvalid},
	}
}

// badRules is the kind of a [prize.FileError].
const badRules = "bad-rules"

// ProblemKinds lists the kinds of problems there are.
func ProblemKinds() []string {
	names := []string{badRules}
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

// Kind is which of the [ProblemKinds] a problem is, empty where it is none of them.
func (p *Problem) Kind() string {
	name, ours := strings.CutPrefix(p.Type, problemPrefix)
	if !ours || !slices.Contains(ProblemKinds(), name) {
		return ""
	}
	return name
}

// ErrRequest is wrapped by errors about a request whose values can't be used.
var ErrRequest = errors.New("invalid request")

// fieldError is an error in a known place of a request.
type fieldError struct {
	pointer string
	err     error
}

func (e *fieldError) Error() string { return e.err.Error() }
func (e *fieldError) Unwrap() error { return e.err }

// at says where in a request an error is.
func at(pointer string, err error) error { return &fieldError{pointer, err} }

// At says where in a request an error is, by a JSON pointer such as /count.
func At(pointer string, err error) error { return at(pointer, err) }

// invalid is an [ErrRequest] in a known place.
func invalid(pointer, format string, args ...any) error {
	return at(pointer, requestError(fmt.Sprintf(format, args...)))
}

// Invalid is an [ErrRequest] in the place that a JSON pointer such as /count names.
func Invalid(pointer, format string, args ...any) error { return invalid(pointer, format, args...) }

// requestError is an [ErrRequest] that needs no more words than what is wrong,
// since it comes with its place.
type requestError string

func (e requestError) Error() string { return string(e) }
func (e requestError) Unwrap() error { return ErrRequest }

// ProblemOf tells an error as a problem. What is not for the caller to know, such
// as a bug, is left to the log: ok is false then.
func ProblemOf(err error) (p *Problem, ok bool) {
	var lost *Unavailable
	if errors.As(err, &p) && !errors.As(err, &lost) {
		return p, true // from a service; what one says that takes no work is told as that
	}
	var file *prize.FileError
	if errors.As(err, &file) {
		p = &Problem{Type: problemPrefix + badRules, Title: "mistakes in the rules", Status: http.StatusUnprocessableEntity, Mistakes: file.Mistakes}
		p.Detail = fmt.Sprintf("the rules have a mistake in line %d: %s", file.Mistakes[0].Line, file.Mistakes[0].Problem)
		if n := len(file.Mistakes); n > 1 {
			p.Detail = fmt.Sprintf("the rules have %d mistakes, the first one in line %d: %s", n, file.Mistakes[0].Line, file.Mistakes[0].Problem)
		}
		return p.in(err), true
	}
	for _, k := range kinds() {
		if errors.Is(err, k.err) {
			p = &Problem{Type: problemPrefix + k.name, Title: k.err.Error(), Status: k.status, Detail: err.Error()}
			return p.in(err), true
		}
	}
	return nil, false
}

// peoplePointer is before the place of a person in a list that should be imported.
const peoplePointer = "#/entrants/"

// in adds the place that an error is in.
func (p *Problem) in(err error) *Problem {
	var people *campaign.ImportError
	if errors.As(err, &people) {
		for _, i := range slices.Sorted(maps.Keys(people.Bad)) {
			p.Errors = append(p.Errors, FieldError{Detail: people.Bad[i].Error(), Pointer: peoplePointer + strconv.Itoa(i)})
		}
		return p
	}
	var value *campaign.FieldError
	if errors.As(err, &value) {
		p.Errors = []FieldError{{Detail: p.Detail, Pointer: "#/" + value.Field}}
		return p
	}
	var field *fieldError
	if errors.As(err, &field) {
		detail := field.Error()
		if len(p.Mistakes) > 0 {
			detail = p.Detail // the mistakes themselves stand beside it
		}
		p.Errors = []FieldError{{Detail: detail, Pointer: "#" + field.pointer}}
		p.Detail = strings.TrimPrefix(field.pointer, "/") + ": " + p.Detail
	}
	return p
}

// Error implements error.
func (p *Problem) Error() string {
	return cmp.Or(p.Detail, p.Title, http.StatusText(p.Status), "unknown problem")
}

// Unwrap gives the error that the problem is in process; nil where it is none of
// those that keep their meaning.
func (p *Problem) Unwrap() error {
	if p.Type == problemPrefix+badRules && len(p.Mistakes) > 0 {
		return &prize.FileError{File: "rules", Mistakes: p.Mistakes}
	}
	for _, k := range kinds() {
		if p.Type == problemPrefix+k.name {
			return k.err
		}
	}
	return nil
}
