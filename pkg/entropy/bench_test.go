package entropy_test

import (
	"testing"

	"github.com/prizegen/prizegen/pkg/entropy"
)

// BenchmarkWords reads words of one index, words of consecutive indexes with a seek for
// each, and blocks in bulk, as bulk draws do. Each iteration reads one word or one block.
func BenchmarkWords(b *testing.B) {
	stream := entropy.NewStream(entropy.Seed("42").Subkey(entropy.Prize))
	b.Run("stream", func(b *testing.B) {
		b.ReportAllocs()
		stream.Seek(0)
		for b.Loop() {
			stream.Uint64()
		}
	})
	b.Run("seek", func(b *testing.B) {
		b.ReportAllocs()
		for index := uint64(0); b.Loop(); index++ {
			stream.Seek(index)
			stream.Uint64()
		}
	})
	b.Run("bulk", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(entropy.BlockSize)
		blocks := stream.Blocks(0, 0)
		words := make([]byte, 256*entropy.BlockSize)
		for left := b.N; left > 0; left -= 256 {
			_, _ = blocks.Read(words[:min(left, 256)*entropy.BlockSize])
		}
	})
}

// BenchmarkUniform generates one bounded number per iteration.
func BenchmarkUniform(b *testing.B) {
	stream := entropy.NewStream(entropy.Seed("42").Subkey(entropy.Prize))
	b.ReportAllocs()
	for b.Loop() {
		stream.Uniform(1000)
	}
}
