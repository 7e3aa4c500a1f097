package remote

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/prize"
)

// Parts is a list of texts or numbers of one width, kept end to end. In JSON it
// is an array of strings.
type Parts struct {
	Joined []byte
	Width  int
}

var (
	_ json.MarshalerTo     = Parts{}
	_ json.UnmarshalerFrom = (*Parts)(nil)
	_ json.MarshalerTo     = Accounts{}
	_ json.UnmarshalerFrom = (*Accounts)(nil)
)

// Len is how many parts there are.
func (p Parts) Len() int {
	if p.Width == 0 {
		return 0
	}
	return len(p.Joined) / p.Width
}

// At gives the i-th part, counted from 0.
func (p Parts) At(i int) []byte { return p.Joined[i*p.Width : (i+1)*p.Width] }

// MarshalJSONTo writes an array of strings.
func (p Parts) MarshalJSONTo(enc *jsontext.Encoder) error {
	return enc.WriteValue(p.appendJSON(nil))
}

// UnmarshalJSONFrom reads an array of strings of one width.
func (p *Parts) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	p.Joined, p.Width = p.Joined[:0], 0
	return readStrings(dec, func(text []byte) error {
		if p.Width == 0 {
			p.Width = len(text)
		}
		if len(text) != p.Width || p.Width == 0 {
			return fmt.Errorf("a part has %d characters, the first one %d", len(text), p.Width)
		}
		p.Joined = append(p.Joined, text...)
		return nil
	})
}

// Accounts is a list of account numbers. In JSON it is an array of strings.
type Accounts struct{ prize.Accounts }

// MarshalJSONTo writes an array of strings.
func (a Accounts) MarshalJSONTo(enc *jsontext.Encoder) error {
	return enc.WriteValue(a.appendJSON(nil))
}

// UnmarshalJSONFrom reads an array of strings.
func (a *Accounts) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	a.Reset()
	return readStrings(dec, func(text []byte) error {
		a.Append(string(text))
		return nil
	})
}

// appendJSON writes an array of strings behind dst.
func (p Parts) appendJSON(dst []byte) []byte {
	if isPlain(p.Joined) {
		return appendJoined(dst, p.Joined, p.Width)
	}
	return appendStrings(dst, p.Len(), p.At)
}

// appendJSON writes an array of strings behind dst.
func (a *Accounts) appendJSON(dst []byte) []byte {
	if joined, width := a.Joined(); width > 0 && isPlain(joined) {
		return appendJoined(dst, joined, width)
	}
	return appendStrings(dst, a.Len(), a.At)
}

// isPlain says whether JSON writes a text of printable ASCII as it is.
func isPlain(text []byte) bool {
	return bytes.IndexByte(text, '"') < 0 && bytes.IndexByte(text, '\\') < 0
}

// appendJoined writes plain texts of one width, which are given end to end, as a
// JSON array.
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

// appendStrings writes n texts of printable ASCII as a JSON array.
func appendStrings(dst []byte, n int, at func(int) []byte) []byte {
	dst = append(dst, '[')
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, at(i))
	}
	return append(dst, ']')
}

// appendString writes printable ASCII as a JSON string.
func appendString(dst, text []byte) []byte {
	dst = append(dst, '"')
	for _, c := range text {
		if c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

// readStrings reads an array of strings. The bytes are taken back afterwards.
func readStrings(dec *jsontext.Decoder, add func([]byte) error) error {
	array, err := dec.ReadValue()
	if err != nil {
		return err
	}
	if array.Kind() != '[' {
		return &json.SemanticError{JSONKind: array.Kind(), JSONValue: array, GoType: reflect.TypeFor[[]string]()}
	}
	// From here on it is known to be well-formed.
	var unquoted []byte
	rest := bytes.TrimLeft(array[1:], space)
	for i := 0; rest[0] != ']'; i++ {
		if rest[0] != '"' {
			return &json.SemanticError{JSONPointer: dec.StackPointer() + jsontext.Pointer("/"+strconv.Itoa(i)), JSONKind: jsontext.Value(rest).Kind(), GoType: reflect.TypeFor[string]()}
		}
		end := closing(rest)
		text := rest[1:end]
		if bytes.IndexByte(text, '\\') >= 0 {
			if unquoted, err = jsontext.AppendUnquote(unquoted[:0], rest[:end+1]); err != nil {
				return err
			}
			text = unquoted
		}
		if err := add(text); err != nil {
			return err
		}
		if rest = rest[end+1:]; rest[0] != ',' && rest[0] != ']' {
			rest = bytes.TrimLeft(rest, space)
		}
		if rest[0] == ',' {
			if rest = rest[1:]; rest[0] != '"' {
				rest = bytes.TrimLeft(rest, space)
			}
		}
	}
	return nil
}

// space is what may stand between the values of JSON.
const space = " \t\r\n"

// closing is where the string ends that a text begins with.
func closing(text []byte) int {
	end := 1
	for {
		end += bytes.IndexByte(text[end:], '"')
		slashes := 0
		for text[end-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return end
		}
		end++
	}
}
