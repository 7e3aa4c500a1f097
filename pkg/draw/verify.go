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

// ProofCheck returns an error if proof, a JSON object, does not prove the origin of seed.
type ProofCheck func(seed entropy.Seed, proof jsontext.Value) error

// VerifyOptions configures [Verify], which never calls two of its functions at the same
// time.
type VerifyOptions struct {
	Rules    func(name string) (*prize.Rules, error) // returns the rules with the given name
	Proof    ProofCheck                              // if nil, draws whose seed has a proof are invalid
	Progress func(draws uint64)                      // if not nil, called with the number of draws checked since the last call
	Found    func(Finding)                           // called for each finding
}

// Finding describes one or more draws of a file that are invalid for the same reason.
type Finding struct {
	Place   string `json:"place"`   // position of the first of these draws, such as line 3
	Problem string `json:"problem"` // what is wrong and what was expected
	Draws   uint64 `json:"draws"`   // number of draws
}

// Verify recomputes the draws of a file with the generator and compares the results with
// the file. The file must have the format that [JSON] or [NDJSON] writes, or be a JSON
// object with the array in its member "draws".
//
// Findings come in the order of the file. If the seed, the rules or the formats of many
// draws are wrong, there is one finding for all of them at the end.
//
// Invalid draws are findings, not errors. An error comes from the file, the generator or the
// context. It wraps [ErrNotDraws] if the file has no draws, is truncated or is in another
// format.
func Verify(ctx context.Context, g Generator, file io.Reader, o VerifyOptions) (Report, error) {
	source, err := newFileReader(file)
	if err != nil {
		return Report{}, err
	}
	v := newVerification(g, source, o)
	group := pool.New().WithContext(ctx).WithCancelOnError().WithFirstError()
	group.Go(v.read)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func(ctx context.Context) error {
			v.work(ctx)
			return nil
		})
	}
	var s summary
	group.Go(func(ctx context.Context) error { return v.collect(ctx, &s) })
	err = group.Wait()
	for _, f := range s.shared {
		o.Found(f)
	}
	report := s.report()
	if err == nil && report.Draws == 0 {
		err = fmt.Errorf("%w: no draws found", ErrNotDraws)
	}
	return report, err
}

// piece is a part of a file, with its draws and the results of checking them.
type piece struct {
	text    []byte
	records []record
	end     error // error after this piece, such as io.EOF; nil if more pieces follow

	checked  chan struct{} // receives a value when the following fields are set
	held     uint64        // number of valid draws
	findings []Finding
	shared   []Finding // findings that may occur in other pieces too
	runs     []checkedRun
	err      error // error of the generator
}

// verification is the state of one call to [Verify]. One goroutine reads pieces, several
// workers check them, and one goroutine collects the results in order.
type verification struct {
	g       Generator
	source  *fileReader
	options VerifyOptions
	spare   chan *piece
	todo    chan *piece // pieces to check
	order   chan *piece // the same pieces, in the order of the file

	mu     sync.Mutex              // guards the following fields
	rules  map[string]*prize.Rules // by name
	proofs map[[2]string]error     // by seed and proof: cached result of the check
}

func newVerification(g Generator, source *fileReader, o VerifyOptions) *verification {
	n := 2*runtime.GOMAXPROCS(0) + 1
	v := &verification{
		g: g, source: source, options: o, rules: map[string]*prize.Rules{}, proofs: map[[2]string]error{},
		spare: make(chan *piece, n), todo: make(chan *piece, n), order: make(chan *piece, n),
	}
	for range n {
		v.spare <- &piece{checked: make(chan struct{}, 1)}
	}
	return v
}

// read reads the file. The channels have room for all pieces, so read waits only for a
// spare piece.
func (v *verification) read(ctx context.Context) error {
	defer close(v.todo)
	defer close(v.order)
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case p := <-v.spare:
			p.end = v.source.read(p)
			last := p.end != nil // after the send, other goroutines own the piece
			v.order <- p
			v.todo <- p
			if last {
				return nil
			}
		}
	}
}

// work checks pieces. It continues after an error, since earlier pieces may still be
// unchecked.
func (v *verification) work(ctx context.Context) {
	c := &checker{verification: v}
	for p := range v.todo {
		p.held, p.findings, p.shared, p.runs = 0, p.findings[:0], p.shared[:0], p.runs[:0]
		p.err = c.check(ctx, p)
		p.checked <- struct{}{}
	}
}

// collect collects the results of the pieces. It stops at the first error of the
// generator or the file.
func (v *verification) collect(ctx context.Context, s *summary) error {
	for p := range v.order {
		select {
		case <-ctx.Done(): // also after a panic in a worker
			return context.Cause(ctx)
		case <-p.checked:
		}
		for _, f := range p.findings {
			v.options.Found(f)
		}
		if p.err != nil {
			return p.err
		}
		s.add(p, v.options.Found)
		if v.options.Progress != nil {
			v.options.Progress(uint64(len(p.records)))
		}
		if p.end != nil && !errors.Is(p.end, io.EOF) {
			return p.end
		}
		v.spare <- p
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// rulesNamed returns the rules with the given name. It caches them.
func (v *verification) rulesNamed(name string) (*prize.Rules, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if rules := v.rules[name]; rules != nil {
		return rules, nil
	}
	rules, err := v.options.Rules(name)
	if err == nil {
		v.rules[name] = rules
	}
	return rules, err
}

// maxProofs is the maximum number of cached results of proof checks.
const maxProofs = 1000

// checkProof checks a seed and its proof, or returns the cached result of that check.
func (v *verification) checkProof(seed, proof string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.options.Proof == nil {
		return errors.New("the seed has a proof of its origin, but proofs are not checked")
	}
	key := [2]string{seed, proof}
	err, known := v.proofs[key]
	if !known {
		if len(v.proofs) >= maxProofs {
			clear(v.proofs)
		}
		err = v.options.Proof(entropy.Seed(seed), jsontext.Value(proof))
		v.proofs[key] = err
	}
	return err
}
