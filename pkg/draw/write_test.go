package draw_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/prizegen/prizegen/pkg/draw"
)

// TestWrite checks that Write produces the same output and tally as Run with a loop that
// encodes and counts the draws.
func TestWrite(t *testing.T) {
	spec := spec(t, 3*draw.BatchSize+5)
	want := make([]uint64, spec.Rules.Outcomes())
	var text []byte
	encoding := draw.CSV(&spec)
	if err := draw.Run(t.Context(), draw.Local{}, spec, nil, func(b *draw.Batch) error {
		text = encoding.Append(text, b)
		for _, o := range b.Outcomes {
			want[o]++
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	tally := draw.NewTally(spec.Rules)
	var out bytes.Buffer
	if err := draw.Write(t.Context(), draw.Local{}, spec, encoding, &out, tally.Add); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), text) {
		t.Errorf("output: got %d bytes, want the %d bytes encoded batch by batch", out.Len(), len(text))
	}
	if got := tally.Counts(); !slices.Equal(got, want) {
		t.Errorf("counts: got %v, want %v", got, want)
	}
}

// fullDisk is a writer that returns err after room writes.
type fullDisk struct {
	room int
	err  error
}

func (d *fullDisk) Write(p []byte) (int, error) {
	if d.room == 0 {
		return 0, d.err
	}
	d.room--
	return len(p), nil
}

// TestWriteErrors checks that Write returns the errors of the writer and the context.
func TestWriteErrors(t *testing.T) {
	spec := spec(t, 100*draw.BatchSize)
	full := errors.New("no space left")
	tally := draw.NewTally(spec.Rules)
	if err := draw.Write(t.Context(), draw.Local{}, spec, draw.NDJSON(&spec), &fullDisk{2, full}, tally.Add); !errors.Is(err, full) {
		t.Errorf("full disk: got error %v, want the writer's error", err)
	}
	if sample := draw.Compare(spec.Seed, tally.Counts(), spec.Rules.Odds(spec.Text.Format, spec.Number.Format)); sample.Draws != 3*draw.BatchSize {
		t.Errorf("draws in the tally: got %d, want %d", sample.Draws, 3*draw.BatchSize)
	}
	ctx, cancel := context.WithCancel(t.Context())
	batches := 0
	err := draw.Write(ctx, draw.Local{}, spec, draw.NDJSON(&spec), &fullDisk{room: 1000}, func(*draw.Batch) {
		if batches++; batches == 2 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || batches == 100 {
		t.Errorf("cancelled context: got error %v after %d batches, want context.Canceled before 100", err, batches)
	}
}
