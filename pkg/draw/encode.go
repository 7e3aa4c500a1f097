package draw

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/prizegen/prizegen/pkg/prize"
)

// Encoding writes draws as text. What a draw's outcome adds is written once for
// each outcome there is, so that a draw costs no more than copying it. An
// encoding may be used by several goroutines at once.
type Encoding struct {
	header, footer string
	first, next    string                   // what stands before the first draw and before the others
	account        string                   // what stands between index and account number
	quote          func(text []byte) []byte // writes an account number that is not plain
	plain          bool                     // whether account numbers need no quoting
	parts          int                      // width of the text part where JSON repeats the parts, 0 where it does not
	outcomes       [][]byte                 // by outcome: what stands behind the account number; nil for one that is not written yet
	outcome        func(prize.Outcome) []byte
	mu             sync.Mutex // guards outcomes and longest while there are some not written yet
	unwritten      bool       // whether there may be
	start          uint64
	indexWidth     int
	accountWidth   int
	longest        int // bytes of the longest draw, but for what JSON repeats
}

// CSV writes the columns index, account, rule, prize, value (in minor units) and
// currency with a header line, quoted as RFC 4180 says. Where nothing was won the
// prize is empty and the value 0.
func CSV(spec *Spec) *Encoding {
	e := &Encoding{
		header:  "index,account,rule,prize,value,currency\n",
		account: ",",
		quote:   csvField,
		start:   spec.Start,
		plain:   plain(spec, `",`),
	}
	e.outcome = func(o prize.Outcome) []byte {
		rule, won := names(spec.Rules, o)
		fields := []string{rule, won.Name, strconv.FormatInt(won.Value, 10), spec.Rules.Currency.Code}
		return []byte("," + csvLine(fields))
	}
	return e.measured(spec)
}

// NDJSON writes each draw as a JSON object on a line of its own; see [Draw].
func NDJSON(spec *Spec) *Encoding {
	e := jsonEncoding(spec, "\n")
	e.first, e.next = `{"index":`, `{"index":`
	return e.measured(spec)
}

// JSON writes the draws as one JSON array; see [Draw].
func JSON(spec *Spec) *Encoding {
	e := jsonEncoding(spec, "")
	e.header, e.footer = "[", "\n]\n"
	e.first, e.next = "\n"+`{"index":`, ",\n"+`{"index":`
	return e.measured(spec)
}

