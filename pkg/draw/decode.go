package draw

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/prizegen/prizegen/pkg/prize"
)

// ErrNotDraws is wrapped by the error about a file that can't be read as draws.
var ErrNotDraws = errors.New("not a file of draws")

// maxRecord is the length of the longest draw in a file, in bytes.
const maxRecord = 64 << 10

// reader reads the draws of a file, which is a JSON array or has an object a
// line.
type reader struct {
	source *bufio.Reader
	array  *json.Decoder // nil where each line is an object
	number int           // of the line or the array's element read last, counted from 1
}

func newReader(source io.Reader) (*reader, error) {
	r := &reader{source: bufio.NewReaderSize(source, maxRecord)}
	for {
		b, err := r.source.Peek(1)
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%w: it is empty", ErrNotDraws)
		}
		if err != nil {
			return nil, err
		}
		switch b[0] {
		case ' ', '\t', '\r':
			_, _ = r.source.Discard(1) // it was peeked at
			continue
		case '[':
			r.array = json.NewDecoder(r.source)
			if _, err := r.array.Token(); err != nil {
				return nil, err
			}
		}
		return r, nil
	}
}

// place names the draw read last, for people to find it.
func (r *reader) place() string {
	if r.array != nil {
		return fmt.Sprintf("draw %d", r.number)
	}
	return fmt.Sprintf("line %d", r.number)
}

// next reads the text of the next draw; io.EOF says that there is none. Other
// errors end the reading, since what follows can't be found.
func (r *reader) next() (json.RawMessage, error) {
	if r.array == nil {
		return r.nextLine()
	}
	r.number++
	if !r.array.More() {
		if _, err := r.array.Token(); err != nil {
			return nil, r.broken(err)
		}
		if _, err := r.array.Token(); !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%w: something follows the closing bracket, at byte %d", ErrNotDraws, r.array.InputOffset())
		}
		return nil, io.EOF
	}
	var raw json.RawMessage
	if err := r.array.Decode(&raw); err != nil {
		return nil, r.broken(err)
	}
	return raw, nil
}

func (r *reader) broken(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it ends in the middle, behind %d whole draws; is it truncated?", ErrNotDraws, r.number-1)
	}
	return fmt.Errorf("%w: %s at byte %d: %w", ErrNotDraws, r.place(), r.array.InputOffset(), err)
}

func (r *reader) nextLine() (json.RawMessage, error) {
	for {
		r.number++
		line, err := r.source.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("%w: %s has more than %d bytes", ErrNotDraws, r.place(), maxRecord)
		case err != nil && (!errors.Is(err, io.EOF) || len(line) == 0):
			return nil, err
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return line, nil
		}
	}
}

// decode reads a draw strictly: each key once, exactly as it is written by
// [NDJSON], and no other keys. The reader of encoding/json would take Index for
// index and the last of two.
func decode(raw json.RawMessage) (Draw, error) {
	var d Draw
	fields := map[string]any{
		"index": &d.Index, "account": &d.Whole, "text": &d.Text, "number": &d.Number,
		"rule": &d.Rule, "prize": &d.Prize, "seed": &d.Seed,
		"text_format": &d.TextFormat, "number_format": &d.NumberFormat,
		"rules": &d.Rules, "rules_sha256": &d.RulesSHA256,
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
func decodeObject(raw json.RawMessage, fields map[string]any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	begin, err := d.Token()
	if err != nil {
		return syntaxError(err)
	}
	if begin != json.Delim('{') {
		return errors.New("it is not a JSON object")
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return syntaxError(err)
		}
		name, _ := key.(string) // keys are always strings
		target, known := fields[name]
		if !known {
			return fmt.Errorf("the key %q is unknown or there twice", name)
		}
		delete(fields, name)
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
