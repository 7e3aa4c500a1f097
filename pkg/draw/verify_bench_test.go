package draw_test

import (
	"bytes"
	"testing"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
)

// BenchmarkVerify measures the verification of a file with 100,000 draws.
func BenchmarkVerify(b *testing.B) {
	spec := spec(b, 100_000)
	for name, encoding := range map[string]*draw.Encoding{"NDJSON": draw.NDJSON(&spec), "JSON": draw.JSON(&spec)} {
		b.Run(name, func(b *testing.B) {
			file := encodeAll(b, spec, encoding)
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				_, err := draw.Verify(b.Context(), draw.Local{}, bytes.NewReader(file), draw.VerifyOptions{
					Rules: prize.Builtin,
					Found: func(f draw.Finding) { b.Fatalf("%s: %s", f.Place, f.Problem) },
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
