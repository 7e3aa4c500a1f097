package main

import (
	"bytes"
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/lipgloss/table"
	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/atomicfile"
	"github.com/prizegen/prizegen/pkg/prize"
)

// starter is the rules file that rules init writes.
//
//go:embed starter.yaml
var starter []byte

func newRulesCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "List, show, check and begin rules files",
		Example: `  prizegen rules list
  prizegen rules show generous
  prizegen rules init summer.yaml
  prizegen rules check summer.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newRulesListCmd(a), newRulesShowCmd(a), newRulesCheckCmd(a), newRulesInitCmd(a))
	return cmd
}

// rulesEntry is a line of rules list.
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
		Long:    "List lists the built-in rules, with the odds of account numbers of the formats.",
		Example: "  prizegen rules list\n  prizegen rules list -o json",
		Args:    cobra.NoArgs,
	}
	formats := newFormats(cmd)
	output := newOutput(cmd, "table", "json")
	cmd.RunE = func(*cobra.Command, []string) error {
		var entries []rulesEntry
		s := a.styles()
		t := table.New().Headers("NAME", "RULES", "WIN", "COST A DRAW", "SHA-256").Border(lipgloss.HiddenBorder()).
			BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).BorderColumn(false).BorderHeader(false).
			StyleFunc(func(row, _ int) lipgloss.Style {
				if row == table.HeaderRow {
					return s.head.PaddingRight(2)
				}
				return lipgloss.NewStyle().PaddingRight(2)
			})
		for _, name := range prize.Builtins() {
			rules, err := prize.Builtin(name)
			if err != nil {
				return err
			}
			odds := rules.Odds(formats.text.value.Format, formats.number.value.Format)
			entries = append(entries, rulesEntry{name, rules.Currency.Code, len(rules.List), odds.Win.RatString(), odds.Mean.RatString(), rules.SHA256()})
			t.Row(name, fmt.Sprint(len(rules.List)), prize.Percent(odds.Win), rules.Currency.FormatRat(odds.Mean, 2), rules.SHA256()[:16]+"…")
		}
		if output.value == "json" {
			return a.writeJSON(entries)
		}
		return a.write([]byte(trimLines(t.Render())))
	}
	return cmd
}

// trimLines takes the spaces off the ends of lines.
func trimLines(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}

// oneRef wants exactly one argument that names rules.
func oneRef(hint string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return hintError{fmt.Errorf("%d arguments were given, expected one", len(args)), hint}
		}
		return nil
	}
}

func newRulesShowCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "show RULES",
		Short:             "Show the YAML of rules",
		Long:              "Show writes the YAML of built-in rules, or of a file once it was found free of mistakes.",
		Example:           "  prizegen rules show generous >mine.yaml",
		Args:              oneRef("give the name of built-in rules (see prizegen rules list) or a file"),
		ValidArgsFunction: completeRules,
		RunE: func(_ *cobra.Command, args []string) error {
			rules, err := a.loadRules(args[0])
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
		Short: "Write a commented rules file to begin with",
		Long: `Init writes a commented rules file to begin with, rules.yaml where no name is
given, and - for standard output. It does not replace a file unless told to.`,
		Example: "  prizegen rules init summer.yaml\n  prizegen rules init - | less",
		Args:    cobra.MaximumNArgs(1),
	}
	cmd.Flags().BoolVarP(&force, "force", "f", false, "replace the file if it is there")
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
			return hintError{err, "give another name, or --force to replace it"}
		}
		if err != nil {
			return err
		}
		a.note("wrote %s; now edit it, then: prizegen rules check %s", name, shellWord(name))
		return nil
	}
	return cmd
}

func newRulesCheckCmd(a *app) *cobra.Command {
	var strict bool
	cmd := &cobra.Command{
		Use:   "check FILE | -",
		Short: "Find what is wrong or doubtful in a rules file",
		Long: `Check reads a rules file and reports every mistake with its line and column. In a
file without mistakes it looks, given the formats of the account numbers, for
rules and prizes that no account number can reach, rules that overlap with
different prizes (the first one decides), and account numbers that no rule covers.`,
		Example: "  prizegen rules check summer.yaml\n  prizegen rules check --text upper2 --number digits8 summer.yaml",
		Args:    oneRef("give the file to check, or - for standard input"),
	}
	formats := newFormats(cmd)
	cmd.Flags().BoolVar(&strict, "strict", false, "fail if a prize can't be reached or an account number is not covered")
	output := newOutput(cmd, "text", "json")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		rules, err := a.loadRules(args[0])
		var wrong *prize.FileError
		if errors.As(err, &wrong) && output.value == "json" {
			err = errors.Join(err, a.writeJSON(struct {
				Mistakes []prize.Mistake `json:"mistakes"`
			}{wrong.Mistakes}))
		}
		if err != nil {
			return err
		}
		warnings := rules.Check(formats.text.value.Format, formats.number.value.Format)
		if output.value == "json" {
			err = a.writeJSON(struct {
				Rules    string          `json:"rules"`
				SHA256   string          `json:"rules_sha256"`
				Warnings []prize.Warning `json:"warnings"`
			}{rules.Name, rules.SHA256(), append([]prize.Warning{}, warnings...)})
		} else {
			err = a.write(checkText(args[0], rules, warnings))
		}
		if err != nil || !strict {
			return err
		}
		return refusal(args[0], warnings)
	}
	return cmd
}

// refusal names everything that a campaign can't have, nil where there is nothing.
func refusal(file string, warnings []prize.Warning) error {
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

// checkText tells what a check found.
func checkText(file string, rules *prize.Rules, warnings []prize.Warning) []byte {
	var b bytes.Buffer
	file = sourceName(file)
	// Warnings first, so that notes do not hide them.
	slices.SortStableFunc(warnings, func(x, y prize.Warning) int {
		return cmp.Compare(btoi(x.Kind == prize.Overlap), btoi(y.Kind == prize.Overlap))
	})
	for _, w := range warnings {
		label := "warning"
		if w.Kind == prize.Overlap {
			label = "note"
		}
		fmt.Fprintf(&b, "%s: %s: %s", file, label, w.Message)
		if w.Example != "" {
			fmt.Fprintf(&b, " (for example %s)", w.Example)
		}
		b.WriteByte('\n')
	}
	prizes := 0
	for i := range rules.List {
		prizes += len(rules.List[i].Prizes)
	}
	fmt.Fprintf(&b, "%s: %s, %s, no mistakes, sha256 %s\n", file, show.Count(len(rules.List), "rule"), show.Count(prizes, "prize"), rules.SHA256())
	return b.Bytes()
}
