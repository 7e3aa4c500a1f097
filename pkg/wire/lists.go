package wire

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/partgen"
	"github.com/prizegen/prizegen/pkg/prize"
)

// Parts is a list of texts or numbers of equal length, concatenated. In JSON, it is an
// array of strings.
type Parts struct {
	Joined []byte
	Width  int
}

// Accounts is a list of account numbers. In JSON, it is an array of strings.
type Accounts struct{ prize.Accounts }

var (
	_ json.MarshalerTo     = Parts{}
	_ json.UnmarshalerFrom = (*Parts)(nil)
	_ huma.SchemaProvider  = Parts{}
	_ json.MarshalerTo     = Accounts{}
	_ json.UnmarshalerFrom = (*Accounts)(nil)
	_ huma.SchemaProvider  = Accounts{}
)

// Len returns the number of parts.
func (p Parts) Len() int {
	if p.Width == 0 {
		return 0
	}
	return len(p.Joined) / p.Width
}

// At returns part i, counted from 0.
func (p Parts) At(i int) []byte { return p.Joined[i*p.Width : (i+1)*p.Width] }

// MarshalJSONTo implements [json.MarshalerTo].
func (p Parts) MarshalJSONTo(enc *jsontext.Encoder) error {
	return enc.WriteValue(p.appendJSON(nil))
}

// UnmarshalJSONFrom implements [json.UnmarshalerFrom]. All strings must have the same
// length.
func (p *Parts) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	p.Joined, p.Width = p.Joined[:0], 0
	return readStrings(dec, func(text []byte) error {
		if p.Width == 0 {
			p.Width = len(text)
		}
		if len(text) != p.Width || p.Width == 0 {
			return fmt.Errorf("a part has %d characters, but the first part has %d", len(text), p.Width)
		}
		p.Joined = append(p.Joined, text...)
		return nil
	})
}

// Schema implements [huma.SchemaProvider].
func (Parts) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}}
}

// MarshalJSONTo implements [json.MarshalerTo].
func (a Accounts) MarshalJSONTo(enc *jsontext.Encoder) error {
	return enc.WriteValue(a.appendJSON(nil))
}

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (a *Accounts) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	a.Reset()
	return readStrings(dec, func(text []byte) error {
		a.Append(string(text))
		return nil
	})
}

// Schema implements [huma.SchemaProvider].
func (Accounts) Schema(huma.Registry) *huma.Schema {
	minLength, maxLength := 1, prize.MaxAccount
	return &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString, MinLength: &minLength, MaxLength: &maxLength, Pattern: "^[!-~]+$"}}
}

// readStrings reads an array of strings. The argument of add is valid only during the
// call.
func readStrings(dec *jsontext.Decoder, add func(text []byte) error) error {
	array, err := dec.ReadToken()
	if err != nil {
		return err
	}
	if array.Kind() != '[' {
		return &json.SemanticError{JSONKind: array.Kind(), GoType: reflect.TypeFor[[]string]()}
	}
	var text []byte
	for dec.PeekKind() != ']' {
		value, err := dec.ReadValue()
		if err != nil {
			return err
		}
		if value.Kind() != '"' {
			return &json.SemanticError{JSONPointer: dec.StackPointer(), JSONKind: value.Kind(), GoType: reflect.TypeFor[string]()}
		}
		if text, err = jsontext.AppendUnquote(text[:0], value); err != nil {
			return err
		}
		if err := add(text); err != nil {
			return err
		}
	}
	_, err = dec.ReadToken()
	return err
}

// The rest of this file writes lists without an encoder, and reads responses in exactly
// that format without a decoder. A run of draws over HTTP (BenchmarkRun/remote of package
// serve) would take 1.6 times the processor time with an encoder, and 1.3 times with a
// decoder.

// appendJSON appends p as a JSON array.
func (p Parts) appendJSON(dst []byte) []byte {
	if isPlain(p.Joined) {
		return appendJoined(dst, p.Joined, p.Width)
	}
	return appendStrings(dst, p.Len(), p.At)
}

// appendJSON appends a as a JSON array.
func (a *Accounts) appendJSON(dst []byte) []byte {
	if joined, width := a.Joined(); width > 0 && isPlain(joined) {
		return appendJoined(dst, joined, width)
	}
	return appendStrings(dst, a.Len(), a.At)
}

// isPlain reports whether printable ASCII text needs no escapes in JSON.
func isPlain(text []byte) bool {
	return bytes.IndexByte(text, '"') < 0 && bytes.IndexByte(text, '\\') < 0
}

// appendJoined appends concatenated plain strings of equal length as a JSON array.
func appendJoined(dst, joined []byte, width int) []byte {
	if len(joined) == 0 {
		return append(dst, "[]"...)
	}
	dst = slices.Grow(dst, len(joined)/width*(width+3)+2)
	dst = append(dst, '[')
	for ; len(joined) > 0; joined = joined[width:] {
		dst = append(dst, '"')
		dst = append(dst, joined[:width]...)
		dst = append(dst, '"', ',')
	}
	dst[len(dst)-1] = ']'
	return dst
}

// appendStrings appends n printable ASCII strings as a JSON array.
func appendStrings(dst []byte, n int, at func(int) []byte) []byte {
	dst = append(dst, '[')
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendASCII(dst, at(i))
	}
	return append(dst, ']')
}

