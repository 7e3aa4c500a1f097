package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
)

// findingWriter writes what a verification finds, as it is found.
type findingWriter struct {
	a       *app
	json    bool
	written int
	err     error // the first one
}

func (w *findingWriter) write(f draw.Finding) {
	if w.err != nil {
		return
	}
	var text []byte
	switch {
	case w.json:
		// Texts and numbers always encode.
		object, _ := json.Marshal(f)
		text = fmt.Appendf(nil, "%s\n    %s", [2]string{"{\n  \"findings\": [", ","}[min(w.written, 1)], object)
	case f.Draws > 1:
		text = fmt.Appendf(nil, "%s and %s more: %s\n", f.Place, prize.Thousands(f.Draws-1), f.Problem)
	default:
		text = fmt.Appendf(nil, "%s: %s\n", f.Place, f.Problem)
	}
	w.written++
	w.err = w.a.write(text)
}

// compare writes what differs from what was published. Its error says that something
// does.
func (w *findingWriter) compare(different []draw.Finding) error {
	for _, f := range different {
		w.write(f)
	}
	if len(different) > 0 {
		return errors.New("the file is not what was published")
	}
	return nil
}

// finish writes the report behind the findings. hold says that all draws hold.
func (w *findingWriter) finish(r draw.Report, hold bool) error {
	summary := origins(r)
	if hold {
		summary = held(r) + summary
	}
	return w.end(r, summary)
}

// end writes behind the findings: the report as JSON, or a summary for people.
func (w *findingWriter) end(report any, summary string) error {
	switch {
	case w.err != nil:
		return w.err
	case w.json:
		list := [2]string{"{\n  \"findings\": [],", "\n  ],"}[min(w.written, 1)]
		// Texts and numbers always encode.
		text, _ := json.MarshalIndent(report, "", "  ")
		return w.a.write(fmt.Appendf(nil, "%s%s\n", list, text[1:]))
	}
	return w.a.write([]byte(summary))
}

// held says that all draws hold.
func held(r draw.Report) string {
	first := r.Seeds.First[0].Indexes
	switch {
	case r.Draws == 1:
		return fmt.Sprintf("1 draw holds: index %d\n", first.Lowest)
	case r.Seeds.Count > 1:
		return prize.Thousands(r.Draws) + " draws hold\n"
	case first.Whole():
		return fmt.Sprintf("%s draws hold: every index from %d to %d\n", prize.Thousands(r.Draws), first.Lowest, first.Highest)
	}
	text := fmt.Sprintf("%s draws hold: indexes from %d to %d", prize.Thousands(r.Draws), first.Lowest, first.Highest)
	if first.Missing > 0 {
		text += ", " + prize.Thousands(first.Missing) + " missing"
	}
	if first.Repeated > 0 {
		text += ", " + prize.Thousands(first.Repeated) + " repeated"
	}
	return text + "\n"
}

func doDoes(draws uint64) string {
	if draws == 1 {
		return "1 draw does"
	}
	return prize.Thousands(draws) + " draws do"
}

// origins tells, a line each, which seed, rules and account numbers draws have.
func origins(r draw.Report) string {
	var b strings.Builder
	switch {
	case r.Seeds.Count == 1:
		fmt.Fprintf(&b, "seed: %s\n", readable(r.Seeds.First[0].Name))
	case r.Seeds.Count > 1:
		fmt.Fprintf(&b, "seeds: %s\n", named(r.Seeds))
	}
	switch {
	case r.Rules.Count == 1:
		fmt.Fprintf(&b, "rules: %s, sha256 %s\n", readable(r.Rules.First[0].Name), readable(r.Rules.First[0].SHA256))
	case r.Rules.Count > 1:
		fmt.Fprintf(&b, "rules: %s\n", named(r.Rules))
	}
	var accounts []string
	switch {
	case r.Formats.Count == 1:
		only := r.Formats.First[0]
		accounts = append(accounts, fmt.Sprintf("%s generated as %s", prize.Thousands(only.Draws), readable(only.Name)))
	case r.Formats.Count > 1:
		accounts = append(accounts, "generated in "+named(r.Formats))
	}
	if r.Given > 0 {
		accounts = append(accounts, prize.Thousands(r.Given)+" given")
	}
	if len(accounts) > 0 {
		fmt.Fprintf(&b, "account numbers: %s\n", strings.Join(accounts, "; "))
	}
	return b.String()
}

// named tells how many groups there are, and which the first few are.
func named(groups draw.Groups) string {
	const few = 3
	var names []string
	for _, g := range groups.First[:min(few, len(groups.First))] {
		names = append(names, readable(g.Name))
	}
	text := prize.Thousands(uint64(groups.Count)) + " different ones"
	if groups.Count == draw.MaxGroups {
		text += " or more"
	}
	if groups.Count > few {
		text += ", the first of them"
	}
	return text + ": " + strings.Join(names, ", ")
}

// readable is a text from a file, in quotes where it could be misread, and cut
// where it is long.
func readable(text string) string {
	text = clip(text)
	isDoubtful := func(r rune) bool { return !unicode.IsPrint(r) || r == '"' || r == ',' }
	if text == "" || strings.TrimSpace(text) != text || strings.ContainsFunc(text, isDoubtful) {
		return strconv.Quote(text)
	}
	return text
}

// doubts notes what may be wrong with a file though each of its draws holds.
func (a *app) doubts(r draw.Report) {
	if r.Seeds.Count > 1 {
		a.note("note: this file mixes draws of several seeds; who may choose among seeds may choose among prizes")
	}
	if r.Rules.Count > 1 {
		a.note("note: this file mixes draws by several rules")
	}
	if r.Formats.Count > 1 {
		a.note("note: this file mixes account numbers of several formats")
	}
	if r.Given > 0 {
		a.note("note: the seed decides what a given account number wins, but not which account number was given: of %s", show.Count(r.Given, "draw"))
	}
	for _, seed := range r.Seeds.First {
		if seed.Indexes != nil {
			a.indexDoubts(seed, r.Seeds.Count > 1)
		}
	}
	if more := r.Seeds.Count - len(r.Seeds.First); more > 0 {
		a.note("note: the indexes of %s were not looked at", show.Count(uint64(more), "more seed"))
	}
}

// indexDoubts notes what is odd about the indexes of a seed's draws.
func (a *app) indexDoubts(seed draw.Group, several bool) {
	of := ""
	if several {
		of = " of seed " + readable(seed.Name)
	}
	x := seed.Indexes
	if x.Missing > 0 {
		a.note("note: indexes%s missing between %d and %d: %s", of, x.Lowest, x.Highest, spans(x.FirstMissing, x.Missing))
	}
	if x.Repeated > 0 {
		a.note("note: indexes%s that several draws have: %s", of, spans(x.FirstRepeated, x.Repeated))
	}
	switch {
	case x.Uncounted:
		a.note("note: the indexes%s from %d to %d are in too much disorder to tell which are missing or repeated; sort the file by index first", of, x.Lowest, x.Highest)
	case !x.Ascending:
		a.note("note: the indexes%s are not in ascending order", of)
	}
}

// spans writes the first few of some indexes, of which there are count.
func spans(first []draw.Span, count uint64) string {
	var texts []string
	told := uint64(0)
	for _, s := range first {
		text := strconv.FormatUint(s.From, 10)
		if s.To > s.From {
			text += "-" + strconv.FormatUint(s.To, 10)
		}
		texts = append(texts, text)
		told += s.To - s.From + 1
	}
	text := strings.Join(texts, ", ")
	if told < count {
		text += fmt.Sprintf(", … (%s in all)", prize.Thousands(count))
	}
	return text
}
