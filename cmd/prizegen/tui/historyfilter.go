package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
)

// historyFilter says which draws are listed.
type historyFilter struct {
	won     bool
	status  campaign.DrawStatus // empty for all
	account string              // what account numbers begin with
	prize   string              // empty for all
}

// admits says whether a draw of this session is listed.
func (f historyFilter) admits(d *draw.Draw) bool {
	return (!f.won || d.Prize != nil) && strings.HasPrefix(d.Whole, f.account) &&
		(f.prize == "" || d.Prize != nil && d.Prize.Name == f.prize)
}

// String tells the filter; it is empty where all draws are listed.
func (f historyFilter) String() string {
	var parts []string
	switch {
	case f.status != "":
		parts = append(parts, string(f.status))
	case f.won:
		parts = append(parts, "won")
	}
	if f.prize != "" {
		parts = append(parts, f.prize)
	}
	if f.account != "" {
		parts = append(parts, f.account+"…")
	}
	return strings.Join(parts, ", ")
}

// chooseStatus offers what draws can be listed by.
func (h historyScreen) chooseStatus() tea.Cmd {
	offer := func(name, about string, won bool, status campaign.DrawStatus) option {
		f := h.filter
		f.won, f.status = won, status
		return option{name, about, send(historyFilterMsg{f})}
	}
	options := []option{
		{"all draws", "with no filter at all", send(historyFilterMsg{})},
		offer("won", "draws that won something", true, ""),
	}
	if h.settings.Campaign != nil {
		options = append(options,
			offer("unclaimed", "won, and not handed over yet", false, campaign.Unclaimed),
			offer("claimed", "won and handed over", false, campaign.Claimed),
			offer("voided", "declared invalid", false, campaign.Voided))
	}
	at := 0
	for i, name := range []string{"", "won", string(campaign.Unclaimed), string(campaign.Claimed), string(campaign.Voided)} {
		if name == string(h.filter.status) || name == "won" && h.filter.won {
			at = i
		}
	}
	return choose("Which draws", at, options...)
}

// choosePrize offers the prizes of the rules.
func (h historyScreen) choosePrize() tea.Cmd {
	f := h.filter
	f.prize = ""
	options := []option{{"any", "or none", send(historyFilterMsg{f})}}
	at, known := 0, map[string]bool{}
	rules := h.settings.Terms().Rules
	for i := range rules.List {
		for k := range rules.List[i].Prizes {
			name := rules.List[i].Prizes[k].Name
			if known[name] {
				continue
			}
			known[name] = true
			if name == h.filter.prize {
				at = len(options)
			}
			f.prize = name
			options = append(options, option{name, "", send(historyFilterMsg{f})})
		}
	}
	return choose("Which prize", at, options...)
}

// askAccount asks what account numbers begin with.
func (h historyScreen) askAccount() tea.Cmd {
	f := h.filter
	return ask("Find account numbers", func(values []string) (tea.Cmd, error) {
		f.account = strings.TrimSpace(values[0])
		return send(historyFilterMsg{f}), nil
	}, field{label: "They begin with", value: f.account, hint: "empty for all"})
}
