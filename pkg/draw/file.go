package draw

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// ErrNotDraws is wrapped by the errors of [Verify] for files that contain no draws, are
// truncated or are in another format.
var ErrNotDraws = errors.New("not a file of draws")

const (
	maxRecord = 64 << 10  // length of the longest draw in a file, in bytes
	pieceSize = 512 << 10 // bytes of a file to read at a time
)

// layout describes how a file separates its draws.
type layout int

const (
	lines  layout = iota // one object per line
	array                // elements of a JSON array
	values               // objects that span several lines, without commas between them
)

// record is the text of one draw in a file.
type record struct {
	text   []byte
	number uint64 // line number, or number of the draw if the layout is not lines; from 1
}

// fileReader splits a file into draws without decoding them.
type fileReader struct {
	source  *bufio.Reader
	layout  layout
	wrapped bool   // whether the array of draws is a member of an object
	rest    []byte // start of a draw that has been partially read
	number  uint64 // number of the last record
	offset  int64  // offset of rest in the file, in bytes
	comma   bool   // whether the last token was a comma
	closed  bool   // whether the end of the array has been read
}

// newFileReader detects the layout of a file and returns a reader for it.
func newFileReader(source io.Reader) (*fileReader, error) {
	r := &fileReader{source: bufio.NewReaderSize(source, maxRecord)}
	if err := r.begin(); err != nil {
		return nil, err
	}
	first, err := r.source.Peek(1)
	if err != nil {
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%w: it is empty", ErrNotDraws)
		}
		return nil, err
	}
	switch first[0] {
	case '[':
		r.layout, r.number = array, 0
		r.discard(1)
	case '{':
		r.detectObject()
	default:
		if head, _ := r.source.Peek(len(csvColumns)); string(head) == csvColumns {
			return nil, fmt.Errorf("%w: it is CSV, which does not contain the seed; write the draws with -o json or -o ndjson", ErrNotDraws)
		}
	}
	return r, nil
}

// csvColumns is the prefix of a CSV file of draws.
const csvColumns = "index,account,"

// begin skips a byte order mark and white space. It returns an error for UTF-16 and gzip.
func (r *fileReader) begin() error {
	head, _ := r.source.Peek(3) // the next read returns the error
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		r.discard(3)
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")),
		len(head) >= 2 && (head[0] == 0) != (head[1] == 0):
		return fmt.Errorf("%w: it is UTF-16; convert it to UTF-8, for example with iconv -f utf-16 -t utf-8", ErrNotDraws)
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return fmt.Errorf("%w: it is compressed; decompress it, for example with gzip -dc", ErrNotDraws)
	}
	for {
		b, err := r.source.Peek(1)
		if err != nil || !isSpace(b[0]) {
			return nil // the next read returns the error
		}
		if b[0] == '\n' {
			r.number++
		}
		r.discard(1)
	}
}

// discard skips n bytes that have been peeked at.
func (r *fileReader) discard(n int) {
	_, _ = r.source.Discard(n)
	r.offset += int64(n)
}

// detectObject detects the layout of a file that begins with an object: a draw per line,
// draws of several lines each, or one object whose member "draws" is the array.
func (r *fileReader) detectObject() {
	head, _ := r.source.Peek(maxRecord)
	// Duplicate names are allowed here: decode reports them with their line.
	d := jsontext.NewDecoder(bytes.NewBuffer(head), jsontext.AllowDuplicateNames(true))
	for {
		token, err := d.ReadToken()
		if err != nil {
			return // lines, each decoded separately
		}
		at := d.InputOffset()
		if d.StackDepth() == 0 {
			if bytes.IndexByte(head[:at], '\n') >= 0 {
				r.layout, r.number = values, 0
			}
			return
		}
		if !isKey(d) || token.String() != "draws" {
			continue
		}
		if value := bytes.TrimLeft(head[at:], " \t\r\n:"); len(value) > 0 && value[0] == '[' {
			r.layout, r.wrapped, r.number = array, true, 0
			r.discard(len(head) - len(value) + 1)
			return
		}
	}
}

// isKey reports whether the last token of a decoder is a key of the outermost object.
func isKey(d *jsontext.Decoder) bool {
	if d.StackDepth() != 1 {
		return false
	}
	kind, length := d.StackIndex(1)
	return kind == jsontext.KindBeginObject && length%2 == 1
}

