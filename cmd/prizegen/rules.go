package main

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/atomicfile"
	"github.com/prizegen/prizegen/pkg/prize"
)

// starter is the rules file that prizegen rules init writes.
//
//go:embed starter.yaml
var starter []byte

func newRulesCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "List, show, check and create rules files",
		Example: `  prizegen rules list
  prizegen rules show generous
  prizegen rules init summer.yaml
  prizegen rules check summer.yaml`,
		Args: cobra.NoArgs,
		RunE: showHelp,
	}
	cmd.AddCommand(newRulesListCmd(a), newRulesShowCmd(a), newRulesCheckCmd(a), newRulesInitCmd(a))
	return cmd
}

// rulesEntry is an entry in the output of prizegen rules list.
type rulesEntry struct {
	Name           string `json:"name"`
	Currency       string `json:"currency"`
	Rules          int    `json:"rules"`
	WinProbability string `json:"win_probability"`
	ExpectedValue  string `json:"expected_value"` // of a draw, in minor units
	SHA256         string `json:"rules_sha256"`
}

func newRulesListCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the built-in rules",
		Long:    "List the built-in rules with their chance of winning and their cost per draw.",
		Example: "  prizegen rules list\n  prizegen rules list -o json",
		Args:    cobra.NoArgs,
	}
	formats := newFormats(a, cmd)
	output := settings.DefineOutput(a.table, cmd, "table", "json")
	cmd.RunE = func(*cobra.Command, []string) error {
		var entries []rulesEntry
		var rows [][]string
		for _, name := range prize.Builtins() {
			rules, err := prize.Builtin(name)
			if err != nil {
				return err
			}
			odds := rules.Odds(formats.text.Get().Format, formats.number.Get().Format)
			entries = append(entries, rulesEntry{name, rules.Currency.Code, len(rules.List), odds.Win.RatString(), odds.Mean.RatString(), rules.SHA256()})
			rows = append(rows, []string{name, strconv.Itoa(len(rules.List)), prize.Percent(odds.Win), rules.Currency.FormatRat(odds.Mean, 2), rules.SHA256()[:16] + "…"})
		}
		if output.Get() == "json" {
			return a.writeJSON(entries)
		}
		return a.writeTable([]string{"NAME", "RULES", "WIN", "COST PER DRAW", "SHA-256"}, rows)
	}
	return cmd
}

func newRulesShowCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "show RULES",
		Short:             "Show rules as YAML",
		Long:              "Print built-in rules or a valid rules file as YAML.",
		Example:           "  prizegen rules show generous >mine.yaml",
		Args:              oneArg("argument", "specify a file or the name of built-in rules; prizegen rules list shows these"),
		ValidArgsFunction: completeRules,
		RunE: func(_ *cobra.Command, args []string) error {
			rules, err := loadRules(a, args[0])
			if err != nil {
				return err
			}
			return a.write(rules.Source())
		},
	}
}

func newRulesInitCmd(a *app) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "init [FILE]",
		Short: "Create a rules file with comments as a starting point",
		Long: `Create a rules file with comments as a starting point. Its name is rules.yaml unless you
specify another one; - writes to standard output. An existing file is replaced only with
--force.`,
		Example: "  prizegen rules init summer.yaml\n  prizegen rules init - | less",
		Args:    cobra.MaximumNArgs(1),
	}
	cmd.Flags().BoolVarP(&force, "force", "f", false, "replace an existing file")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		name := "rules.yaml"
		if len(args) == 1 {
			name = args[0]
		}
		if name == "-" {
			return a.write(starter)
		}
		err := atomicfile.Write(name, atomicfile.Options{Mode: 0o644, Replace: force}, func(w *os.File) error {
			_, err := w.Write(starter)
			return err
		})
		if errors.Is(err, fs.ErrExist) {
			return hintError{err, "choose another name, or use --force to replace the file"}
		}
		if err != nil {
			return err
		}
		a.note("created %s; edit it, then run: prizegen rules check %s", name, show.ShellWord(name))
		return nil
	}
	return cmd
}

func newRulesCheckCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check FILE | -",
		Short: "Check a rules file for mistakes",
		Long: `Report every mistake in a rules file with its line and column.

If there are no mistakes, warn about rules and prizes that no account number of the given
formats can reach, and about account numbers that no rule covers. Also list rules that
overlap and have different prizes; only the first of them applies.`,
		Example: "  prizegen rules check summer.yaml\n  prizegen rules check --text upper2 --number digits8 summer.yaml",
		Args:    oneArg("file", "specify the file to check, or - for standard input"),
	}
	formats := newFormats(a, cmd)
	strict := settings.Define[bool](a.table, cmd, "strict")
	output := settings.DefineOutput(a.table, cmd, "text", "json")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		return runRulesCheck(a, args[0], formats, strict.Get(), output.Get() == "json")
	}
	return cmd
}

func runRulesCheck(a *app, file string, f formats, strict, asJSON bool) error {
	rules, err := loadRules(a, file)
	var wrong *prize.FileError
	if errors.As(err, &wrong) && asJSON {
		err = errors.Join(err, a.writeJSON(struct {
			Mistakes []prize.Mistake `json:"mistakes"`
		}{wrong.Mistakes}))
	}
	if err != nil {
		return err
	}
	warnings := rules.Check(f.text.Get().Format, f.number.Get().Format)
	if asJSON {
		err = a.writeJSON(struct {
			Rules    string          `json:"rules"`
			SHA256   string          `json:"rules_sha256"`
			Warnings []prize.Warning `json:"warnings"`
		}{rules.Name, rules.SHA256(), append([]prize.Warning{}, warnings...)})
	} else {
		err = a.write(checkText(file, rules, warnings))
	}
	if err != nil || !strict {
		return err
	}
	return strictError(file, warnings)
}

// strictError returns an error that lists every warning that makes the rules unfit for a
// campaign, or nil if there are none.
func strictError(file string, warnings []prize.Warning) error {
	var reasons []string
	for _, w := range warnings {
		if w.Kind != prize.Overlap {
			reasons = append(reasons, w.Message)
		}
	}
	switch len(reasons) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s: not fit for a campaign: %s", sourceName(file), reasons[0])
	}
	return fmt.Errorf("%s: not fit for a campaign for %d reasons:\n  %s", sourceName(file), len(reasons), strings.Join(reasons, "\n  "))
}

// checkText formats the warnings as text.
func checkText(file string, rules *prize.Rules, warnings []prize.Warning) []byte {
	var b bytes.Buffer
	file = sourceName(file)
	write := func(label string, matches func(prize.WarningKind) bool) {
		for _, w := range warnings {
			if !matches(w.Kind) {
				continue
			}
			fmt.Fprintf(&b, "%s: %s: %s", file, label, w.Message)
			if w.Example != "" {
				fmt.Fprintf(&b, " (for example %s)", w.Example)
			}
			b.WriteByte('\n')
		}
	}
	write("warning", func(k prize.WarningKind) bool { return k != prize.Overlap })
	write("note", func(k prize.WarningKind) bool { return k == prize.Overlap })
	prizes := 0
	for i := range rules.List {
		prizes += len(rules.List[i].Prizes)
	}
	fmt.Fprintf(&b, "%s: %s, %s, no mistakes, sha256 %s\n", file, show.Count(len(rules.List), "rule"), show.Count(prizes, "prize"), rules.SHA256())
	return b.Bytes()
}
