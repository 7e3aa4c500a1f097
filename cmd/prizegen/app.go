package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/charmbracelet/lipgloss"
	"github.com/spf13/cobra"
	"golang.org/x/term"

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

// app is the world that the commands work in. Results go to out, everything else
// to err.
type app struct {
	in        io.Reader
	out, err  io.Writer
	generator draw.Generator
	inIsTerm  bool
	errIsTerm bool
	errWidth  func() int // of the terminal that err is
	width     int        // of the terminal that out is, a sensible one where it is none
	quiet     bool
	running   bool // whether the arguments were understood and a command is at work

	environ    []string // NAME=value, as from os.Environ
	configDir  string   // where the user keeps configuration, empty where that is unknown
	openConfig openFunc
	config     *config // what is set outside the command line, once a command begins
	backend    backendFlags
	client     *remote.Client // of the services that were named, nil for none
	trustRoots func()         // trusts the embedded authorities, once; nil to leave it
}

// systemApp is the app of a real process.
func systemApp() *app {
	configDir, err := os.UserConfigDir()
	if err != nil {
		configDir = "" // a user without a home has no configuration
	}
	return &app{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		generator: draw.Local{},
		inIsTerm:  term.IsTerminal(int(os.Stdin.Fd())),
		errIsTerm: term.IsTerminal(int(os.Stderr.Fd())),
		errWidth:  func() int { return terminalWidth(os.Stderr) },
		width:     terminalWidth(os.Stdout),
		environ:   os.Environ(), configDir: configDir,
		openConfig: func(name string) (fs.File, error) { return os.Open(name) },
		trustRoots: sync.OnceFunc(trustEmbeddedRoots),
	}
}

// terminalWidth is how many columns a terminal has, and 100 where a file is none.
func terminalWidth(file *os.File) int {
	if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
		return width
	}
	return 100
}

// run runs a command line and gives its exit status.
func run(a *app, args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second Ctrl-C ends the process at once, should the first one not.
	context.AfterFunc(ctx, stop)
	// With a handler, writing to a closed pipe is an error instead of the end of
	// the process, so that the progress bar can be taken away before.
	pipe := make(chan os.Signal, 1)
	signal.Notify(pipe, syscall.SIGPIPE)
	defer signal.Stop(pipe)

	root := newRootCmd(a)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil || errors.Is(err, syscall.EPIPE): // whoever read the output has seen enough
		return exitDone
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled) && ctx.Err() != nil:
		a.say("prizegen: interrupted")
		return exitInterrupted
	}
	return a.report(err)
}

// errInterrupted says that a signal other than those of every command ended one.
var errInterrupted = errors.New("interrupted")

// usageError is an error in what was typed, not in what was done.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// usagef makes a [usageError].
func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// hintError is an error with advice what to do about it.
type hintError struct {
	err  error
	hint string
}

func (e hintError) Error() string { return e.err.Error() }
func (e hintError) Unwrap() error { return e.err }

// hintOf is the advice that goes with an error, empty where there is none.
func hintOf(err error) string {
	var hint hintError
	if errors.As(err, &hint) {
		return hint.hint
	}
	return lostHint(err)
}

// report prints an error and gives the exit status for it.
func (a *app) report(err error) int {
	message := strings.TrimRight(err.Error(), "\n")
	a.say("prizegen: error: %s", message)
	var usage usageError
	isUsage := !a.running || errors.As(err, &usage)
	switch hint := hintOf(err); {
	case hint != "":
		a.say("prizegen: hint: %s", hint)
	case isUsage:
		a.say("prizegen: hint: add --help to the command to see what it takes")
	}
	if isUsage {
		return exitUsage
	}
	return exitFailed
}

// write writes a result.
func (a *app) write(p []byte) error {
	if _, err := a.out.Write(p); err != nil {
		return fmt.Errorf("write the output: %w", bare(err))
	}
	return nil
}

// stdin reads standard input until the context ends, even while it waits for
// someone to type.
func (a *app) stdin(ctx context.Context) io.Reader {
	out, in := io.Pipe()
	go func() {
		_, err := io.Copy(in, a.in)
		in.CloseWithError(err)
	}()
	context.AfterFunc(ctx, func() { in.CloseWithError(context.Cause(ctx)) })
	return out
}

