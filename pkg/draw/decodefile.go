package draw

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrNotDraws is wrapped by the error about a file that can't be read as draws.
var ErrNotDraws = errors.New("not a file of draws")

const (
	maxRecord = 64 << 10  // the length of the longest draw in a file, in bytes
	pieceSize = 512 << 10 // how much of a file is read at a time
)

// form is how the draws of a file are set apart.
type form int

const (
	lines  form = iota // an object a line
	array              // elements of a JSON array
	values             // objects of several lines, one behind the other
)

// record is the text of one draw in a file.
type record struct {
	text   []byte
	number uint64 // of its line, or among the draws where they are not lines, counted from 1
}

// reader finds the draws of a file: it tells where each one begins and ends, and
// leaves what is in it to [decode].
type reader struct {
	source *bufio.Reader
	form   form
	member bool   // whether the array is the member of an object
	rest   []byte // what was read of a draw that has not ended
	number uint64 // of the line or the draw read last
	offset int64  // of rest in the file
	comma  bool   // whether a comma is what was read last
	closed bool   // whether the array is
}

// newReader finds out which form a file has.
func newReader(source io.Reader) (*reader, error) {
	r := &reader{source: bufio.NewReaderSize(source, maxRecord)}
	if err := r.begin(); err != nil {
		return nil, err
	}
	first, err := r.source.Peek(1)
	if err != nil {
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%w: it is empty, there are no draws in it", ErrNotDraws)
		}
		return nil, err
	}
	switch first[0] {
	case '[':
		r.form, r.number = array, 0
		r.discard(1)
	case '{':
		r.object()
	default:
		if head, _ := r.source.Peek(len(csvColumns)); string(head) == csvColumns {
			return nil, fmt.Errorf("%w: it is CSV, which has no seed to verify draws with; write them with -o json or -o ndjson", ErrNotDraws)
		}
	}
	return r, nil
}

// csvColumns are how a CSV file of draws begins.
const csvColumns = "index,account,"

// begin skips a byte order mark and white space, and refuses files whose bytes
// are no text of JSON.
func (r *reader) begin() error {
	head, _ := r.source.Peek(3) // an error shows again when more is read
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		r.discard(3)
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")),
		len(head) >= 2 && (head[0] == 0) != (head[1] == 0):
		return fmt.Errorf("%w: it is UTF-16, expected UTF-8; convert it first, for example with iconv -f utf-16 -t utf-8", ErrNotDraws)
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return fmt.Errorf("%w: it is compressed by gzip; decompress it first, for example with gzip -dc", ErrNotDraws)
	}
	for {
		b, err := r.source.Peek(1)
		if err != nil || !isSpace(b[0]) {
			return nil // see above
		}
		if b[0] == '\n' {
			r.number++
		}
		r.discard(1)
	}
}

func (r *reader) discard(n int) {
	_, _ = r.source.Discard(n) // they were peeked at
	r.offset += int64(n)
}

// object finds out what a file is that begins with an object: lines; objects
// that take several lines each; or one object with the draws in its array draws.
func (r *reader) object() {
	head, _ := r.source.Peek(maxRecord)
	tokens := json.NewDecoder(bytes.NewReader(head))
	for depth, isKey := 0, false; ; {
		token, err := tokens.Token()
		if err != nil {
			return // lines, each of which is looked at for itself
		}
		at := tokens.InputOffset()
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
			isKey = depth == 1
			continue
		case json.Delim('}'), json.Delim(']'):
			if depth--; depth == 0 {
				if bytes.IndexByte(head[:at], '\n') >= 0 {
					r.form, r.number = values, 0
				}
				return
			}
		default:
			if depth == 1 && isKey && token == "draws" {
				if value := bytes.TrimLeft(head[at:], " \t\r\n:"); len(value) > 0 && value[0] == '[' {
					r.form, r.member, r.number = array, true, 0
					r.discard(len(head) - len(value) + 1)
					return
				}
			}
		}
		isKey = depth == 1 && !isKey
	}
}

// place names a draw, for people to find it.
func (r *reader) place(number uint64) string {
	if r.form == lines {
		return fmt.Sprintf("line %d", number)
	}
	return fmt.Sprintf("draw %d", number)
}

// read reads the next draws into a piece. An error, which is io.EOF at the end,
// comes with the draws before it; nothing can be read behind it.
func (r *reader) read(p *piece) error {
	p.text, p.records = append(p.text[:0], r.rest...), p.records[:0]
	old := len(p.text)
	if cap(p.text) < pieceSize {
		p.text = append(make([]byte, 0, pieceSize), p.text...)
	}
	n, err := io.ReadFull(r.source, p.text[old:pieceSize])
	p.text = p.text[:old+n]
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	used, wrong := r.split(p, errors.Is(err, io.EOF))
	if wrong != nil {
		return wrong
	}
	if r.closed {
		return r.finish(p.text[used:])
	}
	r.rest = append(r.rest[:0], p.text[used:]...)
	r.offset += int64(used)
	return err
}

