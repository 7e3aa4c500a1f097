package main

import (
	"context"
	"io"
	"math"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/pkg/entropy"
)

func newStreamCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "stream",
		Short: "Write the raw random bytes of a seed for testing",
		Long: `Write the random words that draws are computed from: 16 bytes for the draw with index
--start, 16 bytes for the next draw, and so on.

They are the output of AES-256 in counter mode with the subkey for the label. Test
laboratories can compute them with other tools and run statistical tests on them.`,
		Example: `  prizegen stream --label text --seed 42 --bytes 16 | xxd -p
  prizegen stream --label prize --bytes 1000000000 >prize.bin`,
		Args: cobra.NoArgs,
	}
	run := newRunFlags(a, cmd)
	label := settings.Define[entropy.Label](a.table, cmd, "label")
	bytes := settings.Define[uint64](a.table, cmd, "bytes")
	for _, flag := range []string{"label", "bytes"} {
		if err := cmd.MarkFlagRequired(flag); err != nil {
			panic("prizegen: " + err.Error()) // the flag is not defined
		}
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if isTerminal(a.out) {
			return hintError{usagef("raw bytes cannot be shown on a terminal"), "pipe them into another program (| xxd) or redirect them into a file (>bytes.bin)"}
		}
		seed := run.seed.Get()
		if !run.seed.Given() {
			seed = entropy.NewSeed()
			a.note("seed: %s", seed)
		}
		return runStream(cmd.Context(), a, seed.Range(label.Get(), run.start.Get(), 0), bytes.Get())
	}
	return cmd
}

// runStream writes the first block of each draw, beginning with index r.Start.
func runStream(ctx context.Context, a *app, r entropy.Range, bytes uint64) error {
	r.Count = (bytes-1)/entropy.BlockSize + 1
	if r.Check() != nil {
		limit := (math.MaxUint64 - r.Start + 1) * entropy.BlockSize
		return usagef("--bytes must be from 1 to %d at index %d, got %d: each index has %d bytes, and the last index is %d", limit, r.Start, bytes, entropy.BlockSize, uint64(math.MaxUint64))
	}
	progress := startProgress(a, bytes, "byte")
	defer progress.stop()
	blocks := entropy.NewStream(r.Key).Blocks(r.Start, 0)
	buffer := make([]byte, 1<<20)
	for bytes > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(bytes, uint64(len(buffer)))
		if _, err := io.ReadFull(blocks, buffer[:n]); err != nil {
			return err
		}
		if err := a.write(buffer[:n]); err != nil {
			return err
		}
		bytes -= n
		progress.add(n)
	}
	return nil
}
