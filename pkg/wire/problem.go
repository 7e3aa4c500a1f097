package wire

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

// Problem is an error in JSON, as defined by RFC 9457. As a Go error, it wraps the error
// that the same call returns in process, such as [partgen.ErrFormat].
type Problem struct {
	Type     string          `json:"type" doc:"The kind of problem: urn:prizegen:problem:KIND, or about:blank if the status explains it." example:"urn:prizegen:problem:unknown-format"`
	Title    string          `json:"title" doc:"The name of the kind." example:"unknown format"`
	Status   int             `json:"status" doc:"The HTTP status." example:"422"`
	Detail   string          `json:"detail,omitempty" doc:"What is wrong and how to correct it."`
	Instance string          `json:"instance,omitempty" doc:"The request ID, which is also in the log."`
	Errors   []FieldError    `json:"errors,omitempty" doc:"The errors in the request and their positions."`
	Mistakes []prize.Mistake `json:"mistakes,omitempty" doc:"The mistakes in a rules file, ordered by line."`
}

// FieldError is an error at a position in a request.
type FieldError struct {
	Detail    string `json:"detail"`
	Pointer   string `json:"pointer,omitempty" doc:"The position in the body, as a JSON pointer (RFC 6901)." example:"#/count"`
	Parameter string `json:"parameter,omitempty" doc:"The query parameter." example:"count"`
}

// problemPrefix is the prefix of the types of problems.
const problemPrefix = "urn:prizegen:problem:"

// kind is a kind of problem with its Go error.
type kind struct {
	name   string
	status int
	err    error
}

// kinds returns the kinds of problems that clients convert to Go errors.
func kinds() []kind {
	return []kind{
		{"unknown-format", http.StatusUnprocessableEntity, partgen.ErrFormat},
		{"bad-seed", http.StatusUnprocessableEntity, entropy.ErrSeed},
		{"bad-key", http.StatusUnprocessableEntity, entropy.ErrKey},
		{"index-range", http.StatusUnprocessableEntity, entropy.ErrRange},
		{"unknown-rules", http.StatusUnprocessableEntity, prize.ErrUnknownRules},
		{"bad-account", http.StatusUnprocessableEntity, prize.ErrAccount},
		{"bad-request", http.StatusUnprocessableEntity, errRequest},
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
		{"role", http.StatusForbidden, ErrRole},
		{"busy", http.StatusServiceUnavailable, campaign.ErrBusy},
		{"nonconforming-service", http.StatusBadGateway, ErrNonconforming},
		{"no-database", http.StatusServiceUnavailable, campaign.ErrUnavailable},
		{"invalid-value", http.StatusUnprocessableEntity, campaign.ErrInvalid},
	}
}

// badRules is the kind of problem for a [prize.FileError].
const badRules = "bad-rules"

// ProblemKinds returns the names of all kinds of problems.
func ProblemKinds() []string {
	names := []string{badRules}
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

// Kind returns the kind of a problem, or "" if it is not one of [ProblemKinds].
func (p *Problem) Kind() string {
	name, ours := strings.CutPrefix(p.Type, problemPrefix)
	if !ours || !slices.Contains(ProblemKinds(), name) {
		return ""
	}
	return name
}

// Errors of services that are kinds of problems. Other kinds are errors of package campaign
// and of the packages that it imports.
var (
	// ErrForbidden is wrapped by errors for callers without a valid promoter's token.
	ErrForbidden = errors.New("for promoters only")
	// ErrRole is wrapped by the errors for actions that the role of a token does not permit.
	ErrRole = errors.New("not permitted by the role")
	// ErrUnavailable is wrapped by every error for a service that could not be reached or
	// was too busy.
	ErrUnavailable = errors.New("service unavailable")
	// ErrNonconforming is wrapped by every error for a response that a service should not
	// have sent.
	ErrNonconforming = errors.New("nonconforming service")
)

// errRequest is wrapped by the errors for invalid values in a request.
var errRequest = errors.New("invalid request")

// fieldError is an error at a known position in a request.
type fieldError struct {
	pointer string
	err     error
}

func (e *fieldError) Error() string { return e.err.Error() }
func (e *fieldError) Unwrap() error { return e.err }

// At wraps err with its position in a request, a JSON pointer such as /count.
func At(pointer string, err error) error { return &fieldError{pointer, err} }

// Invalid returns an error for an invalid value at a position in a request, a JSON
// pointer such as /count.
func Invalid(pointer, format string, args ...any) error {
	return At(pointer, requestError(fmt.Sprintf(format, args...)))
}

// requestError is a message that wraps errRequest.
type requestError string

func (e requestError) Error() string { return string(e) }
func (e requestError) Unwrap() error { return errRequest }

// ProblemOf converts an error to a problem. It reports false for errors that callers should
// not see, such as those caused by bugs.
func ProblemOf(err error) (p *Problem, ok bool) {
	if errors.As(err, &p) && !isTemporary(err) {
		return p, true // from another service
	}
	var file *prize.FileError
	if errors.As(err, &file) {
		p = &Problem{Type: problemPrefix + badRules, Title: "mistakes in the rules", Status: http.StatusUnprocessableEntity, Mistakes: file.Mistakes}
		p.Detail = fmt.Sprintf("the rules have a mistake on line %d: %s", file.Mistakes[0].Line, file.Mistakes[0].Problem)
		if n := len(file.Mistakes); n > 1 {
			p.Detail = fmt.Sprintf("the rules have %d mistakes, the first on line %d: %s", n, file.Mistakes[0].Line, file.Mistakes[0].Problem)
		}
		return p.locate(err), true
	}
	for _, k := range kinds() {
		if errors.Is(err, k.err) {
			p = &Problem{Type: problemPrefix + k.name, Title: k.err.Error(), Status: k.status, Detail: err.Error()}
			return p.locate(err), true
		}
	}
	return nil, false
}

// isTemporary reports whether err comes from a call to a service that may succeed later,
// such as a *remote.Unavailable. Such an error may wrap a problem that the service sent,
// but must be reported as a different problem.
func isTemporary(err error) bool {
	var failed interface{ Temporary() bool }
	return errors.As(err, &failed) && failed.Temporary()
}

// peoplePointer is the prefix of the pointer to a person in an import.
const peoplePointer = "#/entrants/"

// locate adds the position of err in the request to p, and returns p.
func (p *Problem) locate(err error) *Problem {
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
			detail = p.Detail // the mistakes are in p
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

// Unwrap returns the error that the same call returns in process. It returns nil if the
// kind is unknown.
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

// BadPeople returns the errors for invalid people in an import, keyed by their index in the
// [ImportRequest]. It is the inverse of [ProblemOf] for a [campaign.ImportError].
func (p *Problem) BadPeople() map[int]error {
	bad := make(map[int]error)
	for _, e := range p.Errors {
		if i, err := strconv.Atoi(strings.TrimPrefix(e.Pointer, peoplePointer)); err == nil {
			bad[i] = errors.New(e.Detail)
		}
	}
	return bad
}
