package draw

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// Finding is a draw of a file that does not hold.
type Finding struct {
	Place   string // where it is in the file, for example line 3
	Problem string // what is wrong with it and what it should have been
}

// Report sums up the draws of a file.
type Report struct {
	Draws   uint64 // how many there are
	Held    uint64 // how many hold
	First   uint64 // the index of the first one
	Last    uint64 // the index of the last one
	InOrder bool   // whether every index between them is there once, in order
}

// Verify reads draws as [JSON] or [NDJSON] wrote them, makes each anew with the
// generator, and tells found of each that does not come out the same. rules finds
// the rules that a draw names. count, which may be nil, is told of draws read.
//
// Its error is about the reading, not about draws that do not hold; it wraps
// [ErrNotDraws] where the file is of another kind or truncated.
func Verify(ctx context.Context, g Generator, file io.Reader, rules func(name string) (*prize.Rules, error), count func(draws uint64), found func(Finding)) (Report, error) {
	source, err := newReader(file)
	if err != nil {
		return Report{}, err
	}
	v := &verifier{g: g, rules: rules, found: found}
	v.report.InOrder = true
	for {
		raw, err := source.next()
		if err == nil && count != nil {
			count(1)
		}
		if errors.Is(err, io.EOF) {
			return v.report, v.flush(ctx)
		}
		if err != nil {
			return v.report, errors.Join(v.flush(ctx), err)
		}
		d, err := decode(raw)
		if err != nil {
			if err := v.flush(ctx); err != nil {
				return v.report, err
			}
			v.report.Draws++
			found(Finding{source.place(), err.Error()})
			continue
		}
		if err := v.add(ctx, d, source.place()); err != nil {
			return v.report, err
		}
	}
}

// verifier gathers draws that can be made in one call.
type verifier struct {
	g       Generator
	rules   func(name string) (*prize.Rules, error)
	found   func(Finding)
	report  Report
	pending []Draw
	places  []string
	batch   Batch
	spec    Spec
}

// add counts a draw and puts it with those that it follows.
func (v *verifier) add(ctx context.Context, d Draw, place string) error {
	if v.report.Draws == 0 {
		v.report.First = d.Index
	} else if d.Index != v.report.Last+1 {
		v.report.InOrder = false
	}
	v.report.Draws++
	v.report.Last = d.Index
	if n := len(v.pending); n > 0 && (n == BatchSize || !follows(v.pending[n-1], d)) {
		if err := v.flush(ctx); err != nil {
			return err
		}
	}
	v.pending, v.places = append(v.pending, d), append(v.places, place)
	return nil
}

// follows says whether b is the next draw of the run that a is of.
func follows(a, b Draw) bool {
	return b.Index == a.Index+1 && b.Index > a.Index && b.Seed == a.Seed &&
		b.TextFormat == a.TextFormat && b.NumberFormat == a.NumberFormat &&
		b.Rules == a.Rules && b.RulesSHA256 == a.RulesSHA256 && given(a) == given(b)
}

// given says whether the account number of a draw was given and not generated.
func given(d Draw) bool {
	return d.TextFormat == "" && d.NumberFormat == "" && d.Text == "" && d.Number == ""
}

// flush makes the gathered draws anew and compares.
func (v *verifier) flush(ctx context.Context) error {
	if len(v.pending) == 0 {
		return nil
	}
	defer func() { v.pending, v.places = v.pending[:0], v.places[:0] }()
	if problem := v.prepare(v.pending[0]); problem != nil {
		for _, place := range v.places {
			v.found(Finding{place, problem.Error()})
		}
		return nil
	}
	b := &v.batch
	b.spec, b.Start, b.count = &v.spec, v.pending[0].Index, uint64(len(v.pending))
	if v.spec.Accounts != nil {
		if err := v.spec.Accounts(&b.Accounts); err != nil {
			return err
		}
	}
	if err := newRun(v.g, v.spec, nil, nil).make(ctx, b); err != nil {
		return err
	}
	for i, d := range v.pending {
		if problem := difference(d, b.Draw(i)); problem != "" {
			v.found(Finding{v.places[i], problem})
		} else {
			v.report.Held++
		}
	}
	return nil
}

// prepare finds out how the gathered draws, of which d is the first, are made.
func (v *verifier) prepare(d Draw) error {
	seed, err := entropy.ParseSeed(d.Seed)
	if err != nil {
		return err
	}
	rules, err := v.rules(d.Rules)
	if err != nil {
		return err
	}
	if rules.SHA256() != d.RulesSHA256 {
		return fmt.Errorf("rules_sha256 is %q, the rules %s at hand have %s", d.RulesSHA256, rules.Name, rules.SHA256())
	}
	v.spec = Spec{Seed: seed, Rules: rules}
	if given(d) {
		v.spec.Accounts = func(list *prize.Accounts) error {
			list.Reset()
			for _, d := range v.pending {
				list.Append(d.Whole)
			}
			return nil
		}
		return nil
	}
	if v.spec.Text, err = textgen.Parse(d.TextFormat); err != nil {
		return err
	}
	v.spec.Number, err = numgen.Parse(d.NumberFormat)
	return err
}

// difference tells what of a draw is not as it should be, and is empty where all
// is.
func difference(is, should Draw) string {
	var problems []string
	compare := func(what, is, should string) {
		if is != should {
			problems = append(problems, fmt.Sprintf("%s is %s, should be %s", what, is, should))
		}
	}
	quoted := func(s string) string { return fmt.Sprintf("%q", s) }
	compare("account", quoted(is.Whole), quoted(should.Whole))
	compare("text", quoted(is.Text), quoted(should.Text))
	compare("number", quoted(is.Number), quoted(should.Number))
	compare("rule", ruleText(is.Rule), ruleText(should.Rule))
	compare("prize", prizeText(is.Prize), prizeText(should.Prize))
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
