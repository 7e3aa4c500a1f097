package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
)

func newVerifyCmd(a *app) *cobra.Command {
	var rules string
	cmd := &cobra.Command{
		Use:   "verify FILE | -",
		Short: "Recompute draws and name those that do not hold",
		Long: `Verify recomputes every draw of a file that prizegen draw or prizegen prize wrote
with -o json or -o ndjson. It names each draw that does not hold with what it
should have been, and exits with status 1 if there is one.

Draws by rules that are not built in need --rules with the same rules file: its
SHA-256 is part of each draw.`,
		Example: `  prizegen draw -n 1000 -o ndjson >draws.ndjson
  prizegen verify draws.ndjson
  prizegen verify --rules summer.yaml - <draws.json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return hintError{fmt.Errorf("%d files were given, expected one", len(args)), "give the file to verify, or - for standard input"}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&rules, "rules", "", "the YAML `file` of rules that are not built in")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.verify(cmd.Context(), args[0], rules)
	}
	return cmd
}

func (a *app) verify(ctx context.Context, name, rulesFile string) error {
	rules, err := a.rulesByName(rulesFile)
	if err != nil {
		return err
	}
	file, err := a.open(ctx, name)
	if err != nil {
		return err
	}
	defer file.Close()
	progress := a.startProgress(0, "draw")
	defer progress.stop()
	var writeErr error
	report, err := draw.Verify(ctx, a.generator, file, rules, progress.add, func(f draw.Finding) {
		if writeErr == nil {
			writeErr = a.write([]byte(f.Place + ": " + f.Problem + "\n"))
		}
	})
	progress.stop()
	switch {
	case writeErr != nil:
		return writeErr
	case err != nil:
		return fmt.Errorf("%s: %w", name, bare(err))
	case report.Held < report.Draws:
		return fmt.Errorf("%s of %s not hold", prize.Thousands(report.Draws-report.Held), doDoes(report.Draws))
	}
	if err := a.write(fmt.Appendf(nil, "%s\n", held(report))); err != nil {
		return err
	}
	if !report.InOrder {
		a.note("note: the indexes from %d to %d are not all there once and in order", report.First, report.Last)
	}
	return nil
}

// open opens a file, - being standard input.
func (a *app) open(ctx context.Context, name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(a.stdin(ctx)), nil
	}
	file, err := openFile(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, bare(err))
	}
	return file, nil
}

// held says that all draws hold.
func held(r draw.Report) string {
	if r.Draws == 1 {
		return fmt.Sprintf("1 draw holds: index %d", r.First)
	}
	if r.InOrder {
		return fmt.Sprintf("%s draws hold: every index from %d to %d", prize.Thousands(r.Draws), r.First, r.Last)
	}
	return prize.Thousands(r.Draws) + " draws hold"
}

func doDoes(draws uint64) string {
	if draws == 1 {
		return "1 draw does"
	}
	return prize.Thousands(draws) + " draws do"
}

// rulesByName finds the rules that draws name: those of a file, or built-in ones.
func (a *app) rulesByName(file string) (func(name string) (*prize.Rules, error), error) {
	known := map[string]*prize.Rules{}
	if file != "" {
		rules, err := a.loadRules(file)
		if err != nil {
			return nil, err
		}
		known[rules.Name] = rules
	}
	return func(name string) (*prize.Rules, error) {
		if rules := known[name]; rules != nil {
			return rules, nil
		}
		rules, err := prize.Builtin(name)
		if err != nil {
			return nil, fmt.Errorf("rules %q are not built in; give their file with --rules", name)
		}
		known[name] = rules
		return rules, nil
	}, nil
}
