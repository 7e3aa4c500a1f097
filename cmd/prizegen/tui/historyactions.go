package tui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/prize"
)

// act returns a command for a key that acts on the selected draw of a campaign. It
// returns nil for other keys.
func (h historyScreen) act(msg tea.KeyMsg) tea.Cmd {
	d := h.selectedDraw()
	if d == nil {
		return nil
	}
	switch {
	case key.Matches(msg, h.keys.claim):
		return h.claim(d)
	case key.Matches(msg, h.keys.void):
		return h.void(d)
	case key.Matches(msg, h.keys.edit):
		return h.editEntrant(d)
	case key.Matches(msg, h.keys.erase):
		return h.eraseEntrant(d)
	}
	return nil
}

// changeDraw returns a command that changes a draw and then shows a note.
func (b Backend) changeDraw(w *workspace, note string, change func(ctx context.Context, draws Draws) (campaign.Draw, error)) tea.Cmd {
	return w.call(func(ctx context.Context) tea.Msg {
		draws, err := b.Draws(ctx)
		if err != nil {
			return errorMsg{err}
		}
		d, err := change(ctx, draws)
		if err != nil {
			return errorMsg{err}
		}
		return drawChangedMsg{d, note}
	})
}

// changeEntrant returns a command that changes an entrant and then shows a note.
func (b Backend) changeEntrant(w *workspace, note string, change func(ctx context.Context, draws Draws) error) tea.Cmd {
	return w.call(func(ctx context.Context) tea.Msg {
		draws, err := b.Draws(ctx)
		if err == nil {
			err = change(ctx, draws)
		}
		if err != nil {
			return errorMsg{err}
		}
		return entrantChangedMsg{note}
	})
}

// claim returns a command that claims the prize of a draw after asking for a note, or
// unclaims it after a confirmation.
func (h historyScreen) claim(d *campaign.Draw) tea.Cmd {
	id, label := d.ID, drawLabel(d)
	switch {
	case d.Prize == nil:
		return send(noteMsg{label + " won no prize"})
	case d.Claim != nil:
		return confirm("Unclaim the prize?", fmt.Sprintf("%s was claimed on %s. Remove this record?", d.Prize.Name, formatTime(d.Claim.At)),
			h.settings.Backend.changeDraw(h.w, label+" is unclaimed again", func(ctx context.Context, draws Draws) (campaign.Draw, error) { return draws.Unclaim(ctx, id) }))
	}
	return ask("Hand over "+d.Prize.Name, func(values []string) (tea.Cmd, error) {
		return h.settings.Backend.changeDraw(h.w, label+" is claimed", func(ctx context.Context, draws Draws) (campaign.Draw, error) {
			return draws.Claim(ctx, id, values[0])
		}), nil
	}, field{label: "Note", hint: "optional"})
}

// void returns a command that voids a draw after asking for a reason.
func (h historyScreen) void(d *campaign.Draw) tea.Cmd {
	id, label := d.ID, drawLabel(d)
	if d.Void != nil {
		return send(noteMsg{label + " is already void"})
	}
	return ask("Void "+label, func(values []string) (tea.Cmd, error) {
		reason := strings.TrimSpace(values[0])
		if reason == "" {
			return nil, errors.New("enter a reason, which stays on record")
		}
		return confirm("Void it permanently?", fmt.Sprintf("%s stays on record as void, and its prize does not return to the stock. This cannot be undone.", label),
			h.settings.Backend.changeDraw(h.w, label+" is void", func(ctx context.Context, draws Draws) (campaign.Draw, error) { return draws.Void(ctx, id, reason) })), nil
	}, field{label: "Reason"})
}

// editEntrant returns a command that asks for changes to the entrant of a draw and makes
// them after a confirmation.
func (h historyScreen) editEntrant(d *campaign.Draw) tea.Cmd {
	entrant := d.Entrant
	if entrant == nil {
		return send(noteMsg{drawLabel(d) + " has no entrant"})
	}
	id := entrant.ID
	return ask("Edit the entrant of "+drawLabel(d), func(values []string) (tea.Cmd, error) {
		person, err := campaign.Person{FirstName: values[0], LastName: values[1], Email: values[2]}.Clean()
		if err != nil {
			return nil, err
		}
		return confirm("Change the entrant?", fmt.Sprintf("All draws of %s become draws of %s.", fullName(entrant.Person), fullName(person)),
			h.settings.Backend.changeEntrant(h.w, "the entrant is now "+fullName(person), func(ctx context.Context, draws Draws) error {
				_, err := draws.EditEntrant(ctx, id, person)
				return err
			})), nil
	},
		field{label: "First name", value: entrant.FirstName},
		field{label: "Last name", value: entrant.LastName},
		field{label: "Email", value: entrant.Email, hint: "optional"})
}

