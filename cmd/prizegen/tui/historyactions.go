package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/prize"
)

func (h historyScreen) handleKey(msg tea.KeyMsg) (screen, tea.Cmd) {
	k := h.keys
	switch {
	case key.Matches(msg, k.up):
		return h.move(-1)
	case key.Matches(msg, k.down):
		return h.move(1)
	case key.Matches(msg, k.pageUp):
		return h.move(-h.pageHeight())
	case key.Matches(msg, k.pageDown):
		return h.move(h.pageHeight())
	case key.Matches(msg, k.first):
		h.selected = 0
		if len(h.cursors) > 1 || h.stale {
			return h.load([]string{""}, false)
		}
	case key.Matches(msg, k.detail):
		return h, h.showDetail()
	case key.Matches(msg, k.status):
		return h, h.chooseStatus()
	case key.Matches(msg, k.prize):
		return h, h.choosePrize()
	case key.Matches(msg, k.account):
		return h, h.askAccount()
	case key.Matches(msg, k.reload):
		return h.load(h.cursors, false)
	case key.Matches(msg, h.choose.campaign, h.choose.backend):
		return h, h.choose.handle(h.w, h.settings, msg)
	default:
		return h, h.act(msg)
	}
	return h, nil
}

// handleMouse selects the clicked draw, or opens it if it is selected.
func (h historyScreen) handleMouse(msg tea.MouseMsg) (screen, tea.Cmd) {
	if !isClick(msg) {
		if by := wheelLines(msg); by != 0 {
			return h.move(by)
		}
		return h, nil
	}
	row := msg.Y - historyHead
	clicked := firstVisible(h.selected, h.len(), h.pageHeight()) + row
	if row < 0 || row >= h.pageHeight() || clicked >= h.len() {
		return h, nil
	}
	if clicked == h.selected {
		return h, h.showDetail()
	}
	h.selected = clicked
	return h, nil
}

// move selects another draw. At the ends of the page it loads the next or previous page.
func (h historyScreen) move(by int) (screen, tea.Cmd) {
	last := h.len() - 1
	if h.settings.Campaign != nil && !h.loading {
		switch {
		case by > 0 && h.selected >= last && h.next != "":
			return h.load(append(h.cursors[:len(h.cursors):len(h.cursors)], h.next), false)
		case by < 0 && h.selected == 0 && len(h.cursors) > 1:
			return h.load(h.cursors[:len(h.cursors)-1], true)
		}
	}
	h.selected = max(min(h.selected+by, last), 0)
	return h, nil
}

// act returns a command for a key that acts on the selected draw of a campaign, or nil.
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

// claim claims or unclaims the prize of a draw.
func (h historyScreen) claim(d *campaign.Draw) tea.Cmd {
	id, label := d.ID, drawLabel(d)
	switch {
	case d.Prize == nil:
		return send(noteMsg{label + " won no prize"})
	case d.Claim != nil:
		return confirm("Unclaim the prize?", fmt.Sprintf("%s was claimed on %s. Record that it was not?", d.Prize.Name, formatTime(d.Claim.At)),
			h.settings.Backend.changeDraw(h.w, label+" is unclaimed again", func(ctx context.Context, draws Draws) (campaign.Draw, error) { return draws.Unclaim(ctx, id) }))
	}
	return ask("Hand over "+d.Prize.Name, func(values []string) (tea.Cmd, error) {
		return h.settings.Backend.changeDraw(h.w, label+" is claimed", func(ctx context.Context, draws Draws) (campaign.Draw, error) {
			return draws.Claim(ctx, id, values[0])
		}), nil
	}, field{label: "Note", hint: "optional"})
}

// void voids a draw.
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
		return confirm("Void it for good?", fmt.Sprintf("%s stays on record as void, and its prize does not go back into the stock. This cannot be undone.", label),
			h.settings.Backend.changeDraw(h.w, label+" is void", func(ctx context.Context, draws Draws) (campaign.Draw, error) { return draws.Void(ctx, id, reason) })), nil
	}, field{label: "Reason"})
}

// editEntrant edits the entrant of a draw.
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

// eraseEntrant erases the entrant of a draw.
func (h historyScreen) eraseEntrant(d *campaign.Draw) tea.Cmd {
	entrant := d.Entrant
	if entrant == nil {
		return send(noteMsg{drawLabel(d) + " has no entrant"})
	}
	id := entrant.ID
	text := fmt.Sprintf("The name and the email address of %s are erased for good. The draws stay and can still be verified, but no longer show who played them.", fullName(entrant.Person))
	return confirm("Erase the entrant?", text, h.settings.Backend.changeEntrant(h.w, "the entrant is erased; the draws stay", func(ctx context.Context, draws Draws) error {
		return draws.DeleteEntrant(ctx, id)
	}))
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
	options := []option{{"any", "or none", send(historyFilterMsg{f})}}
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

// askAccount asks how the account numbers to filter by begin.
func (h historyScreen) askAccount() tea.Cmd {
	f := h.filter
	return ask("Find account numbers", func(values []string) (tea.Cmd, error) {
		f.account = strings.TrimSpace(values[0])
		return send(historyFilterMsg{f}), nil
	}, field{label: "They begin with", value: f.account, hint: "empty for all"})
}

// drawLabel returns the name of a draw in messages, for example "draw 7 (abcd1234)".
func drawLabel(d *campaign.Draw) string {
	return fmt.Sprintf("draw %s (%s)", prize.Thousands(d.Index), d.Whole)
}
