package main

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// exclusive makes a command reject flag together with any of the others.
func exclusive(cmd *cobra.Command, flag string, others ...string) {
	for _, other := range others {
		cmd.MarkFlagsMutuallyExclusive(flag, other)
	}
}

// oneArg requires exactly one argument. Its errors name the argument and include the
// hint.
func oneArg(what, hint string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return hintError{fmt.Errorf("expected one %s, got %d", what, len(args)), hint}
		}
		return nil
	}
}

// formats are the --text and --number flags.
type formats struct {
	text   *settings.Value[textgen.Format]
	number *settings.Value[numgen.Format]
}

func newFormats(a *app, cmd *cobra.Command) formats {
	return formats{
		text:   settings.DefineAs[textgen.Format](a.table, cmd, "text-format", "text", ""),
		number: settings.DefineAs[numgen.Format](a.table, cmd, "number-format", "number", ""),
	}
}

// resolve returns the given formats. For a format that was not given, it returns the
// deployed one.
func (f formats) resolve(ctx context.Context, a *app) (text textgen.Format, number numgen.Format, err error) {
	if text, err = textFormat(ctx, a, f.text); err == nil {
		number, err = numberFormat(ctx, a, f.number)
	}
	return text, number, err
}

// runFlags are the flags that select a run of draws.
type runFlags struct {
	seed  *settings.Value[entropy.Seed]
	start *settings.Value[uint64]
	new   entropyFlags // where a new seed comes from
}

func newRunFlags(a *app, cmd *cobra.Command) runFlags {
	f := runFlags{
		seed:  settings.Define[entropy.Seed](a.table, cmd, "seed"),
		start: settings.Define[uint64](a.table, cmd, "start"),
		new:   newEntropyFlags(a, cmd),
	}
	exclusive(cmd, "seed", "entropy", "drand-round")
	return f
}

// newCountFlag adds the --count flag. what is the plural noun in its usage text, such as
// "draws".
func newCountFlag(a *app, cmd *cobra.Command, what string) *settings.Value[uint64] {
	return settings.DefineAs[uint64](a.table, cmd, "count", "count", "make this many "+what)
}

// newRulesFlag adds the --rules flag.
func newRulesFlag(a *app, cmd *cobra.Command) *settings.Value[string] {
	return settings.Define[string](a.table, cmd, "rules")
}

// newDBFlag adds the --db flag.
func newDBFlag(a *app, cmd *cobra.Command) *settings.Value[string] {
	return settings.Define[string](a.table, cmd, "db")
}

// runSeed is the seed of a run.
type runSeed struct {
	entropy.Seed
	proof jsontext.Value // proves where the seed comes from; nil if there is no proof
	isNew bool           // whether it was generated for this run
}

// seedOf returns the seed for a run of count draws; if none was given, it generates one.
// It returns an error if the run extends beyond the last index.
func seedOf(ctx context.Context, a *app, f runFlags, count uint64) (runSeed, error) {
	if err := (entropy.Range{Start: f.start.Get(), Count: count}).Check(); err != nil {
		return runSeed{}, usageError{err}
	}
	if f.seed.Given() && !f.new.source.Typed() {
		return runSeed{Seed: f.seed.Get()}, nil
	}
	seed, proof, err := newSeed(ctx, a, f.new)
	return runSeed{Seed: seed, proof: proof, isNew: true}, err
}

// completeRules completes the names of built-in rules and of files.
func completeRules(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return prize.Builtins(), cobra.ShellCompDirectiveDefault
}
