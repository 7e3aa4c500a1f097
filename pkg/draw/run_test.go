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

// drawOne makes one draw of a spec without package draw.
func drawOne(spec draw.Spec, index uint64) draw.Draw {
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

// drawAll makes the draws of a spec and returns those emitted before an error.
func drawAll(ctx context.Context, g draw.Generator, spec draw.Spec) ([]draw.Draw, error) {
	var all []draw.Draw
	err := draw.Run(ctx, g, spec, nil, func(b *draw.Batch) error {
		for i := range b.Len() {
			all = append(all, b.Draw(i))
		}
		return nil
	})
	return all, err
}

// TestRun compares the draws of a run with draws made one by one, for several numbers of
// cores, for counts around the size of a batch, and for the last indexes.
func TestRun(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, cores := range []int{1, 2, 5} {
		runtime.GOMAXPROCS(cores)
		for _, count := range []uint64{0, 1, draw.BatchSize - 1, draw.BatchSize, draw.BatchSize + 1, 5*draw.BatchSize + 7} {
			for _, start := range []uint64{0, math.MaxUint64 - count + 1} {
				spec := spec(t, count)
				spec.Start = start
				got, err := drawAll(t.Context(), draw.Local{}, spec)
				if err != nil || uint64(len(got)) != count {
					t.Fatalf("%d cores: got %d draws, error %v, want %d", cores, len(got), err, count)
				}
				// Making all of them one by one would take too long.
				for i := uint64(0); i < count; i += 1 + count/97 {
					if diff := cmp.Diff(drawOne(spec, start+i), got[i]); diff != "" {
						t.Fatalf("%d cores, draw %d of %d (-drawOne +run):\n%s", cores, i, count, diff)
					}
				}
			}
		}
	}
}

// TestRunOfAllIndexes checks that a run can have the maximum number of draws.
func TestRunOfAllIndexes(t *testing.T) {
	stop := errors.New("stopped by the test")
	emitted := 0
	err := draw.Run(t.Context(), draw.Local{}, spec(t, math.MaxUint64), nil, func(*draw.Batch) error {
		if emitted++; emitted == 2 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || emitted != 2 {
		t.Errorf("Run: got %d batches, error %v, want 2 and the error from emit", emitted, err)
	}
}

func TestRunEndsAtTheLastIndex(t *testing.T) {
	spec := spec(t, 2)
	spec.Start = math.MaxUint64
	if got, err := drawAll(t.Context(), draw.Local{}, spec); !errors.Is(err, entropy.ErrRange) || len(got) != 0 {
		t.Errorf("generated account numbers: got %d draws, error %v, want none and ErrRange", len(got), err)
	}
	spec = given(spec, nil, []string{"a"}, []string{"b"})
	if got, err := drawAll(t.Context(), draw.Local{}, spec); !errors.Is(err, entropy.ErrRange) || len(got) != 1 {
		t.Errorf("given account numbers: got %d draws, error %v, want 1 and ErrRange", len(got), err)
	}
}

// given returns a spec with account numbers that arrive one batch at a time. The last
// batch comes with the error end, which may be nil.
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

// TestRunOfGivenAccounts checks that given account numbers of any length have neither parts
// nor formats.
func TestRunOfGivenAccounts(t *testing.T) {
	spec := spec(t, 0)
	spec.Start = 100
	got, err := drawAll(t.Context(), draw.Local{}, given(spec, nil, []string{"A1", "b22"}, []string{"c"}, slices.Repeat([]string{"x4"}, draw.BatchSize)))
	if err != nil || len(got) != 3+draw.BatchSize {
		t.Fatalf("draws: got %d, error %v, want %d", len(got), err, 3+draw.BatchSize)
	}
	for i, want := range []string{"A1", "b22", "c", "x4"} {
		d := got[i]
		if d.Index != 100+uint64(i) || d.Whole != want || d.Text+d.Number+d.TextFormat+d.NumberFormat != "" || d.Rule == nil {
			t.Errorf("draw %d: got %+v, want %s at index %d without parts and formats", i, d, want, 100+i)
		}
	}
}

// TestRunEndsAtAnErrorOfAccounts checks that the draws before an error of Accounts are
// emitted, including those returned together with the error.
func TestRunEndsAtAnErrorOfAccounts(t *testing.T) {
	broken := errors.New("line 4 is broken")
	for name, batches := range map[string][][]string{
		"at once":       {},
		"with a batch":  {{"a"}, {"b", "c"}},
		"after a batch": {{"a"}, {"b", "c"}, {}},
	} {
		t.Run(name, func(t *testing.T) {
			want := 0
			for _, batch := range batches {
				want += len(batch)
			}
			got, err := drawAll(t.Context(), draw.Local{}, given(spec(t, 0), broken, batches...))
			if !errors.Is(err, broken) || len(got) != want {
				t.Errorf("Run: got %d draws, error %v, want %d and the error from Accounts", len(got), err, want)
			}
		})
	}
}

// faulty is a generator that returns err for one part of the draws, starting at index from.
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

// TestRunEndsAtAnErrorOfTheGenerator checks that the draws before an error of the generator
// are emitted.
func TestRunEndsAtAnErrorOfTheGenerator(t *testing.T) {
	down := errors.New("the service is down")
	for _, part := range []string{"text", "number", "prize"} {
		t.Run(part, func(t *testing.T) {
			g := faulty{part: part, from: 3 * draw.BatchSize, err: down}
			got, err := drawAll(t.Context(), g, spec(t, 20*draw.BatchSize))
			if !errors.Is(err, down) || len(got) != 3*draw.BatchSize {
				t.Errorf("Run: got %d draws, error %v, want %d and the generator's error", len(got), err, 3*draw.BatchSize)
			}
		})
	}
}

// TestRunEndsAtAnErrorOfTheCaller checks that Run returns the errors of encode and emit.
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
		t.Errorf("failing encode: got %d batches, error %v, want 2 and the error from encode", emitted, err)
	}
	if err := draw.Run(t.Context(), draw.Local{}, spec(t, 9*draw.BatchSize), nil, failing); !errors.Is(err, full) {
		t.Errorf("failing emit: got error %v, want the error from emit", err)
	}
}

// TestRunPanics checks that Run panics if a callback panics, so that the caller can clean
// up.
func TestRunPanics(t *testing.T) {
	panicking := func(b *draw.Batch) error {
		if b.Start == 3*draw.BatchSize {
			panic("panic of the caller")
		}
		return nil
	}
	for name, run := range map[string]func() error{
		"encode": func() error {
			return draw.Run(t.Context(), draw.Local{}, spec(t, 1000*draw.BatchSize), panicking, nil)
		},
		"emit": func() error {
			return draw.Run(t.Context(), draw.Local{}, spec(t, 1000*draw.BatchSize), nil, panicking)
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if panicked := recover(); panicked == nil || !strings.Contains(fmt.Sprint(panicked), "panic of the caller") {
					t.Errorf("panic: got %v, want the panic of the caller", panicked)
				}
			}()
			t.Errorf("Run: got error %v, want a panic", run())
		})
	}
}

