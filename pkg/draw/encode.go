package draw

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/prize"
)

// Encoding encodes draws as text. It encodes each outcome only once and copies the result
// for each draw. An Encoding is safe for concurrent use.
type Encoding struct {
	header, footer string
	first, next    string                     // text before the index, in the first draw and in later draws
	account        string                     // text between the index and the account number
	quote          func(text []byte) []byte   // encodes an account number if plain is false
	plain          bool                       // whether account numbers need no quoting
	parts          int                        // length of the text part if the parts are encoded too, otherwise 0
	outcome        func(prize.Outcome) []byte // returns the text after the account number
	outcomes       [][]byte                   // by outcome: result of outcome; nil if not called yet
	mu             sync.Mutex                 // guards outcomes if lazy is true
	lazy           bool                       // whether outcomes are encoded when they first occur
	start          uint64                     // index of the first draw
	indexWidth     int
	accountWidth   int
	longest        int // length of the longest draw that appendBulk encodes, in bytes
}

// CSV returns the encoding as CSV (RFC 4180) with a header line and the columns index,
// account, rule, prize, value (in minor units) and currency. A draw that wins nothing has
// an empty prize and a value of 0.
func CSV(spec *Spec) *Encoding {
	e := &Encoding{
		header:  "index,account,rule,prize,value,currency\n",
		account: ",",
		quote:   csvField,
		start:   spec.Start,
		plain:   plain(spec, `",`),
	}
	e.outcome = func(o prize.Outcome) []byte {
		rule, won := ruleAndPrize(spec.Rules, o)
		fields := []string{rule, won.Name, strconv.FormatInt(won.Value, 10), spec.Rules.Currency.Code}
		return []byte("," + csvLine(fields))
	}
	return e.prepare(spec)
}

// NDJSON returns the encoding of each draw as a JSON object on its own line; see [Draw].
func NDJSON(spec *Spec) *Encoding {
	e := jsonEncoding(spec, "\n")
	e.first, e.next = `{"index":`, `{"index":`
	return e.prepare(spec)
}

// JSON returns the encoding of all draws as one JSON array of objects; see [Draw].
func JSON(spec *Spec) *Encoding {
	e := jsonEncoding(spec, "")
	e.header, e.footer = "[", "\n]\n"
	e.first, e.next = "\n"+`{"index":`, ",\n"+`{"index":`
	return e.prepare(spec)
}

// jsonEncoding returns an encoding as JSON objects, each followed by end. The caller must
// set first and next.
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
	// The text of an outcome is the rest of the JSON of a draw with this outcome, starting
	// with the rule.
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

// Table returns an encoding for people to read. Each line consists of the index,
// right-aligned to indexWidth, two spaces, the account number, padded to accountWidth, and
// the result of outcome. The header and the result of outcome must end with a line break.
// Widths are in bytes.
func Table(spec *Spec, header string, indexWidth, accountWidth int, outcome func(prize.Outcome) string) *Encoding {
	e := &Encoding{header: header, start: spec.Start, plain: true, account: "  ", indexWidth: indexWidth, accountWidth: accountWidth}
	e.outcome = func(o prize.Outcome) []byte { return []byte(outcome(o)) }
	return e.prepare(spec)
}

// ruleAndPrize returns the name of the rule and the prize of an outcome. Each is zero if
// the outcome has none.
func ruleAndPrize(rules *prize.Rules, o prize.Outcome) (rule string, won prize.Prize) {
	if r := rules.Rule(o); r != nil {
		rule = r.Name
	}
	if p := rules.Prize(o); p != nil {
		won = *p
	}
	return rule, won
}

// plain reports whether the account numbers of a spec are generated and never contain
// one of the special characters.
func plain(spec *Spec, special string) bool {
	return spec.Accounts == nil && !strings.ContainsAny(spec.Text.Alphabet()+spec.Number.Alphabet(), special)
}

func csvLine(fields []string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write(fields) // never fails on a strings.Builder
	w.Flush()
	return b.String()
}

func csvField(text []byte) []byte {
	return []byte(strings.TrimSuffix(csvLine([]string{string(text)}), "\n"))
}

// marshal returns the JSON of a draw or a string. It escapes U+2028 and U+2029, and
// leaves the strings in a proof unchanged.
func marshal(v any) []byte {
	text, _ := json.Marshal(v, jsontext.EscapeForJS(true), jsontext.PreserveRawStrings(true), // never fails
		jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	return text
}

// jsonText returns the JSON of a string without its quotes.
func jsonText(text []byte) []byte {
	quoted := marshal(string(text))
	return quoted[1 : len(quoted)-1]
}

// Header returns the text before the first draw.
func (e *Encoding) Header() []byte { return []byte(e.header) }

// Footer returns the text after the last draw.
func (e *Encoding) Footer() []byte { return []byte(e.footer) }

// maxLazy is the maximum number of draws for which outcomes are encoded only when they
// occur, because rules can have thousands of outcomes (BenchmarkGrowth in package serve).
const maxLazy = 16

// prepare encodes all outcomes and computes the length of the longest draw, unless there
// are at most maxLazy draws.
func (e *Encoding) prepare(spec *Spec) *Encoding {
	e.outcomes = make([][]byte, spec.Rules.Outcomes())
	if e.lazy = spec.Accounts == nil && spec.Count <= maxLazy; e.lazy {
		return e
	}
	e.longest = len(e.next) + max(maxDigits, e.indexWidth) + len(e.account) + max(bulkAccount, e.accountWidth)
	if e.parts > 0 {
		e.longest += len(textKey) + len(numberKey) + bulkAccount
	}
	longest := 0
	for o := range e.outcomes {
		e.outcomes[o] = slices.Grow(e.outcome(prize.Outcome(o)), shortOutcome)
		longest = max(longest, len(e.outcomes[o]))
	}
	e.longest += longest
	return e
}

// Append appends the draws of a batch to dst.
func (e *Encoding) Append(dst []byte, b *Batch) []byte {
	if e.lazy {
		e.mu.Lock()
		defer e.mu.Unlock()
		for _, o := range b.Outcomes {
			if e.outcomes[o] == nil {
				e.outcomes[o] = e.outcome(o)
			}
		}
		return e.appendDraws(dst, b, 0, b.Len())
	}
	dst = slices.Grow(dst, b.Len()*e.longest+bulkSlack)
	from, to := e.bulkRange(b)
	dst = e.appendDraws(dst, b, 0, from)
	dst = e.appendBulk(dst, b, from, to)
	return e.appendDraws(dst, b, to, b.Len())
}

// appendDraws appends the draws at positions from, …, to-1 of a batch.
func (e *Encoding) appendDraws(dst []byte, b *Batch, from, to int) []byte {
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

// The JSON before the parts of an account number.
const (
	textKey   = `","text":"`
	numberKey = `","number":"`
)

// appendParts appends an account number and its parts in JSON.
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

// maxDigits is the number of decimal digits in the largest index.
const maxDigits = 20

// counter is a counter in decimal digits.
type counter struct {
	digits [maxDigits]byte
	from   int // position of the first digit
}

func newCounter(n uint64) counter {
	text := strconv.FormatUint(n, 10)
	c := counter{from: maxDigits - len(text)}
	copy(c.digits[c.from:], text)
	return c
}

func (c *counter) text() []byte { return c.digits[c.from:] }

// increment adds 1. After the last index the result is undefined.
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
