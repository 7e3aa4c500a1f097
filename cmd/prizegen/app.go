package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"sync"
	"syscall"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/lipgloss/table"
	"golang.org/x/term"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/certs"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/remote"
)

// The exit statuses.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// app holds the input, the output and the dependencies of the commands. Results go to
// out, everything else to err.
type app struct {
	in        io.Reader
	out, err  io.Writer
	inIsTerm  bool
	errIsTerm bool
	errWidth  func() int // returns the width of the terminal err, in columns
	width     int        // the width of the terminal out, in columns; 100 if out is not a terminal
	table     settings.Table
	sources   settings.Sources
	// trustRoots makes TLS trust the embedded root certificates if the system has none.
	// Only the first call has an effect. It may be nil.
	trustRoots func()

	// These are set before a command runs.
	quiet     bool
	running   bool // whether a command has started, which means that its arguments are valid
	settings  *settings.Set
	services  remote.Config  // the URLs of the services
	keyFile   string         // the file with the keys of the secrets in the database; may be empty
	identity  certs.Files    // the certificate files for TLS between services; may be empty
	client    *remote.Client // calls these services; nil if there are none
	generator draw.Generator
}

// systemApp returns an app that uses the standard streams, the environment and the files
// of this process.
func systemApp() *app {
	configDir, err := os.UserConfigDir()
	if err != nil {
		configDir = "" // a user without a home directory has no configuration
	}
	return &app{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		generator:  draw.Local{},
		inIsTerm:   term.IsTerminal(int(os.Stdin.Fd())),
		errIsTerm:  term.IsTerminal(int(os.Stderr.Fd())),
		errWidth:   func() int { return terminalWidth(os.Stderr) },
		width:      terminalWidth(os.Stdout),
		table:      settings.NewTable(),
		sources:    settings.Sources{Environ: os.Environ(), ConfigDir: configDir, Open: settings.OpenFile},
		trustRoots: sync.OnceFunc(trustEmbeddedRoots),
	}
}

// terminalWidth returns the width of a terminal in columns, or 100 for other files.
func terminalWidth(file *os.File) int {
	if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
		return width
	}
	return 100
}

// isTerminal reports whether a writer is a terminal.
func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// run runs a command line and returns its exit status.
func run(a *app, args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first Ctrl-C cancels ctx. A second one kills the process immediately.
	context.AfterFunc(ctx, stop)
	// With this handler, writing to a closed pipe returns an error instead of killing the
	// process, which leaves time to erase the progress bar.
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE)
	defer signal.Stop(pipe)

	root := newRootCmd(a)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil || errors.Is(err, syscall.EPIPE): // the reader of the output closed the pipe
		return exitDone
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled) && ctx.Err() != nil:
		a.say("prizegen: interrupted")
		return exitInterrupted
	}
	return a.report(err)
}

// errInterrupted is returned by a command that was stopped by a signal that only this
// command handles.
var errInterrupted = errors.New("interrupted")

// usageError is an error in the command line or the settings.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// usagef returns a [usageError].
func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// hintError is an error with a hint on what to do about it.
type hintError struct {
	err  error
	hint string
}

func (e hintError) Error() string { return e.err.Error() }
func (e hintError) Unwrap() error { return e.err }

// hintOf returns the hint for an error, or "".
func hintOf(err error) string {
	var hint hintError
	if errors.As(err, &hint) {
		return hint.hint
	}
	return unavailableHint(err)
}

// report prints an error and returns the exit status for it.
func (a *app) report(err error) int {
	message := plainConflict(strings.TrimRight(err.Error(), "\n"))
	a.say("prizegen: error: %s", message)
	var usage usageError
	isUsage := !a.running || errors.As(err, &usage)
	switch hint := hintOf(err); {
	case hint != "":
		a.say("prizegen: hint: %s", hint)
	case isUsage:
		a.say("prizegen: hint: add --help to the command to see its flags and arguments")
	}
	if isUsage {
		return exitUsage
	}
	return exitFailed
}

// conflict matches cobra's error for flags that exclude each other.
var conflict = regexp.MustCompile(`^if any flags in the group \[.*\] are set none of the others can be; \[(.*)\] were all set$`)

// plainConflict replaces cobra's message about flags that exclude each other with a
// shorter one. It returns other messages unchanged.
func plainConflict(message string) string {
	match := conflict.FindStringSubmatch(message)
	if match == nil {
		return message
	}
	return "--" + strings.Join(strings.Fields(match[1]), " and --") + " cannot be used together"
}

// write writes a result.
func (a *app) write(p []byte) error {
	if _, err := a.out.Write(p); err != nil {
		return fmt.Errorf("write the output: %w", withoutPath(err))
	}
	return nil
}

// resultWriter writes results with [app.write].
type resultWriter struct{ a *app }

func (w resultWriter) Write(p []byte) (int, error) { return len(p), w.a.write(p) }

// writeJSON writes a value as indented JSON.
func (a *app) writeJSON(v any) error {
	text, err := show.JSON(v)
	if err != nil {
		return err
	}
	return a.write(append(text, '\n'))
}

// writeTable writes rows as a table with headings.
func (a *app) writeTable(headings []string, rows [][]string) error {
	style := a.styles()
	return a.write([]byte(show.Table(headings, rows, func(row, _ int) lipgloss.Style {
		if row == table.HeaderRow {
			return style.head
		}
		return lipgloss.NewStyle()
	})))
}

// stdin returns a reader of standard input. Its Read method returns an error when the
// context is done, even while it waits for input.
func (a *app) stdin(ctx context.Context) io.Reader {
	r, w := io.Pipe()
	go func() {
		_, err := io.Copy(w, a.in)
		w.CloseWithError(err)
	}()
	context.AfterFunc(ctx, func() { w.CloseWithError(context.Cause(ctx)) })
	return r
}

// note writes a line to standard error, unless a.quiet is true.
func (a *app) note(format string, args ...any) {
	if !a.quiet {
		a.say(format, args...)
	}
}

// say writes a line to standard error.
func (a *app) say(format string, args ...any) {
	// If standard error fails, there is nowhere to report it.
	_, _ = fmt.Fprintf(a.err, format+"\n", args...)
}

// quietly returns a copy of the app that shows no notes and no progress.
func (a *app) quietly() *app {
	quiet := *a
	quiet.quiet = true
	return &quiet
}

// env returns the value of an environment variable, or "" if it is not set.
func (a *app) env(name string) string {
	for _, pair := range a.sources.Environ {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}

// isInteractive reports whether the interactive program can run.
func (a *app) isInteractive() bool { return a.inIsTerm && isTerminal(a.out) }

// styles contains the text styles for results. They do nothing unless the output is a
// terminal with colors. They use the terminal's own palette, so results are readable on
// any background.
type styles struct{ head, win, faint, warn lipgloss.Style }

func (a *app) styles() styles {
	r := lipgloss.NewRenderer(a.out)
	return styles{
		head:  r.NewStyle().Bold(true),
		win:   r.NewStyle().Bold(true).Foreground(lipgloss.Color("2")),
		faint: r.NewStyle().Faint(true),
		warn:  r.NewStyle().Foreground(lipgloss.Color("3")),
	}
}
