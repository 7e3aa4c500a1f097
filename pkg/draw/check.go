package draw

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// origin contains the values that all draws of a run share.
type origin struct {
	seed, textFormat, numberFormat string
	rules, sha256                  string
	given                          bool // whether the account numbers were given rather than generated
	proof                          string
}

func originOf(d *Draw) origin {
	return origin{d.Seed, d.TextFormat, d.NumberFormat, d.Rules, d.RulesSHA256, given(d), string(d.Entropy)}
}

// given reports whether the account number of a draw was given rather than generated.
func given(d *Draw) bool {
	return d.TextFormat == "" && d.NumberFormat == "" && d.Text == "" && d.Number == ""
}

// checkedRun describes draws that have been checked. They have one origin and consecutive
// indexes.
type checkedRun struct {
	origin
	start, count uint64
}

// candidate is a draw of the current run that has not been compared yet.
type candidate struct {
	record
	account string // the account number, if it was given
	draw    *Draw  // nil if looksRight made decoding unnecessary
}

// checker checks pieces. It collects consecutive draws of one origin, recomputes them in
// one call, encodes them as [NDJSON] does and compares the result with the input. It
// decodes a draw only if the two differ. In BenchmarkVerify/NDJSON, this is many times
// faster than decoding every draw.
type checker struct {
	*verification
	piece      *piece
	origin     origin
	start      uint64 // index of the first candidate
	candidates []candidate

	next counter // index of the next candidate
	head []byte  // expected start of its JSON
	tail []byte  // expected end of its JSON, starting with the seed

	batch    Batch
	spec     Spec
	encoded  origin // origin for which encoding was prepared
	encoding *Encoding
}

// check checks the draws of a piece. An error comes from the generator or the context.
func (c *checker) check(ctx context.Context, p *piece) error {
	c.piece = p
	for _, r := range p.records {
		if account, ok := c.looksRight(r.text); ok {
			c.add(candidate{r, account, nil})
			continue
		}
		d, err := decode(r.text)
		if err != nil {
			if err := c.flush(ctx); err != nil {
				return err
			}
			c.report(r, err.Error())
			continue
		}
		if !c.follows(&d) {
			if err := c.flush(ctx); err != nil {
				return err
			}
			c.begin(&d)
		}
		c.add(candidate{r, d.Whole, &d})
	}
	return c.flush(ctx)
}

func (c *checker) report(r record, problem string) {
	c.piece.findings = append(c.piece.findings, Finding{c.source.place(r.number), problem, 1})
}

// hasNext reports whether the run can have another candidate.
func (c *checker) hasNext() bool {
	n := uint64(len(c.candidates))
	return n > 0 && n < BatchSize && c.start+n > c.start // indexes end at 2^64-1
}

// looksRight reports whether text looks like the JSON of the next draw of the run. It does
// not check the account number, the rule and the prize. If the account numbers of the run
// were given, it returns the account number.
func (c *checker) looksRight(text []byte) (account string, ok bool) {
	if !c.hasNext() || !bytes.HasSuffix(text, c.tail) || !bytes.HasPrefix(text, c.head) {
		return "", false
	}
	if !c.origin.given {
		return "", true
	}
	text = text[len(c.head):]
	end := bytes.IndexByte(text, '"')
	if end < 0 || bytes.IndexByte(text[:end], '\\') >= 0 {
		return "", false
	}
	account = string(text[:end])
	return account, prize.CheckAccount(account) == nil
}

// follows reports whether a draw continues the run.
func (c *checker) follows(d *Draw) bool {
	return c.hasNext() && d.Index == c.start+uint64(len(c.candidates)) && originOf(d) == c.origin
}

// begin begins a run whose first draw is d. The caller adds d.
func (c *checker) begin(d *Draw) {
	c.start, c.origin = d.Index, originOf(d)
	c.next = newCounter(d.Index)
	text := marshal(d)
	// Quotes inside strings are escaped, so the first match is the key.
	c.tail = text[bytes.Index(text, []byte(`,"seed":"`)):]
}

// add adds a candidate to the run.
func (c *checker) add(next candidate) {
	c.candidates = append(c.candidates, next)
	c.next.increment()
	c.head = append(append(append(c.head[:0], `{"index":`...), c.next.text()...), `,"account":"`...)
}

