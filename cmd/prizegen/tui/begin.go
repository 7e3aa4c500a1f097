package tui

import (
	"context"
	"errors"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// beginAgain is how long after [Config.Begin] has failed it is called again.
const beginAgain = 3 * time.Second

// The messages of the beginning.
type (
	beginMsg struct{} // asks again
	begunMsg struct {
		settings Settings
		err      error
	}
)

// begin is a command that completes the settings.
func (f frame) begin() tea.Cmd {
	return f.w.call(func(ctx context.Context) tea.Msg {
		s, err := f.w.Begin(ctx, f.settings)
		return begunMsg{s, err}
	})
}

// begun takes up the settings that were asked for, unless the user has gone elsewhere
// meanwhile. A failure is told, and it is asked again after a while.
func (f frame) begun(msg begunMsg) (tea.Model, tea.Cmd) {
	switch {
	case !f.settings.Waiting:
		return f, nil
	case msg.err != nil && !errors.Is(msg.err, campaign.ErrNotFound):
		f.err = msg.err
		f, cmd := f.tellSize()
		return f, tea.Batch(cmd, f.w.after(beginAgain, beginMsg{}))
	}
	f.err = msg.err // there is no such campaign, but free play is known
	f, sized := f.tellSize()
	msg.settings.Waiting = false
	f, changed := f.change(msg.settings)
	return f, tea.Batch(sized, changed)
}
