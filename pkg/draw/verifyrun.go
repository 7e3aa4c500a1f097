package draw

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// origin is what draws of one run have in common.
type origin struct {
	seed, textFormat, numberFormat string
	rules, sha256                  string
	given                          bool   // whether the account numbers were given and not generated
	proof                          string // of where the seed comes from
}

func originOf(d *Draw) origin {
	return origin{d.Seed, d.TextFormat, d.NumberFormat, d.Rules, d.RulesSHA256, given(d), string(d.Entropy)}
}

// given says whether the account number of a draw was given and not generated.
func given(d *Draw) bool {
	return d.TextFormat == "" && d.NumberFormat == "" && d.Text == "" && d.Number == ""
}

// verified is some consecutive draws of one origin, which hold or not.
type verified struct {
	origin
	start, count uint64
}

// member is a draw of the run that is gathered.
type member struct {
	record
	account string // where it was given
	draw    *Draw  // nil where it was not decoded, since it looks as expected
}

// checker checks pieces. It gathers draws that follow each other, makes them
// anew in one call, writes them as [NDJSON] does and compares the texts. Only
// draws whose text is another are decoded, to find out what is different.
type checker struct {
	*verification
	piece   *piece
	origin  origin
	start   uint64 // the index of the first draw gathered
	members []member

	next counter // the index of the draw that would follow
	head []byte  // what it would begin with
	tail []byte  // what it would end with, from its seed on

	batch    Batch
	spec     Spec
	encoded  origin // what the encoding is for
	encoding *Encoding
}

// check checks the draws of a piece. Its error is that of the generator.
func (c *checker) check(ctx context.Context, p *piece) error {
	c.piece = p
	for _, r := range p.records {
		if account, ok := c.expected(r.text); ok {
			c.gather(member{r, account, nil})
			continue
		}
		d, err := decode(r.text)
		if err != nil {
			if err := c.flush(ctx); err != nil {
				return err
			}
			c.wrong(r, err.Error())
			continue
		}
		if !c.follows(&d) {
			if err := c.flush(ctx); err != nil {
				return err
			}
			c.begin(&d)
		}
		c.gather(member{r, d.Whole, &d})
	}
	return c.flush(ctx)
}

func (c *checker) wrong(r record, problem string) {
	c.piece.findings = append(c.piece.findings, Finding{c.source.place(r.number), problem, 1})
}

// more says whether another draw can be gathered.
func (c *checker) more() bool {
	n := uint64(len(c.members))
	return n > 0 && n < BatchSize && c.start+n > c.start // there is no index behind the last one
}

// expected says whether the text of a draw looks like the next one of the run, as
// far as that can be told without making it: all but its account number, rule and
// prize are as they must be. It gives the account number where those of the run
// are given.
func (c *checker) expected(text []byte) (account string, ok bool) {
	if !c.more() || !bytes.HasSuffix(text, c.tail) || !bytes.HasPrefix(text, c.head) {
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

// follows says whether a draw is the next one of the run.
func (c *checker) follows(d *Draw) bool {
	return c.more() && d.Index == c.start+uint64(len(c.members)) && originOf(d) == c.origin
}

// begin begins a run with a draw.
func (c *checker) begin(d *Draw) {
	c.start, c.origin = d.Index, originOf(d)
	c.next = newCounter(d.Index)
	text := marshal(d)
	// A name can't have this in it: its quotes would be escaped.
	c.tail = text[bytes.Index(text, []byte(`,"seed":"`)):]
}

func (c *checker) gather(m member) {
	c.members = append(c.members, m)
	c.next.increment()
	c.head = append(append(append(c.head[:0], `{"index":`...), c.next.text()...), `,"account":"`...)
}

// flush makes the gathered draws anew and compares.
func (c *checker) flush(ctx context.Context) error {
	n := uint64(len(c.members))
	if n == 0 {
		return nil
	}
	defer func() { c.members = c.members[:0] }()
	c.piece.runs = append(c.piece.runs, verified{c.origin, c.start, n})
	if problem := c.prepare(); problem != nil {
		c.piece.shared = append(c.piece.shared, Finding{c.source.place(c.members[0].number), problem.Error(), n})
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

// prepare finds out how the gathered draws are made.
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
		return fmt.Errorf("rules_sha256 is %q, the rules %s at hand have %s", clip(c.origin.sha256), rules.Name, rules.SHA256())
	}
	c.spec = Spec{Seed: seed, Rules: rules}
	if c.origin.proof != "" {
		c.spec.Proof = jsontext.Value(c.origin.proof)
		if err := c.proved(c.origin.seed, c.origin.proof); err != nil {
			return err
		}
	}
	if c.origin.given {
		c.spec.Accounts = func(list *prize.Accounts) error {
			list.Reset()
			for i := range c.members {
				list.Append(c.members[i].account)
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

// compare holds the gathered draws against what they should be.
func (c *checker) compare() {
	b := &c.batch
	b.Out = b.Out[:0]
	if c.encodes(len(c.members)) {
		b.Out = c.encoding.Append(b.Out, b)
	}
	should := b.Out
	for i, m := range c.members {
		var line []byte
		line, should, _ = bytes.Cut(should, []byte("\n"))
		if bytes.Equal(line, m.text) {
			c.piece.held++
			continue
		}
		if m.draw == nil {
			d, err := decode(m.text)
			if err != nil {
				c.wrong(m.record, err.Error())
				continue
			}
			m.draw = &d
		}
		if problem := difference(m.draw, b.Draw(i)); problem != "" {
			c.wrong(m.record, problem)
		} else {
			c.piece.held++
		}
	}
}

// encodes sees to it that there is an encoding for the run, where making one is
// less work than decoding n draws.
func (c *checker) encodes(n int) bool {
	if c.encoding != nil && c.encoded == c.origin {
		return true
	}
	if c.spec.Rules.Outcomes() > 4*n {
		return false
	}
	c.encoding, c.encoded = NDJSON(&c.spec), c.origin
	return true
}

// difference tells what of a draw is not as it should be, and is empty where all
// is.
func difference(is *Draw, should Draw) string {
	var problems []string
	compare := func(what, is, should string) {
		if is != should {
			problems = append(problems, fmt.Sprintf("%s is %s, should be %s", what, is, should))
		}
	}
	quoted := func(s string) string { return fmt.Sprintf("%q", clip(s)) }
	compare("account", quoted(is.Whole), quoted(should.Whole))
	compare("text", quoted(is.Text), quoted(should.Text))
	compare("number", quoted(is.Number), quoted(should.Number))
	compare("rule", ruleText(is.Rule), ruleText(should.Rule))
	compare("prize", prizeText(is.Prize), prizeText(should.Prize))
	if is.Index != should.Index || originOf(is) != originOf(&should) {
		problems = append(problems, "index, seed, formats or rules are not those of the draws around it")
	}
	if len(problems) == 0 {
		return ""
	}
	return fmt.Sprintf("index %d: %s", is.Index, strings.Join(problems, "; "))
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