// flush recomputes the candidates, compares them and ends the run.
func (c *checker) flush(ctx context.Context) error {
	n := uint64(len(c.candidates))
	if n == 0 {
		return nil
	}
	defer func() { c.candidates = c.candidates[:0] }()
	c.piece.runs = append(c.piece.runs, checkedRun{c.origin, c.start, n})
	if err := c.prepare(); err != nil {
		c.piece.shared = append(c.piece.shared, Finding{c.source.place(c.candidates[0].number), err.Error(), n})
		return nil
	}
	b := &c.batch
	b.spec, b.Start, b.count = &c.spec, c.start, n
	if c.spec.Accounts != nil {
		if err := c.spec.Accounts(&b.Accounts); err != nil {
			return err
		}
	}
	if err := newRun(c.g, c.spec, nil, nil).make(ctx, b); err != nil {
		return err
	}
	c.compare()
	return nil
}

// prepare sets c.spec for the candidates. Its errors are findings.
func (c *checker) prepare() error {
	seed, err := entropy.ParseSeed(c.origin.seed)
	if err != nil {
		return err
	}
	rules, err := c.rulesNamed(c.origin.rules)
	if err != nil {
		return err
	}
	if rules.SHA256() != c.origin.sha256 {
		return fmt.Errorf("rules_sha256 is %q, but rules %s have SHA-256 %s", excerpt.Of(c.origin.sha256), rules.Name, rules.SHA256())
	}
	c.spec = Spec{Seed: seed, Rules: rules}
	if c.origin.proof != "" {
		c.spec.Proof = jsontext.Value(c.origin.proof)
		if err := c.checkProof(c.origin.seed, c.origin.proof); err != nil {
			return err
		}
	}
	if c.origin.given {
		c.spec.Accounts = func(list *prize.Accounts) error {
			list.Reset()
			for i := range c.candidates {
				list.Append(c.candidates[i].account)
			}
			return nil
		}
		return nil
	}
	if c.spec.Text, err = textgen.Parse(c.origin.textFormat); err != nil {
		return err
	}
	c.spec.Number, err = numgen.Parse(c.origin.numberFormat)
	return err
}

// compare compares the candidates with the draws in c.batch.
func (c *checker) compare() {
	b := &c.batch
	b.Out = b.Out[:0]
	if c.prepareEncoding(len(c.candidates)) {
		b.Out = c.encoding.Append(b.Out, b)
	}
	rest := b.Out
	for i, got := range c.candidates {
		var want []byte
		want, rest, _ = bytes.Cut(rest, []byte("\n"))
		if bytes.Equal(got.text, want) {
			c.piece.held++
			continue
		}
		if got.draw == nil {
			d, err := decode(got.text)
			if err != nil {
				c.report(got.record, err.Error())
				continue
			}
			got.draw = &d
		}
		if problem := difference(got.draw, b.Draw(i)); problem != "" {
			c.report(got.record, problem)
		} else {
			c.piece.held++
		}
	}
}

// prepareEncoding prepares the encoding of the run, unless that would take longer than
// decoding n draws. It reports whether the encoding is ready.
func (c *checker) prepareEncoding(n int) bool {
	if c.encoding != nil && c.encoded == c.origin {
		return true
	}
	if c.spec.Rules.Outcomes() > 4*n {
		return false
	}
	c.encoding, c.encoded = NDJSON(&c.spec), c.origin
	return true
}

// difference describes how a draw differs from the expected one. It returns "" if they
// are equal.
func difference(got *Draw, want Draw) string {
	var problems []string
	compare := func(what, got, want string) {
		if got != want {
			problems = append(problems, fmt.Sprintf("%s is %s but should be %s", what, got, want))
		}
	}
	quoted := func(s string) string { return fmt.Sprintf("%q", excerpt.Of(s)) }
	compare("account", quoted(got.Whole), quoted(want.Whole))
	compare("text", quoted(got.Text), quoted(want.Text))
	compare("number", quoted(got.Number), quoted(want.Number))
	compare("rule", ruleText(got.Rule), ruleText(want.Rule))
	compare("prize", prizeText(got.Prize), prizeText(want.Prize))
	if got.Index != want.Index || originOf(got) != originOf(&want) {
		problems = append(problems, "its index, seed, formats or rules differ from those of the adjacent draws")
	}
	if len(problems) == 0 {
		return ""
	}
	return fmt.Sprintf("index %d: %s", got.Index, strings.Join(problems, "; "))
}

func ruleText(rule *string) string {
	if rule == nil {
		return "none"
	}
	return fmt.Sprintf("%q", *rule)
}

func prizeText(p *Prize) string {
	if p == nil {
		return "none"
	}
	return fmt.Sprintf("%q (value %d, %s)", p.Name, p.Value, p.Currency)
}
