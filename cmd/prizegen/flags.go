package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// value is a flag whose text is parsed by the package that knows what it means,
// so that a wrong one is reported with the name of the flag.
type value[T any] struct {
	kind  string // what help calls it
	text  string
	value T
	parse func(string) (T, error)
}

var _ pflag.Value = (*value[int])(nil)

func (v *value[T]) String() string { return v.text }
func (v *value[T]) Type() string   { return v.kind }

func (v *value[T]) Set(text string) error {
	parsed, err := v.parse(text)
	if err != nil {
		return err
	}
	v.text, v.value = text, parsed
	return nil
}

// newValue makes a flag with a default, which must parse.
func newValue[T any](kind, text string, parse func(string) (T, error)) *value[T] {
	v := &value[T]{kind: kind, parse: parse}
	if err := v.Set(text); err != nil {
		panic("prizegen: default of a flag: " + err.Error())
	}
	return v
}

func parseCount(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("expected a whole number from 1 to %d", uint64(math.MaxUint64))
	}
	return n, nil
}

func parseIndex(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("expected a whole number from 0 to %d (2^64-1)", uint64(math.MaxUint64))
	}
	return n, nil
}

// newOutput defines --output: one of the formats that a command writes, the first
// one where none is asked for.
func newOutput(cmd *cobra.Command, formats ...string) *value[string] {
	v := newValue("format", formats[0], func(text string) (string, error) {
		if !slices.Contains(formats, text) {
			return "", fmt.Errorf("expected %s", strings.Join(formats, ", "))
		}
		return text, nil
	})
	cmd.Flags().VarP(v, "output", "o", "how to write the result: "+strings.Join(formats, ", "))
	complete(cmd, "output", formats...)
	return v
}

// complete has the shell offer values for a flag.
func complete(cmd *cobra.Command, flag string, values ...string) {
	completeWith(cmd, flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// completeWith has the shell offer what a function finds for a flag.
func completeWith(cmd *cobra.Command, flag string, offer cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, offer); err != nil {
		panic("prizegen: " + err.Error()) // the flag was not defined before
	}
}

// formats are the flags --text and --number.
type formats struct {
	text   *value[textgen.Format]
	number *value[numgen.Format]
}

func newFormats(cmd *cobra.Command) formats {
	f := formats{
		text:   newValue("format", textgen.Default, textgen.Parse),
		number: newValue("format", numgen.Default, numgen.Parse),
	}
	cmd.Flags().Var(f.text, "text", "format of the text: lower or upper and a length, or [ALPHABET] and a length")
	cmd.Flags().Var(f.number, "number", "format of the number: digits and a length, or [ALPHABET] and a length")
	nameSetting(cmd, "text", "text-format")
	nameSetting(cmd, "number", "number-format")
	complete(cmd, "text", textgen.Lower4, textgen.Upper2)
	complete(cmd, "number", numgen.Digits4, numgen.Digits8)
	return f
}

// runFlags are the flags that say which run of draws is meant.
type runFlags struct {
	seed  *value[entropy.Seed]
	start *value[uint64]
	count *value[uint64]
	made  entropyFlags // where a seed comes from that was not given
}

func newRunFlags(cmd *cobra.Command) runFlags {
	f := runFlags{
		seed:  &value[entropy.Seed]{kind: "text", parse: entropy.ParseSeed},
		start: newValue("index", "0", parseIndex),
		count: newValue("count", "1", parseCount),
	}
	cmd.Flags().Var(f.seed, "seed", "replay the run of this seed (default: a new one of 256 random bits)")
	cmd.Flags().Var(f.start, "start", "index of the first draw")
	f.made = newEntropyFlags(cmd)
	return f
}

func (f runFlags) withCount(cmd *cobra.Command, what string) runFlags {
	cmd.Flags().VarP(f.count, "count", "n", "how many "+what+" to make")
	return f
}

// runSeed is the seed of a run.
type runSeed struct {
	entropy.Seed
	proof jsontext.Value // of where it comes from, nil for none
	made  bool           // and not given
}

// seedOf gives the seed of a run, or makes one where none was given. It checks that
// all indexes exist.
func (a *app) seedOf(cmd *cobra.Command, f runFlags) (runSeed, error) {
	if err := alone(cmd, "seed", "entropy", "drand-round"); err != nil {
		return runSeed{}, err
	}
	if err := (entropy.Range{Start: f.start.value, Count: f.count.value}).Check(); err != nil {
		return runSeed{}, usageError{err}
	}
	if f.seed.text != "" && !cmd.Flags().Changed("entropy") {
		return runSeed{Seed: f.seed.value}, nil
	}
	seed, proof, err := a.newSeed(cmd.Context(), f.made)
	return runSeed{Seed: seed, proof: proof, made: true}, err
}

// newRulesFlag defines --rules.
func newRulesFlag(cmd *cobra.Command) *string {
	rules := cmd.Flags().String("rules", prize.Default, "rules: "+strings.Join(prize.Builtins(), ", ")+" or a YAML `file`")
	err := cmd.RegisterFlagCompletionFunc("rules", completeRules)
	if err != nil {
		panic("prizegen: " + err.Error())
	}
	return rules
}

// completeRules offers the built-in rules, and files.
func completeRules(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return prize.Builtins(), cobra.ShellCompDirectiveDefault
}

// alone refuses a flag that stands beside one of the others.
func alone(cmd *cobra.Command, flag string, others ...string) error {
	for _, other := range others {
		if cmd.Flags().Changed(flag) && cmd.Flags().Changed(other) {
			return usagef("--%s can't stand beside --%s", flag, other)
		}
	}
	return nil
}
