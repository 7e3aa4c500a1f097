package remote

import (
	"fmt"
	"reflect"
	"strings"

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
	return writeStrings(enc, p.Len(), len(p.Joined), p.At)
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
	joined, _ := a.Joined()
	return writeStrings(enc, a.Len(), len(joined), a.At)
}

// UnmarshalJSONFrom reads an array of strings.
func (a *Accounts) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	a.Reset()
	return readStrings(dec, func(text []byte) error {
		a.Append(string(text))
		return nil
	})
}

// writeStrings writes an array of n strings that have about so many bytes
// together.
func writeStrings(enc *jsontext.Encoder, n, size int, at func(int) []byte) error {
	dst := append(make([]byte, 0, size+3*n+2), '[')
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, at(i))
	}
	return enc.WriteValue(append(dst, ']'))
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
	if dec.PeekKind() != '[' {
		value, err := dec.ReadValue()
		if err != nil {
			return err
		}
		return &json.SemanticError{JSONKind: value.Kind(), JSONValue: value, GoType: reflect.TypeFor[[]string]()}
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	var unquoted []byte
	for dec.PeekKind() == '"' {
		value, err := dec.ReadValue()
		if err != nil {
			return err
		}
		text := value[1 : len(value)-1]
		if strings.IndexByte(string(text), '\\') >= 0 {
			if unquoted, err = jsontext.AppendUnquote(unquoted[:0], value); err != nil {
				return err
			}
			text = unquoted
		}
		if err := add(text); err != nil {
			return err
		}
	}
	if dec.PeekKind() != ']' {
		value, err := dec.ReadValue()
		if err != nil {
			return err
		}
		return &json.SemanticError{JSONPointer: dec.StackPointer(), JSONKind: value.Kind(), JSONValue: value, GoType: reflect.TypeFor[string]()}
	}
	_, err := dec.ReadToken()
	return err
}