// jsonEncoding writes draws as JSON objects, each with an end behind it.
func jsonEncoding(spec *Spec, end string) *Encoding {
	e := &Encoding{
		account: `,"account":"`,
		quote:   jsonText,
		start:   spec.Start,
		plain:   plain(spec, `"\`),
	}
	if spec.Accounts == nil {
		e.parts = spec.Text.Len()
	}
	// The outcomes are written by encoding/json from what Draw would give, less
	// what differs from draw to draw.
	b := Batch{spec: spec}
	b.Accounts.Append(strings.Repeat("x", spec.Text.Len()+spec.Number.Len()))
	e.outcome = func(o prize.Outcome) []byte {
		b.Outcomes = []prize.Outcome{o}
		text := marshal(b.Draw(0))
		from := bytes.Index(text, []byte(`"rule":`))
		return slices.Concat([]byte(`",`), text[from:], []byte(end))
	}
	return e
}

// Table writes draws as lines of columns for people to read, below a header that
// ends with a line break. The line of a draw is its index, right-aligned to the width given, two spaces, the account number
// padded to the width given, and what outcome gives for its outcome, which ends
// with a line break.
func Table(spec *Spec, header string, indexWidth, accountWidth int, outcome func(prize.Outcome) string) *Encoding {
	e := &Encoding{header: header, start: spec.Start, plain: true, account: "  ", indexWidth: indexWidth, accountWidth: accountWidth}
	e.outcome = func(o prize.Outcome) []byte { return []byte(outcome(o)) }
	return e.measured(spec)
}

// names gives the rule and the prize of an outcome, both empty where there is
// none.
func names(rules *prize.Rules, o prize.Outcome) (rule string, won prize.Prize) {
	if r := rules.Rule(o); r != nil {
		rule = r.Name
	}
	if p := rules.Prize(o); p != nil {
		won = *p
	}
	return rule, won
}

// plain says whether no account number of a spec can have one of the characters.
func plain(spec *Spec, special string) bool {
	return spec.Accounts == nil && !strings.ContainsAny(spec.Text.Alphabet()+spec.Number.Alphabet(), special)
}

func csvLine(fields []string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	// Writing to a strings.Builder never fails.
	_ = w.Write(fields)
	w.Flush()
	return b.String()
}

func csvField(text []byte) []byte {
	return []byte(strings.TrimSuffix(csvLine([]string{string(text)}), "\n"))
}

// marshal writes JSON as encoding/json does, but leaves <, > and & readable.
func marshal(v any) []byte {
	var b bytes.Buffer
	w := json.NewEncoder(&b)
	w.SetEscapeHTML(false)
	// Texts, numbers and structs of them always encode.
	_ = w.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// jsonText writes a text as the inside of a JSON string.
func jsonText(text []byte) []byte {
	quoted := marshal(string(text))
	return quoted[1 : len(quoted)-1]
}

// Header is what comes before the first draw.
func (e *Encoding) Header() []byte { return []byte(e.header) }

// Footer is what comes behind the last draw.
func (e *Encoding) Footer() []byte { return []byte(e.footer) }

// few is up to how many draws of a run it does not pay to write all outcomes before.
const few = 16

// measured finds out how long a draw can get. It writes the outcomes, or leaves that
// to the draws that have them where these are few.
func (e *Encoding) measured(spec *Spec) *Encoding {
	e.longest = len(e.next) + max(maxDigits, e.indexWidth) + len(e.account) + max(bulkAccount, e.accountWidth)
	if e.parts > 0 {
		e.longest += len(textKey) + len(numberKey) + bulkAccount
	}
	e.outcomes = make([][]byte, spec.Rules.Outcomes())
	if e.unwritten = spec.Accounts == nil && spec.Count <= few; e.unwritten {
		return e
	}
	longest := 0
	for o := range e.outcomes {
		e.outcomes[o] = slices.Grow(e.outcome(prize.Outcome(o)), shortOutcome)
		longest = max(longest, len(e.outcomes[o]))
	}
	e.longest += longest
	return e
}

// write writes the outcomes of a batch that are not written yet.
func (e *Encoding) write(outcomes []prize.Outcome) {
	for _, o := range outcomes {
		if e.outcomes[o] == nil {
			e.outcomes[o] = e.outcome(o)
		}
	}
}

// Append writes the draws of a batch behind dst.
func (e *Encoding) Append(dst []byte, b *Batch) []byte {
	if e.unwritten {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.write(b.Outcomes)
		return e.appendAny(dst, b, 0, b.Len())
	}
	dst = slices.Grow(dst, b.Len()*e.longest+bulkSlack)
	from, to := e.bulk(b)
	dst = e.appendAny(dst, b, 0, from)
	dst = e.appendBulk(dst, b, from, to)
	return e.appendAny(dst, b, to, b.Len())
}

// appendAny writes draws of a batch, whatever they are.
func (e *Encoding) appendAny(dst []byte, b *Batch, from, to int) []byte {
	index := newCounter(b.Start + uint64(from))
	for i := from; i < to; i++ {
		if b.Start+uint64(i) == e.start {
			dst = append(dst, e.first...)
		} else {
			dst = append(dst, e.next...)
		}
		dst = pad(dst, e.indexWidth-len(index.text()))
		dst = append(dst, index.text()...)
		dst = append(dst, e.account...)
		account := b.Accounts.At(i)
		if e.parts > 0 {
			dst = e.appendParts(dst, account[:e.parts], account[e.parts:])
		} else {
			if !e.plain {
				account = e.quote(account)
			}
			dst = append(dst, account...)
			dst = pad(dst, e.accountWidth-len(account))
		}
		dst = append(dst, e.outcomes[b.Outcomes[i]]...)
		index.increment()
	}
	return dst
}

// What stands before the parts of an account number in JSON.
const (
	textKey   = `","text":"`
	numberKey = `","number":"`
)

// appendParts writes an account number of JSON and its parts behind it.
func (e *Encoding) appendParts(dst, text, number []byte) []byte {
	if !e.plain {
		text, number = e.quote(text), e.quote(number)
	}
	dst = append(dst, text...)
	dst = append(dst, number...)
	dst = append(dst, textKey...)
	dst = append(dst, text...)
	dst = append(dst, numberKey...)
	return append(dst, number...)
}

func pad(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, ' ')
	}
	return dst
}

// maxDigits is how many decimal digits an index can have.
const maxDigits = 20

// counter counts in decimal digits, which is faster than writing each number
// anew.
type counter struct {
	digits [maxDigits]byte
	from   int
}

func newCounter(n uint64) counter {
	text := strconv.FormatUint(n, 10)
	c := counter{from: maxDigits - len(text)}
	copy(c.digits[c.from:], text)
	return c
}

func (c *counter) text() []byte { return c.digits[c.from:] }

// increment adds 1. Behind the last index there is no next one to be counted.
func (c *counter) increment() {
	for i := maxDigits - 1; i >= 0; i-- {
		if i < c.from {
			c.from = i
			c.digits[i] = '1'
			return
		}
		if c.digits[i] < '9' {
			c.digits[i]++
			return
		}
		c.digits[i] = '0'
	}
}
