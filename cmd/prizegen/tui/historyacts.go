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

// press acts on a key.
func (h historyScreen) press(msg tea.KeyMsg) (screen, tea.Cmd) {
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
		h.at = 0
		if len(h.cursors) > 1 || h.stale {
			return h.load([]string{""}, false)
		}
	case key.Matches(msg, k.detail):
		return h, h.detail()
	case key.Matches(msg, k.status):
		return h, h.chooseStatus()
	case key.Matches(msg, k.prize):
		return h, h.choosePrize()
	case key.Matches(msg, k.account):
		return h, h.askAccount()
	case key.Matches(msg, k.reload):
		return h.load(h.cursors, false)
	case key.Matches(msg, h.choose.campaign, h.choose.backend):
		return h, h.choose.press(h.w, h.settings, msg)
	default:
		return h, h.act(msg)
	}
	return h, nil
}

// click selects the row under the mouse; the wheel goes through the list.
func (h historyScreen) click(msg tea.MouseMsg) (screen, tea.Cmd) {
	switch {
	case msg.Button == tea.MouseButtonWheelUp:
		return h.move(-1)
	case msg.Button == tea.MouseButtonWheelDown:
		return h.move(1)
	case msg.Button == tea.MouseButtonLeft && msg.Action == tea.MouseActionPress:
		row := msg.Y - historyHead
		at := scrolled(h.at, h.len(), h.pageHeight()) + row
		if row < 0 || row >= h.pageHeight() || at >= h.len() {
			return h, nil
		}
		if at == h.at {
			return h, h.detail()
		}
		h.at = at
	}
	return h, nil
}

// len is how many draws are in the page.
func (h historyScreen) len() int {
	if h.settings.Campaign == nil {
		return min(h.session.found, maxSession)
	}
	return len(h.page)
}

// move selects another draw, on another page where the present one ends.
func (h historyScreen) move(by int) (screen, tea.Cmd) {
	at, last := h.at+by, h.len()-1
	if h.settings.Campaign != nil && !h.loading {
		switch {
		case by > 0 && h.at >= last && h.next != "":
			return h.load(append(h.cursors[:len(h.cursors):len(h.cursors)], h.next), false)
		case by < 0 && h.at == 0 && len(h.cursors) > 1:
			return h.load(h.cursors[:len(h.cursors)-1], true)
		}
	}
	h.at = max(min(at, last), 0)
	return h, nil
}

// act does something with the selected draw of a campaign.
func (h historyScreen) act(msg tea.KeyMsg) tea.Cmd {
	d := h.selected()
	if d == nil {
		return nil
	}
	switch {
	case key.Matches(msg, h.keys.claim):
		return h.claim(d)
	case key.Matches(msg, h.keys.void):
		return h.void(d)
	case key.Matches(msg, h.keys.edit):
		return h.edit(d)
	case key.Matches(msg, h.keys.erase):
		return h.erase(d)
	}
	return nil
}

// mark is a command that notes something about a draw.
func (h historyScreen) mark(done string, f func(ctx context.Context, p Promoter) (campaign.Draw, error)) tea.Cmd {
	promoter := h.settings.Backend.Promoter
	return h.w.call(func(ctx context.Context) tea.Msg {
		p, err := promoter(ctx)
		if err != nil {
			return errorMsg{err}
		}
		d, err := f(ctx, p)
		if err != nil {
			return errorMsg{err}
		}
		return historyMarkedMsg{d, done}
	})
}

// claim notes that a prize was handed over, or takes that back.
func (h historyScreen) claim(d *campaign.Draw) tea.Cmd {
	id, name := d.ID, drawName(d)
	switch {
	case d.Prize == nil:
		return send(noteMsg{name + " won nothing that could be handed over"})
	case d.Claim != nil:
		return confirm("Take it back?", fmt.Sprintf("%s was handed over %s. Say that it was not?", d.Prize.Name, when(d.Claim.At)),
			h.mark(name+" is unclaimed again", func(ctx context.Context, p Promoter) (campaign.Draw, error) { return p.Unclaim(ctx, id) }))
	}
	return ask("Hand over "+d.Prize.Name, func(values []string) (tea.Cmd, error) {
		return h.mark(name+" is claimed", func(ctx context.Context, p Promoter) (campaign.Draw, error) {
			return p.Claim(ctx, id, values[0])
		}), nil
	}, field{label: "Note", hint: "how; may be left out"})
}

// void declares a draw invalid.
func (h historyScreen) void(d *campaign.Draw) tea.Cmd {
	id, name := d.ID, drawName(d)
	if d.Void != nil {
		return send(noteMsg{name + " is void already"})
	}
	return ask("Void "+name, func(values []string) (tea.Cmd, error) {
		reason := strings.TrimSpace(values[0])
		if reason == "" {
			return nil, errors.New("give the reason, which stays on record")
		}
		return confirm("Void it for good?", fmt.Sprintf("%s stays on record as void, and its prize does not go back into the stock. It can't be taken back.", name),
			h.mark(name+" is void", func(ctx context.Context, p Promoter) (campaign.Draw, error) { return p.Void(ctx, id, reason) })), nil
	}, field{label: "Reason"})
}

// change is a command that changes an entrant.
func (h historyScreen) change(done string, f func(ctx context.Context, p Promoter) error) tea.Cmd {
	promoter := h.settings.Backend.Promoter
	return h.w.call(func(ctx context.Context) tea.Msg {
		p, err := promoter(ctx)
		if err == nil {
			err = f(ctx, p)
		}
		if err != nil {
			return errorMsg{err}
		}
		return historyChangedMsg{done}
	})
}

// edit corrects who played.
func (h historyScreen) edit(d *campaign.Draw) tea.Cmd {
	who := d.Entrant
	if who == nil {
		return send(noteMsg{"nobody is known to have played " + drawName(d)})
	}
	id, name := who.ID, drawName(d)
	return ask("Correct who played "+name, func(values []string) (tea.Cmd, error) {
		person, err := campaign.Person{FirstName: values[0], LastName: values[1], Email: values[2]}.Clean()
		if err != nil {
			return nil, err
		}
		return confirm("Change the entrant?", fmt.Sprintf("All draws of %s are those of %s then.", fullName(who.Person), fullName(person)),
			h.change("the entrant is "+fullName(person)+" now", func(ctx context.Context, p Promoter) error {
				_, err := p.EditEntrant(ctx, id, person)
				return err
			})), nil
	},
		field{label: "First name", value: who.FirstName},
		field{label: "Last name", value: who.LastName},
		field{label: "Email", value: who.Email, hint: "may be left out"})
}

// erase erases who played.
func (h historyScreen) erase(d *campaign.Draw) tea.Cmd {
	who := d.Entrant
	if who == nil {
		return send(noteMsg{"nobody is known to have played " + drawName(d)})
	}
	id := who.ID
	text := fmt.Sprintf("The names and the email address of %s are erased for good. The draws stay and can be verified as before, but nobody knows any more whose they were.", fullName(who.Person))
	return confirm("Erase the entrant?", text, h.change("the entrant is erased; the draws stay", func(ctx context.Context, p Promoter) error {
		return p.DeleteEntrant(ctx, id)
	}))
}

// drawName is what a draw is called where something is said about it.
func drawName(d *campaign.Draw) string {
	return fmt.Sprintf("draw %s (%s)", prize.Thousands(d.Index), d.Account)
}

func fullName(p campaign.Person) string { return p.FirstName + " " + p.LastName }
