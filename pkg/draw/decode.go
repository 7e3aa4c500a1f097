package draw

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/prize"
)

// decode decodes a draw strictly: text must contain the keys that [NDJSON] writes, each
// once, and no others.
func decode(text []byte) (Draw, error) {
	var d Draw
	members := map[string]any{
		"index": &d.Index, "account": &d.Whole, "text": &d.Text, "number": &d.Number,
		"rule": &d.Rule, "prize": &d.Prize, "seed": &d.Seed,
		"text_format": &d.TextFormat, "number_format": &d.NumberFormat,
		"rules": &d.Rules, "rules_sha256": &d.RulesSHA256, "entropy": &d.Entropy,
	}
	if err := decodeObject(text, members); err != nil {
		return Draw{}, err
	}
	for _, key := range []string{"index", "account", "rule", "prize", "seed", "rules", "rules_sha256"} {
		if _, missing := members[key]; missing {
			return Draw{}, decodeError(fmt.Sprintf("missing key %q", key))
		}
	}
	return d, prize.CheckAccount(d.Whole)
}

// UnmarshalJSON decodes a prize strictly: text must contain each key once, and no others.
func (p *Prize) UnmarshalJSON(text []byte) error {
	members := map[string]any{"name": &p.Name, "value": &p.Value, "currency": &p.Currency}
	if err := decodeObject(text, members); err != nil {
		return err
	}
	for _, key := range []string{"name", "value", "currency"} {
		if _, missing := members[key]; missing {
			return decodeError(fmt.Sprintf("missing key %q of the prize", key))
		}
	}
	return nil
}

// decodeError describes what is wrong with the JSON of a draw.
type decodeError string

// Error implements [error].
func (e decodeError) Error() string { return string(e) }

// decodeObject decodes the keys of an object into their targets in members and removes
// these keys from members. Its errors are of type decodeError.
func decodeObject(text []byte, members map[string]any) error {
	d := jsontext.NewDecoder(bytes.NewBuffer(text))
	begin, err := d.ReadToken()
	if err != nil {
		return syntaxError(err)
	}
	if begin.Kind() != jsontext.KindBeginObject {
		return decodeError("it is not a JSON object")
	}
	for d.PeekKind() == jsontext.KindString {
		token, err := d.ReadToken()
		if err != nil {
			return syntaxError(err)
		}
		key := token.String()
		target, ok := members[key]
		if !ok {
			return decodeError(fmt.Sprintf("unknown key %q", excerpt.Of(key)))
		}
		delete(members, key)
		if err := json.UnmarshalDecode(d, target); err != nil {
			return valueError(key, err)
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return syntaxError(err)
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return decodeError("unexpected text after the JSON object")
	}
	return nil
}

// valueError returns the error for an invalid value of key.
func valueError(key string, err error) error {
	var inner decodeError
	if errors.As(err, &inner) {
		return inner
	}
	var semantic *json.SemanticError
	if !errors.As(err, &semantic) {
		return syntaxError(err)
	}
	if value := semantic.JSONValue; len(value) > 0 {
		return decodeError(fmt.Sprintf("invalid value %s of key %q", excerpt.Of(string(value)), key))
	}
	return decodeError(fmt.Sprintf("invalid %s for key %q", semantic.JSONKind, key))
}

// syntaxError converts a syntax error of a [jsontext.Decoder] to a decodeError. It returns
// other errors unchanged.
func syntaxError(err error) error {
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return decodeError("unexpected end of JSON; the file may be truncated")
	case errors.As(err, &syntactic):
		return decodeError("it is not valid JSON: " + strings.TrimPrefix(syntactic.Error(), "jsontext: "))
	}
	return err
}
