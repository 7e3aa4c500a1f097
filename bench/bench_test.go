package bench_test

import (
	"bytes"
	"io"
	"math/big"
	"runtime"
	"testing"

	"github.com/prizegen/prizegen/bench"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
)

// BenchmarkDraw makes one complete draw per iteration: it generates an account number,
// finds the first rule that matches it, selects the prize, and writes a line of CSV. The
// -cpu flag sets the number of cores.
func BenchmarkDraw(b *testing.B) {
	b.Run("ours", func(b *testing.B) { benchmarkOurs(b, draw.CSV) })
	b.Run("ours-ndjson", func(b *testing.B) { benchmarkOurs(b, draw.NDJSON) })
	b.Run("bound", func(b *testing.B) {
		if err := bench.Bound(b.N, runtime.GOMAXPROCS(0)); err != nil {
			b.Fatal(err)
		}
	})
	b.Run("peer-fmt", func(b *testing.B) { benchmarkPeer(b, (*bench.Peer).Pick, bench.NewFmtOutput) })
	b.Run("peer-csv", func(b *testing.B) { benchmarkPeer(b, (*bench.Peer).Pick, bench.NewCSVOutput) })
	b.Run("peer-weighted", func(b *testing.B) { benchmarkPeer(b, (*bench.Peer).PickWeighted, bench.NewCSVOutput) })
}

// BenchmarkAccount generates only an account number per iteration, because regular
// expressions take most of the peer's time for a complete draw.
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
		p, err := bench.NewPeer(42)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			p.Account()
		}
	})
}

func spec(tb testing.TB, count int) draw.Spec {
	tb.Helper()
	s, err := bench.Spec(count)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func benchmarkOurs(b *testing.B, format func(*draw.Spec) *draw.Encoding) {
	s := spec(b, b.N)
	b.ReportAllocs()
	b.ResetTimer()
	if err := bench.Ours(s, format, io.Discard); err != nil {
		b.Fatal(err)
	}
}

func benchmarkPeer(b *testing.B, pick func(*bench.Peer, *bench.Rule) bench.Choice, newOutput func() bench.Output) {
	b.ReportAllocs()
	if err := bench.Peers(b.N, runtime.GOMAXPROCS(0), pick, newOutput); err != nil {
		b.Fatal(err)
	}
}

// TestPeerIsFair checks that both sides do the same work: they must find the same rules,
// and their prizes must have the same mean value.
func TestPeerIsFair(t *testing.T) {
	p, err := bench.NewPeer(42)
	if err != nil {
		t.Fatal(err)
	}
	const n = 200_000
	s := spec(t, n)
	for _, pick := range []func(*bench.Peer, *bench.Rule) bench.Choice{(*bench.Peer).Pick, (*bench.Peer).PickWeighted} {
		total := 0.0
		for range n {
			account := p.Account()
			rule := p.Rule(account)
			if i, _ := s.Rules.Find(account); s.Rules.List[i].Name != rule.Name {
				t.Fatalf("rule for %s: got %s, want %s", account, rule.Name, s.Rules.List[i].Name)
			}
			value, _ := new(big.Float).SetString(pick(p, rule).Value)
			v, _ := value.Float64()
			total += v
		}
		odds := s.Rules.Odds(s.Text.Format, s.Number.Format)
		mean, _ := odds.Mean.Float64()
		// The difference must be within five standard errors of the mean. The seed is
		// fixed, so the result never changes.
		if got := total / n; got < mean-5*odds.StandardDeviation()/447 || got > mean+5*odds.StandardDeviation()/447 {
			t.Errorf("mean value of the peer's draws: got %.2f, want %.2f", got, mean)
		}
	}
}

// TestOurs checks that every draw is written as one line.
func TestOurs(t *testing.T) {
	var out bytes.Buffer
	if err := bench.Ours(spec(t, 10_000), draw.CSV, &out); err != nil {
		t.Fatal(err)
	}
	if got := bytes.Count(out.Bytes(), []byte("\n")); got != 10_000 {
		t.Errorf("lines: got %d, want 10000", got)
	}
}
