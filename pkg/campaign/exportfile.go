package campaign

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/excerpt"
)

// IsExport reports whether head looks like the start of a file written by
// [Service.Export].
func IsExport(head []byte) bool {
	text := strings.TrimLeft(string(head), " \t\r\n\ufeff")
	rest, ok := strings.CutPrefix(text, "{")
	return ok && strings.HasPrefix(strings.TrimLeft(rest, " \t\r\n"), `"prizegen_campaign"`)
}

// exportReader reads a file written by [Service.Export].
type exportReader struct {
	d        *jsontext.Decoder
	campaign Campaign
	next     uint64
	ended    bool
}

// notExport returns the error for a file that is not a valid export.
func notExport(format string, args ...any) error {
	return fmt.Errorf("not a campaign export: "+format, args...)
}

// newExportReader returns a reader that has read the file up to its draws.
func newExportReader(file io.Reader) (*exportReader, error) {
	r := &exportReader{d: jsontext.NewDecoder(file)}
	var version int
	for _, step := range []func() error{
		func() error { return r.token('{', "an object") },
		func() error { return r.member("prizegen_campaign", &version) },
		func() error {
			if version != exportVersion {
				return notExport("it has version %d, but this program reads version %d", version, exportVersion)
			}
			return nil
		},
		func() error { return r.member("campaign", &r.campaign) },
		func() error { return r.member("next", &r.next) },
		func() error { return r.member("draws", nil) },
		func() error { return r.token('[', "an array of draws") },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// maxEntries is the maximum number of entries that one call of entries returns.
const maxEntries = 4096

// entries returns the next entries, or none at the end.
func (r *exportReader) entries() ([]entry, error) {
	var list []entry
	for !r.ended && len(list) < maxEntries {
		if r.d.PeekKind() == ']' {
			r.ended = true
			return list, r.end()
		}
		var e entry
		if err := json.UnmarshalDecode(r.d, &e, json.RejectUnknownMembers(true)); err != nil {
			return nil, r.explain(err)
		}
		list = append(list, e)
	}
	return list, nil
}

// end checks that the file ends after the draws.
func (r *exportReader) end() error {
	if err := r.token(']', "the end of the draws"); err != nil {
		return err
	}
	if err := r.token('}', "the end of the object"); err != nil {
		return err
	}
	if _, err := r.d.ReadToken(); !errors.Is(err, io.EOF) {
		return notExport("unexpected data after the object")
	}
	return nil
}

// token reads a token of the given kind. want describes it in errors.
func (r *exportReader) token(kind jsontext.Kind, want string) error {
	t, err := r.d.ReadToken()
	if err != nil {
		return r.explain(err)
	}
	if t.Kind() != kind {
		return notExport("at byte %d: got %s, want %s", r.d.InputOffset(), excerpt.Of(t.String()), want)
	}
	return nil
}

// member reads the name of a member of the object and, if into is not nil, its value.
func (r *exportReader) member(name string, into any) error {
	t, err := r.d.ReadToken()
	if err != nil {
		return r.explain(err)
	}
	if t.Kind() != '"' || t.String() != name {
		return notExport("at byte %d: got %s, want member %q", r.d.InputOffset(), excerpt.Of(t.String()), name)
	}
	if into == nil {
		return nil
	}
	if err := json.UnmarshalDecode(r.d, into, json.RejectUnknownMembers(true)); err != nil {
		return r.explain(err)
	}
	return nil
}

// explain converts an error of the decoder to one that contains the position.
func (r *exportReader) explain(err error) error {
	var semantic *json.SemanticError
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return notExport("unexpected end; the file may be truncated")
	case errors.As(err, &semantic):
		if semantic.Err == nil { // the value has the wrong kind
			return notExport("at byte %d, %s: unexpected %s", semantic.ByteOffset, semantic.JSONPointer, semantic.JSONKind)
		}
		return notExport("at byte %d, %s: %w", semantic.ByteOffset, semantic.JSONPointer, semantic.Err)
	case errors.As(err, &syntactic):
		return notExport("at byte %d: invalid JSON: %w", syntactic.ByteOffset, syntactic.Err)
	}
	return err
}