// place returns the position of a draw for messages, such as line 3.
func (r *fileReader) place(number uint64) string {
	if r.layout == lines {
		return fmt.Sprintf("line %d", number)
	}
	return fmt.Sprintf("draw %d", number)
}

// read reads the next draws into p. If it returns an error, p contains the last draws. The
// error is io.EOF at the end of the file.
func (r *fileReader) read(p *piece) error {
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
	used, splitErr := r.split(p, errors.Is(err, io.EOF))
	if splitErr != nil {
		return splitErr
	}
	if r.closed {
		return r.finish(p.text[used:])
	}
	r.rest = append(r.rest[:0], p.text[used:]...)
	r.offset += int64(used)
	return err
}

// split adds the draws in the text of p to its records. It returns the number of bytes that
// they occupy. last means that p contains the end of the file.
func (r *fileReader) split(p *piece, last bool) (used int, err error) {
	if r.layout == lines {
		return r.splitLines(p, last)
	}
	return r.splitValues(p, last)
}

func (r *fileReader) splitLines(p *piece, last bool) (used int, err error) {
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

func (r *fileReader) splitValues(p *piece, last bool) (used int, err error) {
	for {
		for used < len(p.text) && isSpace(p.text[used]) {
			used++
		}
		switch {
		case used == len(p.text):
			if last && r.layout == array {
				return used, r.truncated()
			}
			return used, nil
		case r.layout == array && !r.comma && p.text[used] == ']':
			r.closed = true
			return used + 1, nil
		case r.layout == array && r.number > 0 && !r.comma:
			if p.text[used] != ',' {
				return used, r.invalid(used, "missing comma or closing bracket")
			}
			r.comma = true
			used++
			continue
		}
		length, whole := valueLength(p.text[used:])
		switch {
		case length == 0:
			return used, r.invalid(used, fmt.Sprintf("a draw must begin with a brace, got %q", p.text[used]))
		case length > maxRecord:
			return used, r.invalid(used, fmt.Sprintf("it has more than %d bytes", maxRecord))
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

func (r *fileReader) truncated() error {
	return fmt.Errorf("%w: unexpected end (complete draws: %d); the file may be truncated", ErrNotDraws, r.number)
}

// invalid returns an error for the draw after the last record. at is the position of the
// problem in the current piece.
func (r *fileReader) invalid(at int, problem string) error {
	return fmt.Errorf("%w: %s at byte %d: %s", ErrNotDraws, r.place(r.number+1), r.offset+int64(at), problem)
}

// finish reads the text after the array. It returns io.EOF if the text is valid.
func (r *fileReader) finish(rest []byte) error {
	source := io.MultiReader(bytes.NewReader(rest), r.source)
	if r.wrapped {
		return finishObject(source)
	}
	after := bufio.NewReader(source)
	for {
		switch b, err := after.ReadByte(); {
		case err != nil:
			return err
		case !isSpace(b):
			return fmt.Errorf("%w: unexpected text after the closing bracket", ErrNotDraws)
		}
	}
}

// finishObject reads the members that follow "draws" in an object. It returns io.EOF if they
// are valid and none is a second "draws".
func finishObject(rest io.Reader) error {
	d := jsontext.NewDecoder(io.MultiReader(strings.NewReader(`{"draws":0`), rest), jsontext.AllowDuplicateNames(true))
	for draws, closed := 0, false; ; {
		token, err := d.ReadToken()
		switch {
		case errors.Is(err, io.EOF) && closed:
			return io.EOF
		case err != nil:
			return fmt.Errorf("%w: after the draws: %w", ErrNotDraws, syntaxError(err))
		case closed:
			return fmt.Errorf("%w: unexpected text after the object with the draws", ErrNotDraws)
		case d.StackDepth() == 0:
			closed = true
		case isKey(d) && token.String() == "draws":
			if draws++; draws > 1 {
				return fmt.Errorf(`%w: duplicate key "draws"`, ErrNotDraws)
			}
		}
	}
}

func isSpace(b byte) bool { return b == ' ' || b == '\n' || b == '\t' || b == '\r' }

// valueLength returns the length of the JSON value at the start of text, and whether
// text contains all of it. It returns 0 if there is no value. It only matches brackets and
// quotes, so that a draw that is not valid JSON becomes a finding and the draws after it
// are still verified. With [jsontext.Decoder.ReadValue], BenchmarkVerify/JSON takes twice
// as long.
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
