package draw_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// alone makes one draw of a spec straight from the packages below.
func alone(spec draw.Spec, index uint64) draw.Draw {
	text := string(spec.Text.Append(nil, spec.Seed.Range(entropy.Text, index, 1)))
	number := string(spec.Number.Append(nil, spec.Seed.Range(entropy.Number, index, 1)))
	d := draw.Draw{
		Index: index, Account: draw.Account{Whole: text + number, Text: text, Number: number}, Seed: string(spec.Seed),
		Basis: draw.Basis{TextFormat: spec.Text.String(), NumberFormat: spec.Number.String(), Rules: spec.Rules.Name, RulesSHA256: spec.Rules.SHA256()},
	}
	var accounts prize.Accounts
	accounts.Append(d.Whole)
	outcome := spec.Rules.Award(nil, &accounts, spec.Seed.Range(entropy.Prize, index, 1))[0]
	if rule := spec.Rules.Rule(outcome); rule != nil {
		d.Rule = &rule.Name
	}
	if won := spec.Rules.Prize(outcome); won != nil {
		d.Prize = &draw.Prize{Name: won.Name, Value: won.Value, Currency: spec.Rules.Currency.Code}
	}
	return d
}

// drawn makes all draws of a spec and gives those emitted before an error.
func drawn(ctx context.Context, g draw.Generator, spec draw.Spec) ([]draw.Draw, error) {
	var all []draw.Draw
	err := draw.Run(ctx, g, spec, nil, func(b *draw.Batch) error {
		for i := range b.Len() {
			all = append(all, b.Draw(i))
		}
		return nil
	})
	return all, err
}

// TestRunMakesEachDrawAsAlone whatever the number of cores, for any count around
// the size of a batch and up to the last index.
func TestRunMakesEachDrawAsAlone(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, cores := range []int{1, 2, 5} {
		runtime.GOMAXPROCS(cores)
		for _, count := range []uint64{0, 1, draw.BatchSize - 1, draw.BatchSize, draw.BatchSize + 1, 5*draw.BatchSize + 7} {
			for _, start := range []uint64{0, math.MaxUint64 - count + 1} {
				spec := spec(t, count)
				spec.Start = start
				got, err := drawn(t.Context(), draw.Local{}, spec)
				if err != nil || uint64(len(got)) != count {
					t.Fatalf("%d cores: %d draws, %v, want %d", cores, len(got), err, count)
				}
				// All of them one by one would take long.
				for i := uint64(0); i < count; i += 1 + count/97 {
					if diff := cmp.Diff(alone(spec, start+i), got[i]); diff != "" {
						t.Fatalf("%d cores, draw %d of %d (-alone +run):\n%s", cores, i, count, diff)
					}
				}
			}
		}
	}
}

func TestRunEndsAtTheLastIndex(t *testing.T) {
	spec := spec(t, 2)
	spec.Start = math.MaxUint64
	if got, err := drawn(t.Context(), draw.Local{}, spec); !errors.Is(err, entropy.ErrRange) || len(got) != 0 {
		t.Errorf("got %d draws, %v, want none and ErrRange", len(got), err)
	}
	spec = given(spec, nil, []string{"a"}, []string{"b"})
	if got, err := drawn(t.Context(), draw.Local{}, spec); !errors.Is(err, entropy.ErrRange) || len(got) != 1 {
		t.Errorf("with given account numbers: got %d draws, %v, want one and ErrRange", len(got), err)
	}
}

// given makes a spec of account numbers that come a batch at a time, and end in
// an error or nil.
func given(spec draw.Spec, end error, batches ...[]string) draw.Spec {
	spec.Accounts = func(list *prize.Accounts) error {
		if len(batches) == 0 {
			return end
		}
		for _, account := range batches[0] {
			list.Append(account)
		}
		batches = batches[1:]
		if len(batches) == 0 {
			return end
		}
		return nil
	}
	return spec
}

