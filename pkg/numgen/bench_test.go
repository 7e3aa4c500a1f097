package numgen_test

import (
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
)

// BenchmarkAppend generates one number per iteration, 4096 per call.
func BenchmarkAppend(b *testing.B) {
	for name := range strings.SplitSeq("digits4,digits8,digits19,digits64", ",") {
		b.Run(name, func(b *testing.B) {
			format, err := numgen.Parse(name)
			if err != nil {
				b.Fatal(err)
			}
			all := entropy.Seed("42").Range(entropy.Number, 0, uint64(b.N))
			var out []byte
			b.ReportAllocs()
			for from := uint64(0); from < all.Count; from += 4096 {
				out = format.Append(out[:0], all.Slice(from, min(from+4096, all.Count)))
			}
		})
	}
}