// eraseEntrant returns a command that erases the entrant of a draw after a confirmation.
func (h historyScreen) eraseEntrant(d *campaign.Draw) tea.Cmd {
	entrant := d.Entrant
	if entrant == nil {
		return send(noteMsg{drawLabel(d) + " has no entrant"})
	}
	id := entrant.ID
	text := fmt.Sprintf("The name and the email address of %s will be erased permanently. The draws are kept and can still be verified, but no longer show who played them.", fullName(entrant.Person))
	return confirm("Erase the entrant?", text, h.settings.Backend.changeEntrant(h.w, "the entrant was erased; the draws were kept", func(ctx context.Context, draws Draws) error {
		return draws.DeleteEntrant(ctx, id)
	}))
}

// drawLabel returns the name of a draw for messages, such as "draw 7 (abcd1234)".
func drawLabel(d *campaign.Draw) string {
	return fmt.Sprintf("draw %s (%s)", prize.Thousands(d.Index), d.Whole)
}

// chooseStatus offers filters by the status of draws.
func (h historyScreen) chooseStatus() tea.Cmd {
	offer := func(name, about string, won bool, status string) option {
		f := h.filter
		f.won, f.status = won, status
		return option{name, about, send(historyFilterMsg{f})}
	}
	options := []option{
		{"all draws", "no filter", send(historyFilterMsg{})},
		offer("won", "draws with a prize", true, ""),
	}
	if h.settings.Campaign != nil {
		options = append(options,
			offer("unclaimed", "won, but not handed over yet", false, campaign.Unclaimed),
			offer("claimed", "won and handed over", false, campaign.Claimed),
			offer("voided", "declared invalid", false, campaign.Voided))
	}
	selected := 0
	for i, name := range []string{"", "won", campaign.Unclaimed, campaign.Claimed, campaign.Voided} {
		if name == h.filter.status || name == "won" && h.filter.won {
			selected = i
		}
	}
	return choose("Which draws", selected, options...)
}

// choosePrize offers filters by prize.
func (h historyScreen) choosePrize() tea.Cmd {
	f := h.filter
	f.prize = ""
	options := []option{{"all draws", "with any prize or none", send(historyFilterMsg{f})}}
	selected, seen := 0, map[string]bool{}
	rules := h.settings.Terms().Rules
	for i := range rules.List {
		for k := range rules.List[i].Prizes {
			name := rules.List[i].Prizes[k].Name
			if seen[name] {
				continue
			}
			seen[name] = true
			if name == h.filter.prize {
				selected = len(options)
			}
			f.prize = name
			options = append(options, option{name, "", send(historyFilterMsg{f})})
		}
	}
	return choose("Which prize", selected, options...)
}

// askAccount returns a command that asks for the prefix of the account numbers to find.
func (h historyScreen) askAccount() tea.Cmd {
	f := h.filter
	return ask("Find account numbers", func(values []string) (tea.Cmd, error) {
		f.account = strings.TrimSpace(values[0])
		return send(historyFilterMsg{f}), nil
	}, field{label: "They begin with", value: f.account, hint: "empty for all"})
}

// textOf returns *text, or "" if text is nil.
func textOf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// playerName returns the full name of the entrant if it is known.
func playerName(d *campaign.Draw) string {
	if d.Entrant != nil {
		return fullName(d.Entrant.Person)
	}
	return cmp.Or(d.Player, "-")
}

// formatTime formats a time in UTC.
func formatTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

// showDetail returns a command that opens a dialog about the selected draw.
func (h historyScreen) showDetail() tea.Cmd {
	if d := h.selectedDraw(); d != nil {
		return send(dialogMsg{detailDialog{title: "Draw " + prize.Thousands(d.Index), facts: campaignFacts(d), screen: h}})
	}
	list := h.session.list(h.filter)
	if h.settings.Campaign != nil || h.selected >= len(list) {
		return nil
	}
	d := &list[h.selected]
	return send(dialogMsg{detailDialog{title: "Draw " + prize.Thousands(d.Index), facts: sessionFacts(d), screen: h}})
}

// fact is a name and a value in the details of a draw.
type fact struct{ name, value string }

