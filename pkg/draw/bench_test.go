package draw_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// spec returns a spec for count draws with the default formats and rules.
func spec(tb testing.TB, count uint64) draw.Spec {
	tb.Helper()
	text, err := textgen.Parse(textgen.Default)
	if err != nil {
		tb.Fatal(err)
	}
	number, err := numgen.Parse(numgen.Default)
	if err != nil {
		tb.Fatal(err)
	}
	rules, err := prize.Builtin(prize.Default)
	if err != nil {
		tb.Fatal(err)
	}
	return draw.Spec{Seed: "42", Count: count, Text: text, Number: number, Rules: rules}
}

// BenchmarkRun measures whole draws, one per iteration: account number, prize and encoding.
// The flag -cpu sets the number of cores.
func BenchmarkRun(b *testing.B) {
	for _, format := range []struct {
		name string
		make func(*draw.Spec) *draw.Encoding
	}{{"csv", draw.CSV}, {"ndjson", draw.NDJSON}, {"none", nil}} {
		b.Run(format.name, func(b *testing.B) {
			spec := spec(b, uint64(b.N))
			var encode func(*draw.Batch) error
			bytes := int64(0)
			if format.make != nil {
				encoding := format.make(&spec)
				encode = func(batch *draw.Batch) error {
					batch.Out = encoding.Append(batch.Out, batch)
					return nil
				}
			}
			b.ReportAllocs()
			err := draw.Run(context.Background(), draw.Local{}, spec, encode, func(batch *draw.Batch) error {
				bytes += int64(len(batch.Out))
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mdraws/s")
			runtime.KeepAlive(bytes)
		})
	}
}