// TestRunDecidesGivenAccountNumbers of any width, without parts and formats.
func TestRunDecidesGivenAccountNumbers(t *testing.T) {
	spec := spec(t, 0)
	spec.Start = 100
	got, err := drawn(t.Context(), draw.Local{}, given(spec, nil, []string{"A1", "b22"}, []string{"c"}, slices.Repeat([]string{"x4"}, draw.BatchSize)))
	if err != nil || len(got) != 3+draw.BatchSize {
		t.Fatalf("got %d draws, %v", len(got), err)
	}
	for i, want := range []string{"A1", "b22", "c", "x4"} {
		d := got[i]
		if d.Index != 100+uint64(i) || d.Whole != want || d.Text+d.Number+d.TextFormat+d.NumberFormat != "" || d.Rule == nil {
			t.Errorf("draw %d is %+v, want %s alone", i, d, want)
		}
	}
}

// TestRunEmitsAllBeforeAnError of the account numbers, even those that came with
// it, and tells the error.
func TestRunEmitsAllBeforeAnError(t *testing.T) {
	broken := errors.New("line 4 is broken")
	for name, batches := range map[string][][]string{
		"at once":        {},
		"with a batch":   {{"a"}, {"b", "c"}},
		"behind a batch": {{"a"}, {"b", "c"}, {}},
	} {
		t.Run(name, func(t *testing.T) {
			want := 0
			for _, batch := range batches {
				want += len(batch)
			}
			got, err := drawn(t.Context(), draw.Local{}, given(spec(t, 0), broken, batches...))
			if !errors.Is(err, broken) || len(got) != want {
				t.Errorf("got %d draws, %v, want %d and the error", len(got), err, want)
			}
		})
	}
}

// faulty is a generator that fails, in the part named, for ranges from an index
// on.
type faulty struct {
	draw.Local
	part string
	from uint64
	err  error
}

func (f faulty) Texts(ctx context.Context, dst []byte, format textgen.Format, r entropy.Range) ([]byte, error) {
	if f.part == "text" && r.Start >= f.from {
		return dst, f.err
	}
	return f.Local.Texts(ctx, dst, format, r)
}

func (f faulty) Numbers(ctx context.Context, dst []byte, format numgen.Format, r entropy.Range) ([]byte, error) {
	if f.part == "number" && r.Start >= f.from {
		return dst, f.err
	}
	return f.Local.Numbers(ctx, dst, format, r)
}

func (f faulty) Prizes(ctx context.Context, dst []prize.Outcome, rules *prize.Rules, accounts *prize.Accounts, r entropy.Range) ([]prize.Outcome, error) {
	if f.part == "prize" && r.Start >= f.from {
		return dst, f.err
	}
	return f.Local.Prizes(ctx, dst, rules, accounts, r)
}

// TestRunEndsAtAnErrorOfTheGenerator after the draws before it.
func TestRunEndsAtAnErrorOfTheGenerator(t *testing.T) {
	down := errors.New("the service is down")
	for _, part := range []string{"text", "number", "prize"} {
		t.Run(part, func(t *testing.T) {
			g := faulty{part: part, from: 3 * draw.BatchSize, err: down}
			got, err := drawn(t.Context(), g, spec(t, 20*draw.BatchSize))
			if !errors.Is(err, down) || len(got) != 3*draw.BatchSize {
				t.Errorf("got %d draws, %v, want %d and the error", len(got), err, 3*draw.BatchSize)
			}
		})
	}
}

// TestRunEndsAtAnErrorOfTheCaller in either function.
func TestRunEndsAtAnErrorOfTheCaller(t *testing.T) {
	full := errors.New("the disk is full")
	failing := func(b *draw.Batch) error {
		if b.Start >= 2*draw.BatchSize {
			return full
		}
		return nil
	}
	emitted := 0
	err := draw.Run(t.Context(), draw.Local{}, spec(t, 9*draw.BatchSize), failing, func(*draw.Batch) error { emitted++; return nil })
	if !errors.Is(err, full) || emitted != 2 {
		t.Errorf("encode: %d batches, %v, want 2 and the error", emitted, err)
	}
	if err := draw.Run(t.Context(), draw.Local{}, spec(t, 9*draw.BatchSize), nil, failing); !errors.Is(err, full) {
		t.Errorf("emit: %v, want the error", err)
	}
}

