package tui

import (
	"fmt"
	"math/big"
	"path/filepath"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/prize"
)

// rulesHead is the number of lines above the list of rules: the title and the column
// headings.
const rulesHead = 2

// sideBySide is the minimum width to show a rule beside the list rather than below it.
const sideBySide = 72

// listSize returns the size of the rows of the list.
func (r rulesScreen) listSize(width, height int) sizeMsg {
	rules := len(r.settings.Terms().Rules.List)
	if width >= sideBySide {
		return sizeMsg{width * 9 / 20, max(height-rulesHead, 1)}
	}
	return sizeMsg{width, max(min(rules, (height-rulesHead)/3), 1)}
}

// page returns the number of lines of a page.
func (r rulesScreen) page() int {
	if r.source || r.invalid() != nil {
		return max(r.size.height-1, 1)
	}
	return r.listSize(r.size.width, r.size.height).height
}

// View implements screen.
func (r rulesScreen) View(width, height int) string {
	st := r.w.styles
	if r.settings.termsUnknown() && r.invalid() == nil {
		return centre(st.faint.Render("asking "+r.settings.Backend.Name+" for its rules and formats…"), width, height)
	}
	title := truncate(r.title(), width)
	if r.source || r.invalid() != nil {
		r.size = sizeMsg{width, height}
		r = r.move(0)
		lines := r.text(width)
		return crop(title+"\n"+strings.Join(lines[r.from:], "\n"), width, height)
	}
	size := r.listSize(width, height)
	list := r.list(size)
	if width >= sideBySide {
		detail := r.detail(width-size.width-3, height-1)
		divider := strings.TrimSuffix(strings.Repeat(st.faint.Render("│")+"\n", height-1), "\n")
		return title + "\n" + lipgloss.JoinHorizontal(lipgloss.Top, fill(list, size.width, height-1), " ", divider, " ", detail)
	}
	left := height - 1 - lipgloss.Height(list)
	return crop(title+"\n"+list+"\n"+r.detail(width, left), width, height)
}

// title describes the rules that are shown.
func (r rulesScreen) title() string {
	st, rules := r.w.styles, r.settings.Terms().Rules
	if r.invalid() != nil {
		return st.warn.Render(r.invalid().ref) + st.faint.Render(" can't be used; in use: ") + st.title.Render(rules.Name) + st.faint.Render(" (y)")
	}
	broken := ""
	if r.current && r.settings.invalid != nil && r.settings.Campaign == nil {
		broken = st.warn.Render("✗ "+filepath.Base(r.settings.invalid.ref)+" can't be used (y)") + "  "
	}
	text := fmt.Sprintf("%d %s, %s", len(rules.List), show.Noun(uint64(len(rules.List)), "rule"), rules.Currency.Code)
	switch {
	case r.settings.Campaign != nil:
		text += ", of the campaign " + r.settings.Campaign.Name
	case isFile(r.settings.RulesRef):
		text += ", " + r.settings.RulesRef
	}
	return broken + st.title.Render(rules.Name) + st.faint.Render("  "+text+"  sha256 "+rules.SHA256())
}

// list renders the rules, each with the share of draws that it decides.
func (r rulesScreen) list(size sizeMsg) string {
	st, rules := r.w.styles, r.settings.Terms().Rules.List
	from := firstVisible(r.selected, len(rules), size.height)
	columns := []column{
		{title: "RULE", rank: 2, min: 8},
		{title: "DECIDES", rank: 1, right: true, style: func(int) lipgloss.Style { return st.faint }},
	}
	var rows [][]string
	for i := range rules {
		share := "…"
		if p := r.share(i); p != nil {
			share = prize.Percent(p)
		}
		rows = append(rows, []string{rules[i].Name, share})
	}
	widths, _ := columnWidths(columns, rows, size.width-2)
	columns[0].max = widths[0]
	rows = rows[from:min(from+size.height, len(rows))]
	return strings.Join(table(st, columns, rows, r.selected-from, min(tableWidth(widths, []int{0, 1})+2, size.width)), "\n")
}

// share returns the probability that a rule decides a draw, or nil before the odds are
// computed.
func (r rulesScreen) share(rule int) *big.Rat {
	t := r.settings.Terms()
	if r.odds.odds == nil || !sameTerms(r.odds.terms, t) {
		return nil
	}
	sum := new(big.Rat)
	for _, row := range r.odds.odds.Rows {
		if row.Rule == &r.odds.terms.Rules.List[rule] {
			sum.Add(sum, row.Probability)
		}
	}
	return sum
}

