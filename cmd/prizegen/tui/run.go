package tui

import (
	"context"
	"fmt"
	"io"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"github.com/prizegen/prizegen/cmd/prizegen/tui/unasked"
)

//nolint:gochecknoinits // the end of what package unasked begins
func init() { unasked.Over() }

// framesPerSecond is how often the screen is written at most: more than the animation
// needs.
const framesPerSecond = 20

// Run shows the program on a terminal until the user quits or the context ends. The
// terminal is as before when it returns, also after a panic, which is an error then.
func Run(ctx context.Context, cfg Config, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	renderer := lipgloss.NewRenderer(out)
	renderer.HasDarkBackground() // asks the terminal, which can't be done while the program reads keys
	w := &world{Config: cfg, ctx: ctx, styles: newStyles(renderer), after: after}
	defer w.finish(cancel)
	return w.show(in, out, screens(w)...)
}

// show shows screens until the user quits or the context of the world ends.
func (w *world) show(in io.Reader, out io.Writer, screens ...screen) error {
	model := &guard{model: newFrame(w, screens...)}
	program := tea.NewProgram(model, tea.WithInput(in), tea.WithOutput(out),
		tea.WithAltScreen(), tea.WithMouseCellMotion(), tea.WithFPS(framesPerSecond), tea.WithoutSignalHandler())
	model.quit = program.Quit
	// The library, given the context, would close its reader of keys before that has
	// noticed.
	defer context.AfterFunc(w.ctx, program.Quit)()
	_, err := program.Run()
	switch {
	case model.fault != nil:
		return model.fault
	case w.ctx.Err() != nil:
		return context.Cause(w.ctx)
	case err != nil:
		return fmt.Errorf("the screen: %w", err)
	}
	return nil
}

// after is a command that gives a message after some time.
func after(wait time.Duration, msg tea.Msg) tea.Cmd {
	return tea.Tick(wait, func(time.Time) tea.Msg { return msg })
}

// screens are the tabs in their order.
func screens(w *world) []screen {
	return []screen{newDraw(w), newOdds(w), newBulk(w), newHistory(w), newServices(w), newRules(w)}
}

// finish ends what is still under way.
func (w *world) finish(cancel context.CancelFunc) {
	cancel()
	w.busy.Lock()
	defer w.busy.Unlock()
}
