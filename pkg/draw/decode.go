package draw

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/prizegen/prizegen/pkg/prize"
)

// decode reads a draw strictly: each key once, exactly as it is written by
// [NDJSON], and no other keys. The reader of encoding/json would take Index for
// index and the last of two.
func decode(raw []byte) (Draw, error) {
	var d Draw
	fields := map[string]any{
		"index": &d.Index, "account": &d.Whole, "text": &d.Text, "number": &d.Number,
		"rule": &d.Rule, "prize": &d.Prize, "seed": &d.Seed,
		"text_format": &d.TextFormat, "number_format": &d.NumberFormat,
		"rules": &d.Rules, "rules_sha256": &d.RulesSHA256, "entropy": &d.Entropy,
	}
	if err := decodeObject(raw, fields); err != nil {
		return Draw{}, err
	}
	for _, key := range []string{"index", "account", "rule", "prize", "seed", "rules", "rules_sha256"} {
		if _, missing := fields[key]; missing {
			return Draw{}, fmt.Errorf("the key %q is missing", key)
		}
	}
	return d, prize.CheckAccount(d.Whole)
}

// UnmarshalJSON reads a prize strictly; see decode.
func (p *Prize) UnmarshalJSON(raw []byte) error {
	fields := map[string]any{"name": &p.Name, "value": &p.Value, "currency": &p.Currency}
	if err := decodeObject(raw, fields); err != nil {
		return err
	}
	for key := range fields {
		return fmt.Errorf("the key %q of the prize is missing", key)
	}
	return nil
}

// decodeObject reads an object into the places that fields has for its keys, and
// removes those it has read.
func decodeObject(raw []byte, fields map[string]any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	begin, err := d.Token()
	if err != nil {
		return syntaxError(err)
	}
	if begin != json.Delim('{') {
		return errors.New("it is not a JSON object")
	}
	var read []string
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return syntaxError(err)
		}
		name, _ := key.(string) // keys are always strings
		target, known := fields[name]
		switch {
		case slices.Contains(read, name):
			return fmt.Errorf("the key %q is there twice", clip(name))
		case !known:
			return fmt.Errorf("the key %q is unknown, expected those that prizegen draw writes", clip(name))
		}
		delete(fields, name)
		read = append(read, name)
		if err := d.Decode(target); err != nil {
			var wrong *json.UnmarshalTypeError
			if errors.As(err, &wrong) {
				return fmt.Errorf("the value of %q is a %s, which it can't be", name, wrong.Value)
			}
			return syntaxError(err)
		}
	}
	if _, err := d.Token(); err != nil {
		return syntaxError(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON object")
	}
	return nil
}

func syntaxError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends in the middle; is it truncated?")
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("it is not valid JSON: %s", strings.TrimPrefix(syntax.Error(), "json: "))
	}
	return err
}

// clip keeps a giant text out of a message.
func clip(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
