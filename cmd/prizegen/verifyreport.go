package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/prize"
)

// findingWriter writes each finding of a verification as soon as it is found.
type findingWriter struct {
	a       *app
	json    bool
	written int
	err     error // the first error of write
}

func (w *findingWriter) write(f draw.Finding) {
	if w.err != nil {
		return
	}
	var text []byte
	switch {
	case w.json:
		// Encoding strings and numbers never fails.
		object, _ := show.JSONLine(f, jsontext.EscapeForHTML(true))
		text = fmt.Appendf(nil, "%s\n    %s", [2]string{"{\n  \"findings\": [", ","}[min(w.written, 1)], object)
	case f.Draws > 1:
		text = fmt.Appendf(nil, "%s and %s more: %s\n", f.Place, prize.Thousands(f.Draws-1), f.Problem)
	default:
		text = fmt.Appendf(nil, "%s: %s\n", f.Place, f.Problem)
	}
	w.written++
	w.err = w.a.write(text)
}

// compare writes the differences from the published values. It returns an error if there
// are any.
func (w *findingWriter) compare(differences []draw.Finding) error {
	for _, f := range differences {
		w.write(f)
	}
	if len(differences) > 0 {
		return errors.New("the file differs from the published values")
	}
	return nil
}

// end writes the report as JSON, or a summary, after the findings.
func (w *findingWriter) end(report any, summary string) error {
	switch {
	case w.err != nil:
		return w.err
	case w.json:
		list := [2]string{"{\n  \"findings\": [],", "\n  ],"}[min(w.written, 1)]
		// Encoding strings and numbers never fails.
		text, _ := show.JSON(report, jsontext.EscapeForHTML(true))
		return w.a.write(fmt.Appendf(nil, "%s%s\n", list, text[1:]))
	}
	return w.a.write([]byte(summary))
}

// heldText returns the summary of a file in which every draw is correct.
func heldText(r draw.Report) string {
	first := r.Seeds.First[0].Indexes
	switch {
	case r.Draws == 1:
		return fmt.Sprintf("1 draw verified: index %d\n", first.Lowest)
	case r.Seeds.Count > 1:
		return prize.Thousands(r.Draws) + " draws verified\n"
	case first.Whole():
		return fmt.Sprintf("%s draws verified: every index from %d to %d\n", prize.Thousands(r.Draws), first.Lowest, first.Highest)
	}
	text := fmt.Sprintf("%s draws verified: indexes from %d to %d", prize.Thousands(r.Draws), first.Lowest, first.Highest)
	if first.Missing > 0 {
		text += ", " + prize.Thousands(first.Missing) + " missing"
	}
	if first.Repeated > 0 {
		text += ", " + prize.Thousands(first.Repeated) + " repeated"
	}
	return text + "\n"
}

// origins returns lines with the seeds, rules and account numbers of draws.
func origins(r draw.Report) string {
	var b strings.Builder
	switch {
	case r.Seeds.Count == 1:
		fmt.Fprintf(&b, "seed: %s\n", readable(r.Seeds.First[0].Name))
	case r.Seeds.Count > 1:
		fmt.Fprintf(&b, "seeds: %s\n", groupNames(r.Seeds))
	}
	switch {
	case r.Rules.Count == 1:
		fmt.Fprintf(&b, "rules: %s, sha256 %s\n", readable(r.Rules.First[0].Name), readable(r.Rules.First[0].SHA256))
	case r.Rules.Count > 1:
		fmt.Fprintf(&b, "rules: %s\n", groupNames(r.Rules))
	}
	var accounts []string
	switch {
	case r.Formats.Count == 1:
		only := r.Formats.First[0]
		accounts = append(accounts, fmt.Sprintf("%s generated as %s", prize.Thousands(only.Draws), readable(only.Name)))
	case r.Formats.Count > 1:
		accounts = append(accounts, "generated in "+groupNames(r.Formats))
	}
	if r.Given > 0 {
		accounts = append(accounts, prize.Thousands(r.Given)+" given")
	}
	if len(accounts) > 0 {
		fmt.Fprintf(&b, "account numbers: %s\n", strings.Join(accounts, "; "))
	}
	return b.String()
}