// TestRunPanicsItself where one of the functions that it calls does, so that the caller
// can put in order what it has begun.
func TestRunPanicsItself(t *testing.T) {
	fault := func(b *draw.Batch) error {
		if b.Start == 3*draw.BatchSize {
			panic("a fault of the caller")
		}
		return nil
	}
	for name, run := range map[string]func() error{
		"encode": func() error {
			return draw.Run(t.Context(), draw.Local{}, spec(t, 1000*draw.BatchSize), fault, nil)
		},
		"emit": func() error {
			return draw.Run(t.Context(), draw.Local{}, spec(t, 1000*draw.BatchSize), nil, fault)
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if panicked := recover(); panicked == nil || !strings.Contains(fmt.Sprint(panicked), "a fault of the caller") {
					t.Errorf("recovered %v, want the fault", panicked)
				}
			}()
			t.Errorf("returned %v", run())
		})
	}
}

// TestRunEndsWithItsContext before it begins, on its way, and while the last
// batch is emitted.
func TestRunEndsWithItsContext(t *testing.T) {
	stop := errors.New("somebody pressed Ctrl-C")
	for name, batches := range map[string]int32{"before it begins": 0, "on its way": 2} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			if batches == 0 {
				cancel(stop)
			}
			var emitted atomic.Int32
			err := draw.Run(ctx, draw.Local{}, spec(t, 1000*draw.BatchSize), nil, func(*draw.Batch) error {
				if emitted.Add(1) == batches {
					cancel(stop)
				}
				return nil
			})
			if !errors.Is(err, stop) || emitted.Load() > 100 || emitted.Load() < batches {
				t.Errorf("%d batches, %v, want few and why it ended", emitted.Load(), err)
			}
		})
	}
}

// TestRunNeedsNoFunctions where only the generator's work is wanted.
func TestRunNeedsNoFunctions(t *testing.T) {
	if err := draw.Run(t.Context(), draw.Local{}, spec(t, 3*draw.BatchSize), nil, nil); err != nil {
		t.Error(err)
	}
}

// TestLocalDividesLargeRanges over goroutines without a change.
func TestLocalDividesLargeRanges(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	spec, count := spec(t, 0), uint64(100_001)
	r := entropy.Seed("7").Range(entropy.Text, math.MaxUint64-count+1, count)
	texts, err := draw.Local{}.Texts(t.Context(), []byte("before"), spec.Text, r)
	if want := spec.Text.Append([]byte("before"), r); err != nil || string(texts) != string(want) {
		t.Errorf("texts differ: %v", err)
	}
	numbers, err := draw.Local{}.Numbers(t.Context(), nil, spec.Number, r)
	if want := spec.Number.Append(nil, r); err != nil || string(numbers) != string(want) {
		t.Errorf("numbers differ: %v", err)
	}
	var accounts prize.Accounts
	accounts.Join(texts[len("before"):], 4, numbers, 4)
	outcomes, err := draw.Local{}.Prizes(t.Context(), nil, spec.Rules, &accounts, r)
	if want := spec.Rules.Award(nil, &accounts, r); err != nil || !slices.Equal(outcomes, want) {
		t.Errorf("outcomes differ: %v", err)
	}
}

func TestLocalRefuses(t *testing.T) {
	spec := spec(t, 0)
	if _, err := (draw.Local{}).Texts(t.Context(), nil, spec.Text, entropy.Range{Start: math.MaxUint64, Count: 2}); !errors.Is(err, entropy.ErrRange) {
		t.Errorf("behind the last index: %v, want ErrRange", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, count := range []uint64{1, 1 << 20} {
		if _, err := (draw.Local{}).Numbers(ctx, nil, spec.Number, entropy.Range{Count: count}); !errors.Is(err, context.Canceled) {
			t.Errorf("%d numbers of an ended context: %v", count, err)
		}
	}
}

// TestDrawNamesEverything that is needed to make it again, and null for what is
// not there.
func TestDrawNamesEverything(t *testing.T) {
	rules, err := prize.Parse("rules.yaml", []byte("name: x\ncurrency: GBP\nrules:\n- {match: a, prizes: [{win: 1, chance: 100%}]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	spec := spec(t, 0)
	spec.Rules = rules
	got, err := drawn(t.Context(), draw.Local{}, given(spec, nil, []string{"a", "b"}))
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	if got[0].Rule == nil || got[0].Prize == nil || got[1].Rule != nil || got[1].Prize != nil || !strings.HasPrefix(got[0].RulesSHA256, rules.SHA256()) {
		t.Errorf("got %+v and %+v, want a prize and neither rule nor prize", got[0], got[1])
	}
}
