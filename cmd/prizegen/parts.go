package main

import (
	"context"
	"encoding/csv"
	"errors"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/partgen"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// partsBatch is the number of texts or numbers that are generated in one batch.
const partsBatch = 1 << 16

// partRun is a run of the text or the number command.
type partRun struct {
	name   string // text or number
	label  entropy.Label
	run    runFlags
	count  *settings.Value[uint64]
	output *settings.Value[string]
}

// partFormat is a format with a function that appends the parts of a range to dst.
type partFormat struct {
	partgen.Format
	generate func(ctx context.Context, dst []byte, r entropy.Range) ([]byte, error)
}

func newTextCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "text",
		Short: "Generate the text part of account numbers",
		Example: `  prizegen text
  prizegen text -n 5 --format upper2
  prizegen text -n 3 --format '[BCDFGHJKLM]3' --seed 42 -o json`,
		Args: cobra.NoArgs,
	}
	given := settings.DefineAs[textgen.Format](a.table, cmd, "text-format", "format", "lower or upper and a length, or [ALPHABET] and a length")
	r := newPartRun(a, cmd, entropy.Text)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		f, err := textFormat(cmd.Context(), a, given)
		if err != nil {
			return err
		}
		return runParts(cmd.Context(), a, r, partFormat{f.Format, func(ctx context.Context, dst []byte, r entropy.Range) ([]byte, error) {
			return a.generator.Texts(ctx, dst, f, r)
		}})
	}
	return cmd
}

func newNumberCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "number",
		Short: "Generate the number part of account numbers",
		Example: `  prizegen number
  prizegen number -n 5 --format digits8
  prizegen number -n 3 --format '[13579]6' --seed 42 -o json`,
		Args: cobra.NoArgs,
	}
	given := settings.DefineAs[numgen.Format](a.table, cmd, "number-format", "format", "digits and a length, or [ALPHABET] and a length")
	r := newPartRun(a, cmd, entropy.Number)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		f, err := numberFormat(cmd.Context(), a, given)
		if err != nil {
			return err
		}
		return runParts(cmd.Context(), a, r, partFormat{f.Format, func(ctx context.Context, dst []byte, r entropy.Range) ([]byte, error) {
			return a.generator.Numbers(ctx, dst, f, r)
		}})
	}
	return cmd
}

func newPartRun(a *app, cmd *cobra.Command, label entropy.Label) partRun {
	name := cmd.Name()
	return partRun{
		name: name, label: label,
		run: newRunFlags(a, cmd), count: newCountFlag(a, cmd, name+"s"),
		output: settings.DefineOutput(a.table, cmd, "plain", "json", "ndjson", "csv"),
	}
}

// runParts generates the texts or numbers of a run and writes them.
func runParts(ctx context.Context, a *app, p partRun, format partFormat) error {
	noteLocalParts(a, p.name)
	seed, err := seedOf(ctx, a, p.run, p.count.Get())
	if err != nil {
		return err
	}
	all := seed.Range(p.label, p.run.start.Get(), p.count.Get())
	progress := startProgress(a, all.Count, p.name)
	defer progress.stop()
	output := p.output.Get()
	encoding := newPartEncoding(p.name, output, seed, format.Format)
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
	if seed.isNew && (err == nil || errors.Is(err, context.Canceled)) && (output == "plain" || output == "csv") {
		a.note("seed: %s", seed.Seed)
	}
	return err
}

// partEncoding encodes texts or numbers.
type partEncoding struct {
	name, format string
	width        int
	isPlain      bool   // whether parts need no escapes in JSON
	tail         string // the end of every JSON object
}

func newPartEncoding(name, format string, seed runSeed, letters partgen.Format) partEncoding {
	tail := `,"seed":` + jsonString(string(seed.Seed)) + `,"format":` + jsonString(letters.String())
	if seed.proof != nil {
		tail += `,"entropy":` + string(seed.proof)
	}
	return partEncoding{name: name, format: format, width: letters.Len(), isPlain: !strings.ContainsAny(letters.String(), `"\<>&`), tail: tail + "}"}
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

// append appends parts, all of which have the same width.
func (e partEncoding) append(dst, parts []byte, index uint64, first bool) []byte {
	for ; len(parts) > 0; parts = parts[e.width:] {
		text := string(parts[:e.width])
		switch e.format {
		case "plain":
			dst = append(append(dst, text...), '\n')
		case "csv":
			dst = append(strconv.AppendUint(dst, index, 10), ',')
			dst = append(append(dst, csvField(text)...), '\n')
		default:
			switch {
			case e.format == "json" && first:
				dst = append(dst, '\n')
			case e.format == "json":
				dst = append(dst, ",\n"...)
			}
			dst = strconv.AppendUint(append(dst, `{"index":`...), index, 10)
			dst = append(append(append(dst, `,"`...), e.name...), `":`...)
			if e.isPlain {
				dst = append(append(append(dst, '"'), text...), '"')
			} else {
				dst = append(dst, jsonString(text)...)
			}
			dst = append(dst, e.tail...)
			if e.format == "ndjson" {
				dst = append(dst, '\n')
			}
		}
		index++
		first = false
	}
	return dst
}

// jsonString returns s as a JSON string.
func jsonString(s string) string {
	// Encoding a string never fails.
	text, _ := show.JSONLine(s, jsontext.EscapeForHTML(true))
	return string(text)
}

// csvField returns s as a CSV field, in quotes if it needs them.
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
