package tui

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/prize"
)

// View implements screen.
func (b bulkScreen) View(width, height int) string {
	st := b.w.styles
	if b.run == nil {
		text := fmt.Sprintf("%s %s of seed %s,\nfrom index %s, with rules %s.\n\nThe draws will be compared with the exact odds. They are not stored in a campaign.",
			prize.Thousands(b.plan.count), show.Noun(b.plan.count, "draw"), shortSeed(b.settings.Seed), prize.Thousands(b.plan.start), b.settings.Terms().Rules.Name)
		text = st.title.Render("Draw many") + "\n\n" + text + "\n\n" +
			st.key.Render("enter") + " starts  " + st.key.Render("m") + " changes the count"
		return centre(lipgloss.NewStyle().Width(min(width-2, 60)).Render(text), width, height)
	}
	if b.failed() && b.drawn() == 0 {
		text := st.warn.Render("✗ "+b.w.explain(b.err)) + "\n\n" + st.key.Render("enter") + " tries again\n" +
			st.key.Render("m") + " changes the count and the file\n" + st.key.Render("b") + " changes the backend"
		return b.head(width) + "\n" + centre(lipgloss.NewStyle().Width(min(width-2, 60)).Render(text), width, height-1)
	}
	lines := []string{b.head(width), b.progress(width)}
	if height >= bulkRoomy {
		lines = append(lines, "")
	}
	lines = append(lines, b.histogram(width)...)
	if height >= bulkRoomy {
		lines = append(lines, "")
	}
	return crop(strings.Join(append(lines, b.verdict(width)...), "\n"), width, height)
}

// head returns the description of the run.
func (b bulkScreen) head(width int) string {
	st, r := b.w.styles, b.run
	text := fmt.Sprintf("%s %s", prize.Thousands(r.count), show.Noun(r.count, "draw"))
	more := fmt.Sprintf(" of seed %s from index %s with rules %s", shortSeed(r.spec.Seed), prize.Thousands(r.start), r.terms.Rules.Name)
	if r.path != "" {
		more = " to " + r.path + more
	}
	return truncate(st.title.Render(text)+st.faint.Render(more), width)
}

// failed reports whether the run was ended by an error rather than by the user.
func (b bulkScreen) failed() bool { return b.err != nil && !errors.Is(b.err, context.Canceled) }

// drawn returns the number of draws so far.
func (b bulkScreen) drawn() uint64 { return total(b.counts) }

// total returns the sum of counts.
func total(counts []uint64) uint64 {
	var n uint64
	for _, count := range counts {
		n += count
	}
	return n
}

// progress renders the progress and the rate of the run.
func (b bulkScreen) progress(width int) string {
	st := b.w.styles
	done, total := b.drawn(), b.run.count
	rate := 0.0
	if b.elapsed > 0 {
		rate = float64(done) / b.elapsed.Seconds()
	}
	text := fmt.Sprintf("%s  %s/s", prize.Thousands(done), prize.Thousands(uint64(rate)))
	switch {
	case b.state == bulkStopping:
		text += "  stopping"
	case b.failed():
		text += "  failed after " + seconds(b.elapsed)
	case b.state == bulkEnded && b.err != nil:
		text += "  stopped after " + seconds(b.elapsed)
	case b.state == bulkEnded:
		text += "  in " + seconds(b.elapsed)
	case rate > 0:
		text += "  " + seconds(time.Duration(float64(total-done)/rate*float64(time.Second))) + " left"
	}
	fraction := float64(done) / float64(total)
	text = fmt.Sprintf("%3.0f%%  %s", math.Floor(100*fraction), text)
	if room := min(width-lipgloss.Width(text)-2, 40); room >= 8 {
		bar := show.Bar(fraction, room)
		text = st.bar.Render(bar) + st.faint.Render(strings.Repeat("░", room-lipgloss.Width(bar))) + "  " + text
	}
	return truncate(text, width)
}

