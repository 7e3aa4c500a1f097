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

// Spec returns the spec of a run of count draws with the defaults of prizegen draw.
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

// Ours makes the draws of a spec on all cores and writes them to w.
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

// Bound does only the unavoidable work for count draws, on several goroutines: it computes
// the words of their streams, and copies the bytes of their CSV lines.
func Bound(count, goroutines int) error {
	const batch = 256
	s, err := Spec(batch)
	if err != nil {
		return err
	}
	var lines []byte
	collect := writerFunc(func(out []byte) (int, error) {
		lines = append(lines, out...)
		return len(out), nil
	})
	if err := Ours(s, draw.CSV, collect); err != nil {
		return err
	}
	split(count, goroutines, func(id, share int) {
		readers := make([]*entropy.Blocks, 0, 3)
		for _, label := range entropy.Labels() {
			readers = append(readers, entropy.NewStream(s.Seed.Subkey(label)).Blocks(uint64(id)<<40, 0))
		}
		words, out := make([]byte, batch*entropy.BlockSize), make([]byte, len(lines))
		for ; share > 0; share -= batch {
			for _, reader := range readers {
				_, _ = reader.Read(words) // never returns an error
			}
			copy(out, lines)
		}
	})
	return nil
}

// Peers makes draws with gofakeit on several goroutines. Each goroutine has its own peer
// and its own output, so that none waits for another. Unlike the lines from [Ours], the
// lines are not in order.
func Peers(count, goroutines int, pick func(*Peer, *Rule) Choice, newOutput func() Output) error {
	peers := make([]*Peer, goroutines)
	for i := range peers {
		var err error
		if peers[i], err = NewPeer(uint64(i) + 1); err != nil {
			return err
		}
	}
	errs := make([]error, goroutines)
	split(count, goroutines, func(id, share int) {
		p, write := peers[id], newOutput()
		for i := 0; i < share && errs[id] == nil; i++ {
			account := p.Account()
			rule := p.Rule(account)
			errs[id] = write(i, account, rule.Name, pick(p, rule))
		}
	})
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("peer: %w", err)
		}
	}
	return nil
}

// split divides count among goroutines that call do, and waits for them.
func split(count, goroutines int, do func(id, share int)) {
	var running sync.WaitGroup
	for id := range goroutines {
		running.Go(func() { do(id, count*(id+1)/goroutines-count*id/goroutines) })
	}
	running.Wait()
}

// writerFunc implements [io.Writer].
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
