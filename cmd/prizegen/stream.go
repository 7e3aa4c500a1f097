package main

import (
	"context"
	"io"
	"math"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/prizegen/prizegen/pkg/entropy"
)

func newStreamCmd(a *app) *cobra.Command {
	label := &value[entropy.Label]{kind: "label", parse: func(text string) (entropy.Label, error) {
		if !slices.Contains(entropy.Labels(), entropy.Label(text)) {
			return "", usagef("expected text, number or prize")
		}
		return entropy.Label(text), nil
	}}
	bytes := &value[uint64]{kind: "count", parse: parseCount}
	cmd := &cobra.Command{
		Use:   "stream",
		Short: "Write raw random bytes of a seed, for test laboratories",
		Long: `Stream writes the words that draws are made from, before anything is decided with
them: 16 bytes for the draw of index --start, 16 for the next one, and so on.
They are AES-256 in counter mode under the subkey of the label, so a laboratory
can compute them with any other tool, and statistical tests can read them.`,
		Example: `  prizegen stream --label text --seed 42 --bytes 16 | xxd -p
  prizegen stream --label prize --bytes 1000000000 >prize.bin`,
		Args: cobra.NoArgs,
	}
	run := newRunFlags(cmd)
	cmd.Flags().Var(label, "label", "which stream: text, number or prize")
	cmd.Flags().Var(bytes, "bytes", "how many bytes to write")
	complete(cmd, "label", "text", "number", "prize")
	for _, flag := range []string{"label", "bytes"} {
		if err := cmd.MarkFlagRequired(flag); err != nil {
			panic("prizegen: " + err.Error()) // it was not defined before
		}
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if isTerminal(a.out) {
			return hintError{usagef("raw bytes are not for a terminal"), "pipe them into another program (| xxd) or redirect them into a file (>bytes.bin)"}
		}
		seed := run.seed.value
		if run.seed.text == "" {
			seed = entropy.NewSeed()
			a.note("seed: %s", seed)
		}
		return a.stream(cmd.Context(), seed.Range(label.value, run.start.value, 0), bytes.value)
	}
	return cmd
}

// stream writes the first blocks of the draws from r.Start on.
func (a *app) stream(ctx context.Context, r entropy.Range, bytes uint64) error {
	r.Count = (bytes-1)/entropy.BlockSize + 1
	if r.Check() != nil {
		most := (math.MaxUint64 - r.Start + 1) * entropy.BlockSize
		return usagef("%d bytes are too many from index %d on, expected 1 to %d: there are %d for each index, and indexes end at %d", bytes, r.Start, most, entropy.BlockSize, uint64(math.MaxUint64))
	}
	progress := a.startProgress(bytes, "byte")
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

// isTerminal says whether what is written is shown to someone at once.
func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
