package textgen_test

import (
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// BenchmarkAppend generates one text per iteration, 4096 per call.
func BenchmarkAppend(b *testing.B) {
	for name := range strings.SplitSeq("lower4,upper2,lower13,lower64", ",") {
		b.Run(name, func(b *testing.B) {
			format, err := textgen.Parse(name)
			if err != nil {
				b.Fatal(err)
			}
			all := entropy.Seed("42").Range(entropy.Text, 0, uint64(b.N))
			var out []byte
			b.ReportAllocs()
			for from := uint64(0); from < all.Count; from += 4096 {
				out = format.Append(out[:0], all.Slice(from, min(from+4096, all.Count)))
			}
		})
	}
}