func campaignFacts(d *campaign.Draw) []fact {
	list := []fact{
		{"account", d.Whole},
		{"prize", prizeName(d.Prize)},
		{"rule", textOf(d.Rule)},
		{"player", playerName(d)},
	}
	if d.Entrant != nil {
		list = append(list, fact{"email", cmp.Or(d.Entrant.Email, "-")}, fact{"entrant", strconv.FormatInt(d.Entrant.ID, 10)})
	}
	if d.Drawn != nil {
		list = append(list, fact{"drawn", d.Drawn.Name + ", which had run out"})
	}
	if d.Claim != nil {
		list = append(list, fact{"claimed", formatTime(d.Claim.At) + "  " + d.Claim.Note})
	}
	if d.Void != nil {
		list = append(list, fact{"void", formatTime(d.Void.At) + "  " + d.Void.Note})
	}
	return append(list,
		fact{"played", formatTime(d.PlayedAt)}, fact{"campaign", d.Campaign}, fact{"id", d.ID},
		fact{"formats", d.TextFormat + " + " + d.NumberFormat}, fact{"rules", d.Rules + " " + d.RulesSHA256},
		fact{"seed", cmp.Or(d.Seed, "secret until the campaign is closed")})
}

func sessionFacts(d *drawn) []fact {
	text := ""
	if _, chance := d.chance(); chance != nil {
		text = prize.Percent(chance) + " of this rule, exactly " + chance.RatString()
	}
	return []fact{
		{"account", d.Whole},
		{"prize", prizeName(d.Prize)},
		{"rule", textOf(d.Rule)},
		{"chance", text},
		{"drawn", d.PlayedAt.UTC().Format("2006-01-02 15:04:05")},
		{"seed", d.Seed},
		{"formats", d.TextFormat + " + " + d.NumberFormat},
		{"rules", d.Rules + " " + d.RulesSHA256},
	}
}

// detailDialog is a dialog with the details of a draw. The keys that act on the selected
// draw in the list act on this draw.
type detailDialog struct {
	title  string
	facts  []fact
	screen historyScreen
	from   int     // first line shown
	size   sizeMsg // zero until the size is known
}

// Title implements dialog.
func (d detailDialog) Title() string { return d.title }

// Keys implements dialog.
func (d detailDialog) Keys() []key.Binding {
	keys := []key.Binding{
		bind("esc", "back", "esc", "q", "enter", " "),
		bind("↓", "down", "down", "j"),
		bind("↑", "up", "up", "k"),
	}
	if d.screen.selectedDraw() != nil {
		k := d.screen.keys
		keys = append(keys, k.claim, k.void, k.edit, k.erase)
	}
	return keys
}

// Update implements dialog.
func (d detailDialog) Update(msg tea.Msg) (dialog, tea.Cmd) {
	keys := d.Keys()
	switch msg := msg.(type) {
	case sizeMsg:
		d.size = msg
	case tea.MouseMsg:
		return d.scroll(wheelLines(msg)), nil
	case tea.KeyMsg:
		switch {
		case key.Matches(msg, keys[0]):
			return nil, nil
		case key.Matches(msg, keys[1]):
			return d.scroll(1), nil
		case key.Matches(msg, keys[2]):
			return d.scroll(-1), nil
		}
		if cmd := d.screen.act(msg); cmd != nil {
			return nil, cmd
		}
	}
	return d, nil
}

// scroll scrolls by a number of lines, but not beyond the first or last one.
func (d detailDialog) scroll(by int) detailDialog {
	d.from = max(min(d.from+by, len(d.lines(d.screen.w.styles, d.size.width))-d.size.height), 0)
	return d
}

// View implements dialog.
func (d detailDialog) View(st styles, width, height int) string {
	lines := d.lines(st, width)
	from := min(d.from, max(len(lines)-height, 0))
	return crop(strings.Join(lines[from:], "\n"), width, height)
}

// lines renders the facts, wrapped to a width.
func (d detailDialog) lines(st styles, width int) []string {
	names := 0
	for _, fact := range d.facts {
		names = max(names, lipgloss.Width(fact.name))
	}
	var lines []string
	for _, fact := range d.facts {
		value := lipgloss.NewStyle().Width(max(width-names-2, 1)).Render(fact.value)
		for i, line := range strings.Split(value, "\n") {
			name := ""
			if i == 0 {
				name = fact.name
			}
			lines = append(lines, st.faint.Render(show.Pad(name, names))+"  "+strings.TrimRight(line, " "))
		}
	}
	return lines
}
