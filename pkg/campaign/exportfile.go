package campaign

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/draw"
)

// export is a file that [Promoter.Export] wrote, while it is read.
type export struct {
	d        *jsontext.Decoder
	campaign Campaign
	next     uint64
	ended    bool
}

// IsExport says whether a file that begins with head looks like an export.
func IsExport(head []byte) bool {
	text := strings.TrimLeft(string(head), " \t\r\n\ufeff")
	rest, ok := strings.CutPrefix(text, "{")
	return ok && strings.HasPrefix(strings.TrimLeft(rest, " \t\r\n"), `"prizegen_campaign"`)
}

// readExport reads the file up to its draws.
func readExport(file io.Reader) (*export, error) {
	e := &export{d: jsontext.NewDecoder(file)}
	var version int
	for _, step := range []func() error{
		func() error { return e.token('{', "an object") },
		func() error { return e.member("prizegen_campaign", &version) },
		func() error {
			if version != ExportVersion {
				return fmt.Errorf("%w: it is of version %d, this program reads version %d", ErrNotExport, version, ExportVersion)
			}
			return nil
		},
		func() error { return e.member("campaign", &e.campaign) },
		func() error { return e.member("next", &e.next) },
		func() error { return e.member("draws", nil) },
		func() error { return e.token('[', "an array of draws") },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// maxSome is how many entries are read at a time.
const maxSome = 4096

// some reads the next entries; there are none at the end.
func (e *export) some() ([]Entry, error) {
	var entries []Entry
	for !e.ended && len(entries) < maxSome {
		if e.d.PeekKind() == ']' {
			e.ended = true
			return entries, e.end()
		}
		var entry Entry
		if err := json.UnmarshalDecode(e.d, &entry, json.RejectUnknownMembers(true)); err != nil {
			return nil, e.broken(err)
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

// end reads what is behind the draws.
func (e *export) end() error {
	if err := e.token(']', "the end of the draws"); err != nil {
		return err
	}
	if err := e.token('}', "the end"); err != nil {
		return err
	}
	if _, err := e.d.ReadToken(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: something follows its end", ErrNotExport)
	}
	return nil
}

func (e *export) token(kind jsontext.Kind, what string) error {
	t, err := e.d.ReadToken()
	if err != nil {
		return e.broken(err)
	}
	if t.Kind() != kind {
		return fmt.Errorf("%w: at byte %d there is %s, expected %s", ErrNotExport, e.d.InputOffset(), clip(t.String()), what)
	}
	return nil
}

// member reads a member of the object: its name, and its value if into is not nil.
func (e *export) member(name string, into any) error {
	t, err := e.d.ReadToken()
	if err != nil {
		return e.broken(err)
	}
	if t.Kind() != '"' || t.String() != name {
		return fmt.Errorf("%w: at byte %d there is %s, expected the member %q", ErrNotExport, e.d.InputOffset(), clip(t.String()), name)
	}
	if into == nil {
		return nil
	}
	if err := json.UnmarshalDecode(e.d, into, json.RejectUnknownMembers(true)); err != nil {
		return e.broken(err)
	}
	return nil
}

// broken tells where the file can't be read.
func (e *export) broken(err error) error {
	var wrong *json.SemanticError
	var syntax *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: it ends in the middle; is it truncated?", ErrNotExport)
	case errors.As(err, &wrong):
		return fmt.Errorf("%w: at byte %d, %s: %w", ErrNotExport, wrong.ByteOffset, wrong.JSONPointer, wrong.Err)
	case errors.As(err, &syntax):
		return fmt.Errorf("%w: at byte %d it is not JSON: %w", ErrNotExport, syntax.ByteOffset, syntax.Err)
	}
	return err
}

func textOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func samePrize(a, b *draw.Prize) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

func prizeText(p *draw.Prize) string {
	if p == nil {
		return "none"
	}
	return fmt.Sprintf("%q (value %d, %s)", clip(p.Name), p.Value, clip(p.Currency))
}

// only says whether a text has letters of an alphabet alone.
func only(text, alphabet string) bool { return strings.Trim(text, alphabet) == "" }
