package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
)

func newPrizeCmd(a *app) *cobra.Command {
	var o drawOptions
	cmd := &cobra.Command{
		Use:   "prize ACCOUNT... | -",
		Short: "Draw prizes for given account numbers",
		Long: `Draw a prize for each of the given account numbers.

With -, read them from standard input, one per line, and write each result immediately.
Empty lines are skipped.

Account number n gets the draw with index start+n-1 of the seed.`,
		Example: `  prizegen prize ABC123456
  prizegen prize --seed 42 --rules modest fucb0166 cujg9027
  prizegen prize - -o csv <accounts.txt >prizes.csv`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return hintError{errors.New("missing account number"), "specify account numbers, or - to read them from standard input"}
			}
			return nil
		},
	}
	o.run = newRunFlags(a, cmd)
	o.rules = newRulesFlag(a, cmd)
	o.output = settings.DefineOutput(a.table, cmd, "table", "json", "ndjson", "csv")
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return runPrize(cmd.Context(), a, o, args) }
	return cmd
}

// runPrize draws prizes for the given account numbers. A single "-" means standard input.
func runPrize(ctx context.Context, a *app, o drawOptions, accounts []string) error {
	noteLocalParts(a, remote.Prize)
	w, err := newDrawWriter(ctx, a, o, 1)
	if err != nil {
		return err
	}
	if len(accounts) == 1 && accounts[0] == "-" {
		w.spec.Count, w.spec.Accounts = 0, accountLines(a.stdin(ctx))
		w.accountWidth = 16 // wide enough for most account numbers; longer ones shift the rest of the line
		return w.run(ctx)
	}
	for _, account := range accounts {
		if account == "-" {
			return usagef("- for standard input must be the only argument")
		}
		if err := prize.CheckAccount(account); err != nil {
			return usageError{err}
		}
		w.accountWidth = max(w.accountWidth, len(account))
	}
	w.spec.Count = uint64(len(accounts))
	w.spec.Accounts = func(list *prize.Accounts) error {
		for len(accounts) > 0 && list.Len() < draw.BatchSize {
			list.Append(accounts[0])
			accounts = accounts[1:]
		}
		return nil
	}
	return w.run(ctx)
}

// accountLines returns a function that reads account numbers, one per line. The function
// returns a batch when reading more would block, so every typed line gets its result
// immediately.
func accountLines(in io.Reader) func(*prize.Accounts) error {
	reader, line := bufio.NewReaderSize(in, 64<<10), 0
	return func(list *prize.Accounts) error {
		for list.Len() < draw.BatchSize {
			if list.Len() > 0 && reader.Buffered() == 0 {
				return nil
			}
			text, err := reader.ReadSlice('\n')
			if errors.Is(err, io.EOF) && len(text) == 0 {
				return nil
			}
			line++
			switch {
			case errors.Is(err, bufio.ErrBufferFull): // CheckAccount rejects it
			case err != nil && !errors.Is(err, io.EOF):
				return fmt.Errorf("standard input: %w", withoutPath(err))
			}
			account := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
			if account == "" {
				continue
			}
			if err := prize.CheckAccount(account); err != nil {
				return fmt.Errorf("standard input, line %d: %w", line, err)
			}
			list.Append(account)
		}
		return nil
	}
}
