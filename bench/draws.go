package bench

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// Spec is the run that prizegen draw makes where nothing else is asked for.
func Spec(count int) (draw.Spec, error) {
	text, err := textgen.Parse(textgen.Default)
	if err != nil {
		return draw.Spec{}, err
	}
	number, err := numgen.Parse(numgen.Default)
	if err != nil {
		return draw.Spec{}, err
	}
	rules, err := prize.Builtin(prize.Generous)
	return draw.Spec{Seed: "42", Count: uint64(count), Text: text, Number: number, Rules: rules}, err
}

// Ours writes the draws of a spec, on all cores.
func Ours(s draw.Spec, format func(*draw.Spec) *draw.Encoding, w io.Writer) error {
	encoding := format(&s)
	return draw.Run(context.Background(), draw.Local{}, s, func(batch *draw.Batch) error {
		batch.Out = encoding.Append(batch.Out, batch)
		return nil
	}, func(batch *draw.Batch) error {
		_, err := w.Write(batch.Out)
		return err
	})
}

// Bound does only what can't be left out of so many draws: it makes the words of
// their streams, and copies the bytes of their lines of CSV. Each of the goroutines
// does its share.
func Bound(count, goroutines int) error {
	const batch = 256
	s, err := Spec(batch)
	if err != nil {
		return err
	}
	var lines []byte
	keep := writerFunc(func(out []byte) (int, error) {
		lines = append(lines, out...)
		return len(out), nil
	})
	if err := Ours(s, draw.CSV, keep); err != nil {
		return err
	}
	shares(count, goroutines, func(id, share int) {
		readers := make([]*entropy.Blocks, 0, 3)
		for _, label := range entropy.Labels() {
			readers = append(readers, entropy.NewStream(s.Seed.Subkey(label)).Blocks(uint64(id)<<40, 0))
		}
		words, out := make([]byte, batch*entropy.BlockSize), make([]byte, len(lines))
		for ; share > 0; share -= batch {
			for _, reader := range readers {
				// Reading blocks never fails.
				_, _ = reader.Read(words)
			}
			copy(out, lines)
		}
	})
	return nil
}

// Peers makes draws with gofakeit. Each of the goroutines has a peer and an output
// of its own, so that none waits for another; their lines need not be in order, as
// ours are.
func Peers(count, goroutines int, pick func(*Peer, *Rule) Choice, newOutput func() Output) error {
	peers := make([]*Peer, goroutines)
	for i := range peers {
		var err error
		if peers[i], err = NewPeer(uint64(i) + 1); err != nil {
			return err
		}
	}
	errs := make([]error, goroutines)
	shares(count, goroutines, func(id, share int) {
		p, write := peers[id], newOutput()
		for i := 0; i < share && errs[id] == nil; i++ {
			account := p.Account()
			rule := p.Rule(account)
			errs[id] = write(i, account, rule.Name, pick(p, rule))
		}
	})
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("a peer: %w", err)
		}
	}
	return nil
}

// shares has a count done in parts by as many goroutines.
func shares(count, goroutines int, do func(id, share int)) {
	var running sync.WaitGroup
	for id := range goroutines {
		running.Go(func() { do(id, count*(id+1)/goroutines-count*id/goroutines) })
	}
	running.Wait()
}

// writerFunc is an io.Writer.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