// groupNames returns text with the number of groups and the names of the first groups.
func groupNames(groups draw.Groups) string {
	const most = 3
	var names []string
	for _, g := range groups.First[:min(most, len(groups.First))] {
		names = append(names, readable(g.Name))
	}
	text := prize.Thousands(uint64(groups.Count)) + " different ones"
	if groups.Count == draw.MaxGroups {
		text += " or more"
	}
	if groups.Count > most {
		text += ", the first of them"
	}
	return text + ": " + strings.Join(names, ", ")
}

// readable returns an excerpt of a string from a file. It quotes the excerpt if it
// could be misread.
func readable(text string) string {
	text = excerpt.Of(text)
	isAmbiguous := func(r rune) bool { return !unicode.IsPrint(r) || r == '"' || r == ',' }
	if text == "" || strings.TrimSpace(text) != text || strings.ContainsFunc(text, isAmbiguous) {
		return strconv.Quote(text)
	}
	return text
}

// doubts returns what may be wrong with a file even if all of its draws are correct.
func doubts(r draw.Report) []string {
	var list []string
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if r.Seeds.Count > 1 {
		add("the file contains draws from several seeds; anyone who can choose the seed can choose the prize")
	}
	if r.Rules.Count > 1 {
		add("the file contains draws with different rules")
	}
	if r.Formats.Count > 1 {
		add("the file contains account numbers with different formats")
	}
	if r.Given > 0 {
		add("%s for given account numbers: the seed determines their prizes, but not which account numbers were given", show.Count(r.Given, "draw"))
	}
	for _, seed := range r.Seeds.First {
		if seed.Indexes == nil {
			continue
		}
		of := ""
		if r.Seeds.Count > 1 {
			of = " of seed " + readable(seed.Name)
		}
		list = append(list, indexDoubts(*seed.Indexes, of)...)
	}
	if more := r.Seeds.Count - len(r.Seeds.First); more > 0 {
		add("the indexes of %s were not checked", show.Count(uint64(more), "more seed"))
	}
	return list
}

// indexDoubts returns what may be wrong with the indexes of a single seed.
func indexDoubts(x draw.Indexes, of string) []string {
	var list []string
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if x.Missing > 0 {
		add("missing indexes%s between %d and %d: %s", of, x.Lowest, x.Highest, spans(x.FirstMissing, x.Missing))
	}
	if x.Repeated > 0 {
		add("repeated indexes%s: %s", of, spans(x.FirstRepeated, x.Repeated))
	}
	switch {
	case x.Uncounted:
		add("the indexes%s from %d to %d are too disordered to find missing and repeated indexes; sort the file by index first", of, x.Lowest, x.Highest)
	case !x.Ascending:
		add("the indexes%s are not in ascending order", of)
	}
	return list
}

// spans formats the first of count indexes as text.
func spans(first []draw.Span, count uint64) string {
	var texts []string
	listed := uint64(0)
	for _, s := range first {
		text := strconv.FormatUint(s.From, 10)
		if s.To > s.From {
			text += "-" + strconv.FormatUint(s.To, 10)
		}
		texts = append(texts, text)
		listed += s.To - s.From + 1
	}
	text := strings.Join(texts, ", ")
	if listed < count {
		text += fmt.Sprintf(", … (%s in total)", prize.Thousands(count))
	}
	return text
}

// campaignHolds returns the lines for the export of a campaign that passed verification.
func campaignHolds(r *campaign.Report) string {
	c := r.Campaign
	text := fmt.Sprintf("Campaign %s verified: %s", c.Name, show.Count(r.Draws, "draw"))
	if r.Skipped > 0 {
		text += fmt.Sprintf(" and %s", show.Count(r.Skipped, "skipped index"))
	}
	text += fmt.Sprintf(" with rules %s (%s) and formats %s + %s.\n", c.Rules, c.RulesSHA256, c.TextFormat, c.NumberFormat)
	if r.SeedKnown {
		text += "Its seed matches the commitment: " + c.Commitment + "\n"
	}
	for _, s := range c.Prizes {
		if s.Stock != nil {
			text += fmt.Sprintf("%s: %d of %d awarded\n", s.Name, s.Awarded, *s.Stock)
		}
	}
	return text
}
