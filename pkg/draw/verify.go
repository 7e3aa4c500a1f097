package draw

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/sourcegraph/conc/pool"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
)

// ProofCheck says what is wrong with the proof of where a seed comes from, a JSON
// object.
type ProofCheck func(seed entropy.Seed, proof jsontext.Value) error

// Finding is a draw of a file that does not hold, or several that do not for the
// same reason.
type Finding struct {
	Place   string `json:"place"`   // where it is in the file, for example line 3, or the first of them
	Problem string `json:"problem"` // what is wrong with it and what it should have been
	Draws   uint64 `json:"draws"`   // how many draws it is about
}

// Verify reads draws as [JSON] or [NDJSON] wrote them, or from the array draws of
// a JSON object, makes each anew with the generator, and tells found of those
// that do not come out the same: in the order of the file, but for what is wrong
// with the seed, the rules or the formats of many, which is told once at the end.
// rules finds the rules that a draw names, and proof checks where the seed of
// draws comes from that say so; it may be nil where none do. count, which may be nil, is told of
// draws read. None of them is called twice at once.
//
// Its error is about the reading, not about draws that do not hold; it wraps
// [ErrNotDraws] where the file is of another kind, truncated or has no draws.
func Verify(ctx context.Context, g Generator, file io.Reader, rules func(name string) (*prize.Rules, error), proof ProofCheck, count func(draws uint64), found func(Finding)) (Report, error) {
	source, err := newReader(file)
	if err != nil {
		return Report{}, err
	}
	v := newVerification(g, source, rules, proof)
	group := pool.New().WithContext(ctx).WithCancelOnError().WithFirstError()
	group.Go(v.read)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func(ctx context.Context) error {
			v.work(ctx)
			return nil
		})
	}
	var facts facts
	group.Go(func(ctx context.Context) error { return v.gather(ctx, &facts, count, found) })
	err = group.Wait()
	facts.tellShared(found)
	report := facts.report()
	if err == nil && report.Draws == 0 {
		err = fmt.Errorf("%w: there are no draws in it", ErrNotDraws)
	}
	return report, err
}

// piece is a part of a file with the draws in it, and what became of them.
type piece struct {
	text    []byte
	records []record
	ended   error // why there is no piece behind this one, nil where there is one

	checked  chan struct{} // receives when what follows is known
	held     uint64
	findings []Finding
	shared   []Finding // which others may have too
	runs     []verified
	fault    error // of the generator
}

// verification is one call of [Verify]: one goroutine reads pieces, each of the
// workers checks some of them, and one gathers the results in order.
type verification struct {
	g      Generator
	source *reader
	spare  chan *piece
	todo   chan *piece // read
	order  chan *piece // the same, in their order

	lock   sync.Mutex // guards what follows
	find   func(name string) (*prize.Rules, error)
	rules  map[string]*prize.Rules
	check  ProofCheck
	proofs map[[2]string]error // what became of seeds and their proofs
}

func newVerification(g Generator, source *reader, rules func(name string) (*prize.Rules, error), proof ProofCheck) *verification {
	n := 2*runtime.GOMAXPROCS(0) + 1
	v := &verification{
		g: g, source: source, find: rules, rules: map[string]*prize.Rules{}, check: proof, proofs: map[[2]string]error{},
		spare: make(chan *piece, n), todo: make(chan *piece, n), order: make(chan *piece, n),
	}
	for range n {
		v.spare <- &piece{checked: make(chan struct{}, 1)}
	}
	return v
}

// read reads the file. There is room for every piece in the channels, so that
// it only waits for a spare one.
func (v *verification) read(ctx context.Context) error {
	defer close(v.todo)
	defer close(v.order)
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case p := <-v.spare:
			p.ended = v.source.read(p)
			ended := p.ended != nil // which is no longer ours to look at
			v.order <- p
			v.todo <- p
			if ended {
				return nil
			}
		}
	}
}

// work checks pieces. A fault does not end it, since the pieces before the one
// that has it are still to be told of.
func (v *verification) work(ctx context.Context) {
	c := &checker{verification: v}
	for p := range v.todo {
		p.held, p.findings, p.shared, p.runs = 0, p.findings[:0], p.shared[:0], p.runs[:0]
		p.fault = c.check(ctx, p)
		p.checked <- struct{}{}
	}
}

// gather takes the results of the pieces together. It ends at the first error of
// the generator or of the file.
func (v *verification) gather(ctx context.Context, facts *facts, count func(draws uint64), found func(Finding)) error {
	for p := range v.order {
		select {
		case <-ctx.Done(): // also after a panic of those who check
			return context.Cause(ctx)
		case <-p.checked:
		}
		for _, f := range p.findings {
			found(f)
		}
		if p.fault != nil {
			return p.fault
		}
		facts.add(p, found)
		if count != nil {
			count(uint64(len(p.records)))
		}
		if p.ended != nil && !errors.Is(p.ended, io.EOF) {
			return p.ended
		}
		v.spare <- p
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// rulesNamed finds rules by their name. It asks for each only once where they are
// found.
func (v *verification) rulesNamed(name string) (*prize.Rules, error) {
	v.lock.Lock()
	defer v.lock.Unlock()
	if rules := v.rules[name]; rules != nil {
		return rules, nil
	}
	rules, err := v.find(name)
	if err == nil {
		v.rules[name] = rules
	}
	return rules, err
}

// maxProofs is how many seeds with proofs are remembered.
const maxProofs = 1000

// proved says what is wrong with the proof of a seed. Each is checked only once.
func (v *verification) proved(seed, proof string) error {
	v.lock.Lock()
	defer v.lock.Unlock()
	if v.check == nil {
		return errors.New("the seed has a proof of where it comes from, which is not checked here")
	}
	key := [2]string{seed, proof}
	err, known := v.proofs[key]
	if !known {
		if len(v.proofs) >= maxProofs {
			clear(v.proofs)
		}
		err = v.check(entropy.Seed(seed), jsontext.Value(proof))
		v.proofs[key] = err
	}
	return err
}