// appendASCII appends printable ASCII text as a JSON string.
func appendASCII(dst, text []byte) []byte {
	dst = append(dst, '"')
	for _, c := range text {
		if c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

// appendQuoted appends any text as a JSON string, with invalid UTF-8 replaced.
func appendQuoted(dst []byte, text string) []byte {
	dst, _ = jsontext.AppendQuote(dst, text) // the error only reports invalid UTF-8
	return dst
}

// size returns the approximate length in bytes of a response with these parts.
func (p Parts) size() int { return 1000 + len(p.Joined) + p.Len()*len(`"",`) }

// SizeJSON returns the approximate length of the JSON in bytes.
func (a *TextsResponse) SizeJSON() int { return a.Texts.size() }

// SizeJSON returns the approximate length of the JSON in bytes.
func (a *NumbersResponse) SizeJSON() int { return a.Numbers.size() }

// AppendJSON appends the response as JSON.
func (a *TextsResponse) AppendJSON(dst []byte) []byte {
	return appendPartsResponse(dst, "texts", a.Format, a.Texts, a.Entropy)
}

// AppendJSON appends the response as JSON.
func (a *NumbersResponse) AppendJSON(dst []byte) []byte {
	return appendPartsResponse(dst, "numbers", a.Format, a.Numbers, a.Entropy)
}

func appendPartsResponse(dst []byte, name, format string, parts Parts, source *Entropy) []byte {
	dst = append(dst, `{"format":`...)
	dst = appendASCII(dst, []byte(format))
	dst = append(append(append(dst, `,"`...), name...), `":`...)
	dst = parts.appendJSON(dst)
	if source != nil {
		dst = append(dst, `,"entropy":{"seed":`...)
		dst = appendQuoted(dst, source.Seed)
		dst = append(append(dst, `,"proof":`...), source.Proof...)
		dst = append(dst, '}')
	}
	return append(dst, '}')
}

// ReadTexts appends the texts in a [TextsResponse] to dst. It returns an error unless there
// are count texts of the given format.
func ReadTexts(dst, body []byte, format partgen.Format, count int) ([]byte, error) {
	return readParts(dst, body, "texts", format, count, func() (string, Parts, error) {
		var response TextsResponse
		err := json.Unmarshal(body, &response)
		return response.Format, response.Texts, err
	})
}

// ReadNumbers appends the numbers in a [NumbersResponse] to dst. It returns an error unless
// there are count numbers of the given format.
func ReadNumbers(dst, body []byte, format partgen.Format, count int) ([]byte, error) {
	return readParts(dst, body, "numbers", format, count, func() (string, Parts, error) {
		var response NumbersResponse
		err := json.Unmarshal(body, &response)
		return response.Format, response.Numbers, err
	})
}

// readParts reads a response without a decoder if possible, and with decode otherwise.
func readParts(dst, body []byte, member string, format partgen.Format, count int, decode func() (format string, parts Parts, err error)) ([]byte, error) {
	if all, ok := readPlainParts(dst, body, member, format, count); ok {
		return all, nil
	}
	name, parts, err := decode()
	if err != nil {
		return dst, decodeError(err)
	}
	if err := checkParts(format, count, name, parts); err != nil {
		return dst, err
	}
	return append(dst, parts.Joined...), nil
}

func decodeError(err error) error { return fmt.Errorf("decoding its response: %w", err) }

// readPlainParts appends the parts in a response to dst. It reports false if the response
// is not in exactly the form that appendPartsResponse writes.
func readPlainParts(dst, body []byte, name string, format partgen.Format, count int) (parts []byte, ok bool) {
	head := appendASCII([]byte(`{"format":`), []byte(format.String()))
	head = append(append(append(head, `,"`...), name...), `":[`...)
	width := format.Len()
	stride := width + len(`"",`)
	if !bytes.HasPrefix(body, head) || len(body) != len(head)+count*stride+len("}") || body[len(body)-1] != '}' {
		return dst, false
	}
	known := plainLetters(format)
	for i, body := 0, body[len(head):]; i < count; i, body = i+1, body[stride:] {
		end := byte(',')
		if i == count-1 {
			end = ']'
		}
		if body[0] != '"' || body[width+1] != '"' || body[width+2] != end {
			return dst, false
		}
		for _, letter := range body[1 : width+1] {
			if !known[letter] {
				return dst, false
			}
		}
		dst = append(dst, body[1:width+1]...)
	}
	return dst, true
}

// plainLetters returns the letters of a format that JSON does not escape, as a set.
func plainLetters(format partgen.Format) *[256]bool {
	var known [256]bool
	for _, letter := range []byte(format.Alphabet()) {
		known[letter] = letter != '"' && letter != '\\'
	}
	return &known
}

// checkParts checks the format and the number of the parts in a response.
func checkParts(format partgen.Format, count int, name string, parts Parts) error {
	switch {
	case name != format.String():
		return fmt.Errorf("the response has format %q, want %q", name, format)
	case parts.Len() != count || parts.Width != format.Len():
		return fmt.Errorf("the response contains %d parts of %d characters, want %d of %d", parts.Len(), parts.Width, count, format.Len())
	}
	for _, letter := range parts.Joined {
		if strings.IndexByte(format.Alphabet(), letter) < 0 {
			return fmt.Errorf("the response contains the character %q, which is not in format %q", letter, format)
		}
	}
	return nil
}
