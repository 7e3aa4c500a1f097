package bench

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// BenchmarkDraw makes one whole draw an iteration: an account number, the rule
// that matches it, the prize, and a line of CSV. The cores are those of -cpu.
func BenchmarkDraw(b *testing.B) {
	b.Run("ours", func(b *testing.B) { benchmarkOurs(b, draw.CSV) })
	b.Run("ours-ndjson", func(b *testing.B) { benchmarkOurs(b, draw.NDJSON) })
	b.Run("bound", benchmarkBound)
	b.Run("peer-fmt", func(b *testing.B) { benchmarkPeer(b, (*peer).pick, newFmtOutput) })
	b.Run("peer-csv", func(b *testing.B) { benchmarkPeer(b, (*peer).pick, newCSVOutput) })
	b.Run("peer-weighted", func(b *testing.B) { benchmarkPeer(b, (*peer).pickWeighted, newCSVOutput) })
}

// BenchmarkAccount makes only an account number an iteration, since the regular
// expressions take most of the peer's time in a whole draw.
func BenchmarkAccount(b *testing.B) {
	b.Run("ours", func(b *testing.B) {
		s := spec(b, b.N)
		texts, numbers := s.Seed.Range(entropy.Text, 0, s.Count), s.Seed.Range(entropy.Number, 0, s.Count)
		var text, number []byte
		var accounts prize.Accounts
		b.ReportAllocs()
		for from := uint64(0); from < s.Count; from += draw.BatchSize {
			to := min(from+draw.BatchSize, s.Count)
			text = s.Text.Append(text[:0], texts.Slice(from, to))
			number = s.Number.Append(number[:0], numbers.Slice(from, to))
			accounts.Join(text, s.Text.Len(), number, s.Number.Len())
		}
	})
	b.Run("peer", func(b *testing.B) {
		p := newPeer(b, 42)
		b.ReportAllocs()
		for b.Loop() {
			p.account()
		}
	})
}

// spec is the run that the command makes where nothing else is asked for.
func spec(tb testing.TB, count int) draw.Spec {
	tb.Helper()
	text, err := textgen.Parse(textgen.Default)
	if err != nil {
		tb.Fatal(err)
	}
	number, err := numgen.Parse(numgen.Default)
	if err != nil {
		tb.Fatal(err)
	}
	return draw.Spec{Seed: "42", Count: uint64(count), Text: text, Number: number, Rules: generous(tb)}
}

// ours writes the draws of a spec.
func ours(s draw.Spec, format func(*draw.Spec) *draw.Encoding, w io.Writer) error {
	encoding := format(&s)
	return draw.Run(context.Background(), draw.Local{}, s, func(batch *draw.Batch) error {
		batch.Out = encoding.Append(batch.Out, batch)
		return nil
	}, func(batch *draw.Batch) error {
		_, err := w.Write(batch.Out)
		return err
	})
}

func benchmarkOurs(b *testing.B, format func(*draw.Spec) *draw.Encoding) {
	s := spec(b, b.N)
	b.ReportAllocs()
	b.ResetTimer()
	if err := ours(s, format, io.Discard); err != nil {
		b.Fatal(err)
	}
}

// benchmarkBound does only what can't be left out: it makes the words of the
// draws, and copies the bytes of the lines.
func benchmarkBound(b *testing.B) {
	const batch = 256
	var csvBatch []byte
	if err := ours(spec(b, batch), draw.CSV, writerFunc(func(out []byte) (int, error) {
		csvBatch = append(csvBatch, out...)
		return len(out), nil
	})); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	var next atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		readers := make([]*entropy.Blocks, 0, 3)
		for _, label := range entropy.Labels() {
			readers = append(readers, entropy.NewStream(entropy.Seed("42").Subkey(label)).Blocks(uint64(next.Add(1))<<40, 0))
		}
		words, out := make([]byte, batch*entropy.BlockSize), make([]byte, len(csvBatch))
		for i := 0; pb.Next(); i++ {
			if i%batch > 0 {
				continue
			}
			for _, reader := range readers {
				_, _ = reader.Read(words)
			}
			copy(out, csvBatch)
		}
	})
}

// benchmarkPeer gives each core a peer and an output of its own, so that none
// waits for another. The lines of the cores need not be in order, as ours are.
func benchmarkPeer(b *testing.B, pick func(*peer, *peerRule) choice, newOutput func() output) {
	var seeds atomic.Uint64
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		p, out := newPeer(b, seeds.Add(1)), newOutput()
		for i := 0; pb.Next(); i++ {
			account := p.account()
			rule := p.rule(account)
			c := pick(p, rule)
			if err := out(i, account, rule.name, c); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// output writes a draw as a line of CSV.
type output func(index int, account, rule string, c choice) error

func newFmtOutput() output {
	w := bufio.NewWriterSize(io.Discard, 64<<10)
	return func(index int, account, rule string, c choice) error {
		_, err := fmt.Fprintf(w, "%d,%s,%s,%s,%s,GBP\n", index, account, rule, c.prize, c.value)
		return err
	}
}

func newCSVOutput() output {
	w := csv.NewWriter(bufio.NewWriterSize(io.Discard, 64<<10))
	return func(index int, account, rule string, c choice) error {
		return w.Write([]string{strconv.Itoa(index), account, rule, c.prize, c.value, "GBP"})
	}
}
