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

// title describes the rules on the screen.
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
		text += ", from campaign " + r.settings.Campaign.Name
	case isFile(r.settings.RulesRef):
		text += ", " + r.settings.RulesRef
	}
	return broken + st.title.Render(rules.Name) + st.faint.Render("  "+text+"  sha256 "+rules.SHA256())
}

// list renders the rules, each with the share of draws to which it applies.
func (r rulesScreen) list(size sizeMsg) string {
	st, rules := r.w.styles, r.settings.Terms().Rules.List
	from := firstVisible(r.selected, len(rules), size.height)
	columns := []column{
		{title: "RULE", rank: 2, min: 8},
		{title: "SHARE", rank: 1, right: true, style: func(int) lipgloss.Style { return st.faint }},
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

// share returns the probability that a rule applies to a draw, or nil before the odds are
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
		lines = append(lines, st.faint.Render(truncate(fmt.Sprintf("applies to %s of draws (%s)", prize.Percent(p), prize.OneIn(p)), width)))
	}
	if height > 8 {
		lines = append(lines, "")
	} else {
		lines = lines[1:2] // the list uses the remaining lines
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

// prizes returns a row for each prize of a rule and, if it is possible to win nothing, a
// row for no prize.
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