// split finds the draws in the text of a piece and tells how much of it they
// take. last says that no text follows.
func (r *reader) split(p *piece, last bool) (used int, err error) {
	if r.form == lines {
		return r.splitLines(p, last)
	}
	return r.splitValues(p, last)
}

func (r *reader) splitLines(p *piece, last bool) (used int, err error) {
	for used < len(p.text) {
		length := bytes.IndexByte(p.text[used:], '\n')
		next := used + length + 1
		if length < 0 {
			length, next = len(p.text)-used, len(p.text)
			if !last && length <= maxRecord {
				return used, nil
			}
		}
		r.number++
		if length > maxRecord {
			return used, fmt.Errorf("%w: %s has more than %d bytes", ErrNotDraws, r.place(r.number), maxRecord)
		}
		if line := bytes.TrimSpace(p.text[used : used+length]); len(line) > 0 {
			p.records = append(p.records, record{line, r.number})
		}
		used = next
	}
	return used, nil
}

func (r *reader) splitValues(p *piece, last bool) (used int, err error) {
	for {
		for used < len(p.text) && isSpace(p.text[used]) {
			used++
		}
		switch {
		case used == len(p.text):
			if last && r.form == array {
				return used, r.truncated()
			}
			return used, nil
		case r.form == array && !r.comma && p.text[used] == ']':
			r.closed = true
			return used + 1, nil
		case r.form == array && r.number > 0 && !r.comma:
			if p.text[used] != ',' {
				return used, r.broken(used, "expected a comma or the closing bracket")
			}
			r.comma = true
			used++
			continue
		}
		length, whole := valueLength(p.text[used:])
		switch {
		case length == 0:
			return used, r.broken(used, fmt.Sprintf("expected a draw, which begins with a brace, not %q", p.text[used]))
		case length > maxRecord:
			return used, r.broken(used, fmt.Sprintf("it has more than %d bytes", maxRecord))
		case !whole && last:
			return used, r.truncated()
		case !whole:
			return used, nil
		}
		r.number++
		r.comma = false
		p.records = append(p.records, record{p.text[used : used+length], r.number})
		used += length
	}
}

func (r *reader) truncated() error {
	return fmt.Errorf("%w: it ends in the middle, behind %d whole draws; is it truncated?", ErrNotDraws, r.number)
}

// broken is the error about the draw behind the one read last.
func (r *reader) broken(at int, problem string) error {
	return fmt.Errorf("%w: %s at byte %d: %s", ErrNotDraws, r.place(r.number+1), r.offset+int64(at), problem)
}

// finish reads what is behind the array, and gives io.EOF where that is all right.
func (r *reader) finish(rest []byte) error {
	source := io.MultiReader(bytes.NewReader(rest), r.source)
	if r.member {
		return finishObject(source)
	}
	behind := bufio.NewReader(source)
	for {
		switch b, err := behind.ReadByte(); {
		case err != nil:
			return err
		case !isSpace(b):
			return fmt.Errorf("%w: something follows the closing bracket", ErrNotDraws)
		}
	}
}

// finishObject reads the members of an object behind its draws, which are as
// they like but must not be draws again.
func finishObject(rest io.Reader) error {
	tokens := json.NewDecoder(io.MultiReader(strings.NewReader(`{"draws":0`), rest))
	depth, isKey, draws := 0, false, 0
	for {
		token, err := tokens.Token()
		switch {
		case errors.Is(err, io.EOF) && depth == 0:
			return io.EOF
		case err != nil:
			return fmt.Errorf("%w: behind the draws: %w", ErrNotDraws, syntaxError(err))
		case depth == 0 && token != json.Delim('{') || depth == 0 && draws > 0:
			return fmt.Errorf("%w: something follows the object with the draws", ErrNotDraws)
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
			isKey = depth == 1
			continue
		case json.Delim('}'), json.Delim(']'):
			depth--
		default:
			if depth == 1 && isKey && token == "draws" {
				if draws++; draws > 1 {
					return fmt.Errorf("%w: the key \"draws\" is there twice", ErrNotDraws)
				}
			}
		}
		isKey = depth == 1 && !isKey
	}
}

func isSpace(b byte) bool { return b == ' ' || b == '\n' || b == '\t' || b == '\r' }

// valueLength tells how long the JSON value is that a text begins with, and
// whether that is all of it. It pairs brackets and quotes and does not look
// further. It is 0 where there is no value.
func valueLength(text []byte) (length int, whole bool) {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
			if i < len(text) && depth == 0 {
				return i + 1, true
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i, true
			}
			if depth--; depth == 0 {
				return i + 1, true
			}
		case ',', ':', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return i, true
			}
		}
	}
	return len(text), false
}
