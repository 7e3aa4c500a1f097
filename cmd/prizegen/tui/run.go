package tui

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"github.com/prizegen/prizegen/cmd/prizegen/tui/noquery"
)

//nolint:gochecknoinits // undoes the change that package noquery made
func init() { noquery.End() }

const (
	framesPerSecond = 20               // limits how often the screen is written; the animation needs fewer updates
	callTimeout     = 15 * time.Second // timeout for calls to backends
	pollTimeout     = 3 * time.Second  // timeout for health checks
)

// Run shows the program on a terminal until the user quits or ctx is done. It returns a
// panic as an error. It always restores the terminal before it returns.
func Run(ctx context.Context, cfg Config, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	renderer := lipgloss.NewRenderer(out)
	renderer.HasDarkBackground() // queries the terminal, which is not possible once the program reads keys
	w := &workspace{
		Config: cfg, ctx: ctx, callTimeout: callTimeout, pollTimeout: pollTimeout,
		styles: newStyles(renderer), after: after,
	}
	defer w.finish(cancel)
	return w.show(in, out, screens(w)...)
}

// show shows screens until the user quits or the context of the workspace is done.
func (w *workspace) show(in io.Reader, out io.Writer, screens ...screen) error {
	model := &recoverer{model: newFrame(w, screens...)}
	program := tea.NewProgram(model, tea.WithInput(in), tea.WithOutput(out),
		tea.WithAltScreen(), tea.WithMouseCellMotion(), tea.WithFPS(framesPerSecond), tea.WithoutSignalHandler())
	model.quit = program.Quit
	// Bubble Tea must not use the context, because it would close its key reader too early.
	defer context.AfterFunc(w.ctx, program.Quit)()
	_, err := program.Run()
	switch {
	case model.err != nil:
		return model.err
	case w.ctx.Err() != nil:
		return context.Cause(w.ctx)
	case err != nil:
		return fmt.Errorf("run the interactive program: %w", err)
	}
	return nil
}

// after returns a command that returns msg after some time.
func after(wait time.Duration, msg tea.Msg) tea.Cmd {
	return tea.Tick(wait, func(time.Time) tea.Msg { return msg })
}

// screens returns the screens in the order of their tabs.
func screens(w *workspace) []screen {
	return []screen{newDraw(w), newOdds(w), newBulk(w), newHistory(w), newServices(w), newRules(w)}
}

// finish cancels running commands and waits for the commands that must clean up.
func (w *workspace) finish(cancel context.CancelFunc) {
	cancel()
	w.running.Lock()
	defer w.running.Unlock()
}

// recoverer is a model that stops the program if another model panics, so that Bubble Tea
// restores the terminal.
type recoverer struct {
	model tea.Model
	quit  func() // stops the program
	err   error  // the error for a panic; nil if there was none
}

// panicMsg stops the program after a panic in a command.
type panicMsg struct{ err error }

// Init implements [tea.Model].
func (r *recoverer) Init() tea.Cmd { return recoverCmd(r.model.Init()) }

// Update implements [tea.Model].
func (r *recoverer) Update(msg tea.Msg) (next tea.Model, cmd tea.Cmd) {
	defer func() {
		if r.failed(recover()) {
			next, cmd = r, tea.Quit
		}
	}()
	if msg, ok := msg.(panicMsg); ok {
		r.err = msg.err
		return r, tea.Quit
	}
	model, cmd := r.model.Update(msg)
	r.model = model
	return r, recoverCmd(cmd)
}

// View implements [tea.Model].
func (r *recoverer) View() (view string) {
	if r.err != nil {
		return ""
	}
	defer func() {
		if r.failed(recover()) {
			go r.quit() // blocks until View returns
		}
	}()
	return r.model.View()
}

// failed stores the value of a panic and reports whether any panic has occurred.
func (r *recoverer) failed(panicked any) bool {
	if panicked != nil {
		r.err = panicError(panicked)
	}
	return r.err != nil
}

func panicError(panicked any) error {
	return fmt.Errorf("the interactive program panicked: %v\n%s", panicked, debug.Stack())
}

// recoverCmd returns a command that runs cmd and turns a panic into a message.
func recoverCmd(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() (msg tea.Msg) {
		defer func() {
			if panicked := recover(); panicked != nil {
				msg = panicMsg{panicError(panicked)}
			}
		}()
		msg = cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			for i := range batch {
				batch[i] = recoverCmd(batch[i])
			}
		}
		return msg
	}
}