// detail renders the selected rule: its pattern, and its prizes with their chances.
func (r rulesScreen) detail(width, height int) string {
	st, rules := r.w.styles, r.settings.Terms().Rules
	rule := &rules.List[r.selected]
	match := "all other account numbers"
	if rule.Match != "" {
		match = "account numbers that match " + rule.Match
	}
	lines := []string{st.title.Render(truncate(rule.Name, width)), st.faint.Render(truncate(match, width))}
	if p := r.share(r.selected); p != nil {
		lines = append(lines, st.faint.Render(truncate(fmt.Sprintf("decides %s of draws (%s)", prize.Percent(p), prize.OneIn(p)), width)))
	}
	if height > 8 {
		lines = append(lines, "")
	} else {
		lines = lines[1:2] // the list has the rest
	}
	columns := []column{
		{title: "PRIZE", rank: 4, min: 14, style: func(row int) lipgloss.Style { return st.prize(row < len(rule.Prizes)) }},
		{title: "CHANCE", rank: 3, right: true},
		{title: "OF ALL", rank: 2, right: true, style: func(int) lipgloss.Style { return st.faint }},
		{title: "STOCK", rank: 1, min: 5, style: func(int) lipgloss.Style { return st.faint }},
	}
	lines = append(lines, table(st, columns, r.prizes(rule), -1, width)...)
	return crop(strings.Join(lines, "\n"), width, height)
}

// prizes returns the rows of a rule's prizes, and of no prize if that is possible.
func (r rulesScreen) prizes(rule *prize.Rule) [][]string {
	all := func(chance *big.Rat) string {
		share := r.share(r.selected)
		if share == nil {
			return "…"
		}
		return prize.Percent(new(big.Rat).Mul(share, chance))
	}
	var rows [][]string
	for i := range rule.Prizes {
		p := &rule.Prizes[i]
		stock := ""
		if p.Stock > 0 {
			stock = prize.Thousands(uint64(p.Stock))
			if p.Then != "" {
				stock += ", then " + p.Then
			}
		}
		name := p.Name
		if worth := r.settings.Terms().Rules.Currency.Format(p.Value); worth != name {
			name += " (" + worth + ")"
		}
		rows = append(rows, []string{name, prize.Percent(p.Chance), all(p.Chance), stock})
	}
	if none := rule.NoPrize(); none.Sign() > 0 {
		rows = append(rows, []string{"no prize", prize.Percent(none), all(none), ""})
	}
	return rows
}

// text renders the mistakes, or the text of the rules, as lines.
func (r rulesScreen) text(width int) []string {
	st := r.w.styles
	if r.invalid() != nil {
		return strings.Split(r.mistakes(width), "\n")
	}
	source := strings.Split(strings.TrimRight(string(r.settings.Terms().Rules.Source()), "\n"), "\n")
	digits := len(fmt.Sprint(len(source)))
	var lines []string
	for i, line := range source {
		line = strings.ReplaceAll(strings.TrimRight(line, "\r"), "\t", "  ")
		style := st.plain
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			style = st.faint
		}
		lines = append(lines, st.faint.Render(padLeft(fmt.Sprint(i+1), digits)+"  ")+style.Render(truncate(printable(line), width-digits-2)))
	}
	return lines
}

// mistakes renders every mistake with its line and a mark below the column, or the error if
// the file could not be read.
func (r rulesScreen) mistakes(width int) string {
	st := r.w.styles
	list := r.invalid().mistakes()
	if len(list) == 0 {
		return "\n" + st.warn.Width(width).Render("✗ "+r.w.explain(r.invalid().err)) + "\n" + st.faint.Render("r reloads them, g chooses other rules")
	}
	var lines []string
	for _, m := range list {
		lines = append(lines, "", st.warn.Width(width).Render(fmt.Sprintf("✗ line %d, column %d: %s", m.Line, m.Column, m.Problem)))
		source := []rune(printable(strings.ReplaceAll(m.Source, "\t", " ")))
		if strings.TrimSpace(string(source)) == "" {
			continue
		}
		// A long line is truncated so that the mark is visible.
		before := min(max(m.Column-1, 0), len(source))
		if from := before - (width-6)/2; len(source) > width-6 && from > 0 {
			source, before = append([]rune("…"), source[from+1:]...), before-from
		}
		mark := lipgloss.Width(string(source[:min(before, len(source))]))
		lines = append(lines, "    "+truncate(string(source), width-4), "    "+strings.Repeat(" ", mark)+st.warn.Render("^"))
	}
	return strings.Join(lines, "\n")
}

// printable replaces control characters by U+FFFD.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '\uFFFD'
		}
		return r
	}, text)
}
