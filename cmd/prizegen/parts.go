package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/partgen"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// partsBatch is how many texts or numbers are made at a time.
const partsBatch = 1 << 16

// part is what the commands text and number differ in.
type part struct {
	name    string // text or number
	label   entropy.Label
	formats []string // that are deployed as implementations, the first one being the default
	usage   string   // of --format
	example string
	parse   func(format string) (partFormat, error)
}

// partFormat is a format, and how the parts of a range are made in it.
type partFormat struct {
	partgen.Format
	generate func(ctx context.Context, dst []byte, r entropy.Range) ([]byte, error)
}

func newTextCmd(a *app) *cobra.Command {
	return newPartCmd(a, part{
		name:    "text",
		label:   entropy.Text,
		formats: []string{textgen.Lower4, textgen.Upper2},
		usage:   "lower or upper and a length, or [ALPHABET] and a length",
		example: `  prizegen text
  prizegen text -n 5 --format upper2
  prizegen text -n 3 --format '[BCDFGHJKLM]3' --seed 42 -o json`,
		parse: func(format string) (partFormat, error) {
			f, err := textgen.Parse(format)
			return partFormat{f.Format, func(ctx context.Context, dst []byte, r entropy.Range) ([]byte, error) {
				return a.generator.Texts(ctx, dst, f, r)
			}}, err
		},
	})
}

func newNumberCmd(a *app) *cobra.Command {
	return newPartCmd(a, part{
		name:    "number",
		label:   entropy.Number,
		formats: []string{numgen.Digits4, numgen.Digits8},
		usage:   "digits and a length, or [ALPHABET] and a length",
		example: `  prizegen number
  prizegen number -n 5 --format digits8
  prizegen number -n 3 --format '[13579]6' --seed 42 -o json`,
		parse: func(format string) (partFormat, error) {
			f, err := numgen.Parse(format)
			return partFormat{f.Format, func(ctx context.Context, dst []byte, r entropy.Range) ([]byte, error) {
				return a.generator.Numbers(ctx, dst, f, r)
			}}, err
		},
	})
}

func newPartCmd(a *app, p part) *cobra.Command {
	cmd := &cobra.Command{
		Use:     p.name,
		Short:   "Generate the " + p.name + " part of account numbers",
		Example: p.example,
		Args:    cobra.NoArgs,
	}
	format := newValue("format", p.formats[0], p.parse)
	cmd.Flags().Var(format, "format", p.usage)
	complete(cmd, "format", p.formats...)
	run := newRunFlags(cmd).withCount(cmd, p.name+"s")
	output := newOutput(cmd, "plain", "json", "ndjson", "csv")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if a.calls(p.name) && !a.given(cmd, "format") {
			status, err := a.client.Status(cmd.Context(), p.name)
			if err != nil {
				return err
			}
			if err := format.Set(status.Implementation); err != nil {
				return fmt.Errorf("the format that is deployed as the %s service: %w", p.name, err)
			}
		}
		return a.parts(cmd, p, format.value, run, output.value)
	}
	return cmd
}

// parts makes the texts or numbers of a run and writes them.
func (a *app) parts(cmd *cobra.Command, p part, format partFormat, run runFlags, output string) error {
	ctx := cmd.Context()
	seed, err := a.seedOf(cmd, run)
	if err != nil {
		return err
	}
	all := seed.Range(p.label, run.start.value, run.count.value)
	progress := a.startProgress(all.Count, p.name)
	defer progress.stop()
	encoding := partEncoding{name: p.name, format: output, seed: seed, letters: format.Format}
	out := encoding.header()
	var batch []byte
	for done := uint64(0); done < all.Count; {
		n := min(all.Count-done, partsBatch)
		if batch, err = format.generate(ctx, batch[:0], all.Slice(done, done+n)); err != nil {
			break
		}
		out = encoding.append(out, batch, all.Start+done, done == 0)
		if err = a.write(out); err != nil {
			return err
		}
		out = out[:0]
		done += n
		progress.add(n)
	}
	if output == "json" {
		if footer := a.write([]byte("\n]\n")); err == nil {
			err = footer
		}
	}
	progress.stop()
	if seed.made && (err == nil || errors.Is(err, context.Canceled)) && (output == "plain" || output == "csv") {
		a.note("seed: %s", seed.Seed)
	}
	return err
}

// partEncoding writes texts or numbers.
type partEncoding struct {
	name, format string
	seed         runSeed
	letters      partgen.Format
}

func (e partEncoding) header() []byte {
	switch e.format {
	case "json":
		return []byte("[")
	case "csv":
		return []byte("index," + e.name + "\n")
	default:
		return nil
	}
}

// append writes parts that were made end to end.
func (e partEncoding) append(dst, parts []byte, index uint64, first bool) []byte {
	width := e.letters.Len()
	// What follows each part in JSON is the same for all.
	tail := `,"seed":` + jsonString(string(e.seed.Seed)) + `,"format":` + jsonString(e.letters.String())
	if e.seed.proof != nil {
		tail += `,"entropy":` + string(e.seed.proof)
	}
	tail += "}"
	for ; len(parts) > 0; parts = parts[width:] {
		text := string(parts[:width])
		switch e.format {
		case "plain":
			dst = append(append(dst, text...), '\n')
		case "csv":
			dst = append(strconv.AppendUint(dst, index, 10), ',')
			dst = append(append(dst, csvField(text)...), '\n')
		default:
			if e.format == "json" {
				dst = append(dst, ",\n"[btoi(first):]...)
			}
			dst = strconv.AppendUint(append(dst, `{"index":`...), index, 10)
			dst = append(append(append(dst, `,"`...), e.name...), `":`...)
			dst = append(append(dst, jsonString(text)...), tail...)
			if e.format == "ndjson" {
				dst = append(dst, '\n')
			}
		}
		index++
		first = false
	}
	return dst
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// jsonString writes a text as a JSON string.
func jsonString(s string) string {
	// Valid UTF-8 always encodes.
	b, _ := json.Marshal(s)
	return string(b)
}

// csvField quotes a text where CSV wants it.
func csvField(s string) string {
	if !strings.ContainsAny(s, "\",") {
		return s
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	// Writing to a strings.Builder never fails.
	_ = w.Write([]string{s})
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}