// TestRunEndsWithItsContext checks that a run ends if its context is cancelled before or
// during the run.
func TestRunEndsWithItsContext(t *testing.T) {
	stop := errors.New("cancelled by the test")
	for name, batches := range map[string]int32{"before the run": 0, "during the run": 2} {
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
				t.Errorf("Run: got %d batches, error %v, want %d to 100 and the context's cause", emitted.Load(), err, batches)
			}
		})
	}
}

func TestRunWithoutFunctions(t *testing.T) {
	if err := draw.Run(t.Context(), draw.Local{}, spec(t, 3*draw.BatchSize), nil, nil); err != nil {
		t.Error(err)
	}
}

// TestLocalDividesLargeRanges checks that dividing a range among goroutines does not change
// the results.
func TestLocalDividesLargeRanges(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	spec, count := spec(t, 0), uint64(100_001)
	r := entropy.Seed("7").Range(entropy.Text, math.MaxUint64-count+1, count)
	texts, err := draw.Local{}.Texts(t.Context(), []byte("before"), spec.Text, r)
	if want := spec.Text.Append([]byte("before"), r); err != nil || string(texts) != string(want) {
		t.Errorf("Texts: got %d bytes, error %v, want the %d bytes from Append", len(texts), err, len(want))
	}
	numbers, err := draw.Local{}.Numbers(t.Context(), nil, spec.Number, r)
	if want := spec.Number.Append(nil, r); err != nil || string(numbers) != string(want) {
		t.Errorf("Numbers: got %d bytes, error %v, want the %d bytes from Append", len(numbers), err, len(want))
	}
	var accounts prize.Accounts
	accounts.Join(texts[len("before"):], 4, numbers, 4)
	outcomes, err := draw.Local{}.Prizes(t.Context(), nil, spec.Rules, &accounts, r)
	if want := spec.Rules.Award(nil, &accounts, r); err != nil || !slices.Equal(outcomes, want) {
		t.Errorf("Prizes: got %d outcomes, error %v, want the %d outcomes from Award", len(outcomes), err, len(want))
	}
}

func TestLocalErrors(t *testing.T) {
	spec := spec(t, 0)
	if _, err := (draw.Local{}).Texts(t.Context(), nil, spec.Text, entropy.Range{Start: math.MaxUint64, Count: 2}); !errors.Is(err, entropy.ErrRange) {
		t.Errorf("range beyond the last index: got error %v, want ErrRange", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, count := range []uint64{1, 1 << 20} {
		if _, err := (draw.Local{}).Numbers(ctx, nil, spec.Number, entropy.Range{Count: count}); !errors.Is(err, context.Canceled) {
			t.Errorf("%d numbers with a cancelled context: got error %v, want context.Canceled", count, err)
		}
	}
}

// TestDrawWithoutRule checks that a draw has neither a rule nor a prize if no rule matches,
// and that it contains the hash of the rules.
func TestDrawWithoutRule(t *testing.T) {
	rules, err := prize.Parse("rules.yaml", []byte("name: x\ncurrency: GBP\nrules:\n- {match: a, prizes: [{win: 1, chance: 100%}]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	spec := spec(t, 0)
	spec.Rules = rules
	got, err := drawAll(t.Context(), draw.Local{}, given(spec, nil, []string{"a", "b"}))
	if err != nil || len(got) != 2 {
		t.Fatalf("draws: got %d, error %v, want 2", len(got), err)
	}
	if got[0].Rule == nil || got[0].Prize == nil || got[1].Rule != nil || got[1].Prize != nil || !strings.HasPrefix(got[0].RulesSHA256, rules.SHA256()) {
		t.Errorf("draws: got %+v and %+v, want the first with a rule and a prize and the second without", got[0], got[1])
	}
}