// seconds formats a duration.
func seconds(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// histogram renders the observed and the expected number of draws with each outcome.
func (b bulkScreen) histogram(width int) []string {
	st := b.w.styles
	if b.odds == nil {
		return []string{st.faint.Render("computing the exact odds…")}
	}
	rows := b.rows()
	names, count := 12, len("expected")
	most := new(big.Rat)
	for _, row := range rows {
		names = max(names, lipgloss.Width(outcomeName(row)))
		count = max(count, len(prize.Thousands(b.counts[row.Outcome])))
		if row.Probability.Cmp(most) > 0 {
			most = row.Probability
		}
	}
	names = min(names, max(width-2*(count+2), 8), 40)
	room := width - names - 2*(count+2) - 2
	part := ""
	if shown := b.pageHeight(); shown < len(rows) {
		part = fmt.Sprintf("%d–%d of %d", b.from+1, min(b.from+shown, len(rows)), len(rows))
	}
	lines := []string{st.title.Render(truncate(show.Pad(part, names)+"  "+padLeft("drawn", count)+"  "+padLeft("expected", count), width))}
	for _, row := range rows[min(b.from, len(rows)):min(b.from+b.pageHeight(), len(rows))] {
		name := st.prize(row.Prize != nil)
		expected := expectedCount(row.Probability, b.drawn())
		line := name.Render(show.Pad(truncate(outcomeName(row), names), names)) + "  " +
			padLeft(prize.Thousands(b.counts[row.Outcome]), count) + "  " + st.faint.Render(padLeft(formatExpected(expected), count))
		if room >= 8 {
			line += "  " + b.rowBar(row, most, room)
		}
		lines = append(lines, line)
	}
	return lines
}

// rowBar renders the observed number of an outcome as a bar, with a mark at the expected
// number.
func (b bulkScreen) rowBar(row prize.Row, most *big.Rat, width int) string {
	st := b.w.styles
	share := 0.0
	if drawn := b.drawn(); drawn > 0 {
		share = float64(b.counts[row.Outcome]) / float64(drawn)
	}
	scale, _ := most.Float64()
	expected, _ := row.Probability.Float64()
	// The bars have room for 10% more than the expected number of the likeliest outcome.
	scale *= 1.1
	bar := []rune(show.Pad(show.Bar(share/scale, width), width))
	mark := min(int(math.Round(expected/scale*float64(width))), width-1)
	return st.bar.Render(string(bar[:mark])) + st.mark.Render("┃") + st.bar.Render(string(bar[min(mark+1, len(bar)):min(len(bar), width)]))
}

// expectedCount returns the expected number of draws in n that have an outcome with
// probability p.
func expectedCount(p *big.Rat, n uint64) float64 {
	count, _ := new(big.Rat).Mul(p, new(big.Rat).SetInt(new(big.Int).SetUint64(n))).Float64()
	return count
}

// formatExpected formats an expected number. Numbers below 1000 get a decimal place.
func formatExpected(n float64) string {
	if n < 1000 {
		return fmt.Sprintf("%.1f", n)
	}
	return prize.Thousands(uint64(math.Round(n)))
}

// outcomeName returns the names of the prize and the rule for an outcome.
func outcomeName(row prize.Row) string {
	won := "no prize"
	if row.Prize != nil {
		won = row.Prize.Name
	}
	if row.Rule == nil {
		return "no rule"
	}
	return won + " · " + row.Rule.Name
}

// verdict renders two lines that compare a finished run with the odds.
func (b bulkScreen) verdict(width int) []string {
	st := b.w.styles
	first, second := "", ""
	switch {
	case b.failed():
		return strings.Split(crop(st.warn.Width(width).Render("✗ "+b.w.explain(b.err)), width, 2), "\n")
	case b.sample != nil && b.sample.Degrees == 0:
		first = "Too few draws for a chi-square test."
	case b.sample != nil && width < 60:
		first = fmt.Sprintf("chi² %.2f, %d degrees, p = %.4f", b.sample.ChiSquare, b.sample.Degrees, b.sample.P)
		second = fmt.Sprintf("%.4g%% of fair runs deviate as much", 100*b.sample.P)
	case b.sample != nil:
		first = fmt.Sprintf("chi-square %.2f, %d degrees of freedom, p = %.4f", b.sample.ChiSquare, b.sample.Degrees, b.sample.P)
		second = fmt.Sprintf("Fair draws are at least this far from the odds in %.4g%% of runs.", 100*b.sample.P)
	}
	style := st.good
	if b.sample != nil && b.sample.Degrees > 0 && b.sample.P < 0.001 {
		style = st.warn
	}
	lines := []string{style.Render(truncate(first, width)), st.faint.Render(truncate(second, width))}
	if b.state != bulkEnded || b.run.path == "" {
		return lines
	}
	if b.err == nil {
		lines[1] = st.good.Render(truncate("✓ wrote "+b.run.path, width))
	} else {
		lines[1] = st.faint.Render(truncate("Stopped: "+b.run.path+" was not written", width))
	}
	return lines
}