// note tells something that is not a result, unless --quiet was given.
func (a *app) note(format string, args ...any) {
	if !a.quiet {
		a.say(format, args...)
	}
}

// say writes a line to standard error.
func (a *app) say(format string, args ...any) {
	// There is nowhere left to tell that standard error is gone.
	_, _ = fmt.Fprintf(a.err, format+"\n", args...)
}

// styles are how results look on a terminal that has colours; elsewhere they do
// nothing. They use the terminal's own palette, which its owner can read.
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

func newRootCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "prizegen",
		Version: thisBuild().String(),
		Short:   "Instant-win prize draws that anyone can check",
		Long: `prizegen hands out account numbers and decides at once, by rules published in
advance and by chance alone, what each of them wins. Every draw follows from a
seed and an index, so that anyone who knows the seed can recompute it.`,
		Example: `  prizegen                               in a terminal: draws on the screen
  prizegen draw                          one draw
  prizegen draw -n 1000 -o csv           a thousand, for a spreadsheet
  prizegen draw --seed 42 --start 9      draw number 9 of seed 42, always the same
  prizegen odds --rules modest           the exact chances of everything`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.configure(cmd); err != nil {
				return err
			}
			a.connect()
			return nil
		},
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return a.alone(cmd) }
	cmd.SetIn(a.in)
	cmd.SetOut(a.out)
	cmd.SetErr(a.err)
	cmd.SetVersionTemplate("{{.Version}}\n")
	cmd.PersistentFlags().BoolVarP(&a.quiet, "quiet", "q", false, "no progress and no notes")
	a.addConfigFlags(cmd)
	a.addCommands(cmd)
	nameSettings(cmd)
	a.noteRunning(cmd)
	return cmd
}

// addCommands adds the commands in their groups.
func (a *app) addCommands(cmd *cobra.Command) {
	cmd.AddGroup(
		&cobra.Group{ID: "draw", Title: "Draw:"},
		&cobra.Group{ID: "campaign", Title: "Campaigns:"},
		&cobra.Group{ID: "check", Title: "Check:"},
		&cobra.Group{ID: "serve", Title: "Serve:"},
	)
	for group, commands := range map[string][]*cobra.Command{
		"draw":     {newDrawCmd(a), newTUICmd(a), newPrizeCmd(a), newTextCmd(a), newNumberCmd(a)},
		"campaign": {newCampaignCmd(a), newEntrantCmd(a), newDBCmd(a)},
		"check":    {newOddsCmd(a), newRulesCmd(a), newVerifyCmd(a), newStreamCmd(a)},
		"serve":    {newServeCmd(a), newStatusCmd(a), newHashPasswordCmd(a)},
	} {
		for _, sub := range commands {
			sub.GroupID = group
			cmd.AddCommand(sub)
		}
	}
	cmd.AddCommand(newConfigCmd(a), newVersionCmd(a), newManCmd(a))
	cmd.InitDefaultCompletionCmd()
	refuseUnknownTopics(cmd)
	for _, sub := range cmd.Commands() {
		if sub.Name() == "completion" {
			sub.Args = cobra.NoArgs
			sub.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
}

// refuseUnknownTopics makes help about a command that is none an error.
func refuseUnknownTopics(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	for _, help := range root.Commands() {
		if help.Name() != "help" {
			continue
		}
		show := help.Run
		help.Run = nil
		help.RunE = func(cmd *cobra.Command, args []string) error {
			if _, _, err := root.Find(args); err != nil {
				return usageError{err}
			}
			show(cmd, args)
			return nil
		}
	}
}

// noteRunning has every command say that it is at work when it is: errors before
// that are of usage.
func (a *app) noteRunning(cmd *cobra.Command) {
	if work := cmd.RunE; work != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			a.running = true
			return work(cmd, args)
		}
	}
	for _, sub := range cmd.Commands() {
		a.noteRunning(sub)
	}
}
