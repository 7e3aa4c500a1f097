package draw_test

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
	"pgregory.net/rapid"
)

// ndjsonLines returns draws as lines of NDJSON, each with its line break.
func ndjsonLines(t testing.TB, start, count uint64) []string {
	t.Helper()
	spec := spec(t, count)
	spec.Start = start
	return slices.Collect(strings.Lines(string(encodeAll(t, spec, draw.NDJSON(&spec)))))
}

// TestIndexes checks the report on draws that are missing, repeated or swapped.
func TestIndexes(t *testing.T) {
	none := []draw.Span{}
	for name, test := range map[string]struct {
		order []int
		want  draw.Indexes
	}{
		"all":            {[]int{0, 1, 2, 3}, *whole(5, 8)},
		"a part":         {[]int{2, 3}, *whole(7, 8)},
		"one":            {[]int{2}, *whole(7, 7)},
		"missing":        {[]int{0, 1, 3}, draw.Indexes{Lowest: 5, Highest: 8, Missing: 1, FirstMissing: []draw.Span{{From: 7, To: 7}}, FirstRepeated: none, Ascending: true}},
		"repeated":       {[]int{0, 1, 1, 2}, draw.Indexes{Lowest: 5, Highest: 7, Repeated: 1, FirstMissing: none, FirstRepeated: []draw.Span{{From: 6, To: 6}}}},
		"repeated twice": {[]int{2, 0, 1, 2, 2}, draw.Indexes{Lowest: 5, Highest: 7, Repeated: 2, FirstMissing: none, FirstRepeated: []draw.Span{{From: 7, To: 7}}}},
		"swapped":        {[]int{1, 0}, draw.Indexes{Lowest: 5, Highest: 6, FirstMissing: none, FirstRepeated: none}},
		"all twice":      {[]int{0, 1, 2, 0, 1, 2}, draw.Indexes{Lowest: 5, Highest: 7, Repeated: 3, FirstMissing: none, FirstRepeated: []draw.Span{{From: 5, To: 7}}}},
	} {
		t.Run(name, func(t *testing.T) {
			lines, file := ndjsonLines(t, 5, 4), ""
			for _, i := range test.order {
				file += lines[i]
			}
			report, findings, err := verify(t, draw.Local{}, strings.NewReader(file))
			if err != nil || len(findings) > 0 || report.Held != uint64(len(test.order)) {
				t.Fatalf("valid draws: got %d, findings %q, error %v, want %d", report.Held, findings, err, len(test.order))
			}
			if diff := cmp.Diff(&test.want, report.Seeds.First[0].Indexes); diff != "" {
				t.Errorf("indexes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestIndexesInAnyOrder compares the report on draws in random order with a simple
// computation.
func TestIndexesInAnyOrder(t *testing.T) {
	const n = 12
	first, last := ndjsonLines(t, 0, n), ndjsonLines(t, math.MaxUint64-n+1, n)
	rapid.Check(t, func(t *rapid.T) {
		order := rapid.SliceOfN(rapid.IntRange(0, n-1), 1, 30).Draw(t, "order")
		lines, start := first, uint64(0)
		if rapid.Bool().Draw(t, "last indexes") {
			lines, start = last, math.MaxUint64-n+1
		}
		var file strings.Builder
		there, repeated, ascending := map[uint64]bool{}, uint64(0), true
		for i, k := range order {
			file.WriteString(lines[k])
			if index := start + uint64(k); there[index] {
				repeated++
			} else {
				there[index] = true
			}
			ascending = ascending && (i == 0 || k > order[i-1])
		}
		report, err := draw.Verify(t.Context(), draw.Local{}, strings.NewReader(file.String()), draw.VerifyOptions{
			Rules: prize.Builtin,
			Found: func(f draw.Finding) { t.Errorf("%s: %s", f.Place, f.Problem) },
		})
		if err != nil {
			t.Fatal(err)
		}
		got := report.Seeds.First[0].Indexes
		span := uint64(slices.Max(order)-slices.Min(order)) + 1
		if got.Missing != span-uint64(len(there)) || got.Repeated != repeated || got.Ascending != ascending || got.Uncounted {
			t.Errorf("indexes of %v: got %d missing, %d repeated, ascending %v, uncounted %v; want %d missing, %d repeated, ascending %v, uncounted false",
				order, got.Missing, got.Repeated, got.Ascending, got.Uncounted, span-uint64(len(there)), repeated, ascending)
		}
		for _, gap := range got.FirstMissing {
			for index := gap.From; index <= gap.To; index++ {
				if there[index] {
					t.Errorf("indexes of %v: got index %d as missing, want it present", order, index)
				}
			}
		}
	})
}

// TestReport checks the report on draws with several seeds, rules and formats.
func TestReport(t *testing.T) {
	var file bytes.Buffer
	var seeds []draw.Group
	const runs = 13
	for i := range runs {
		spec := spec(t, 3)
		spec.Seed = entropy.Seed(fmt.Sprintf("seed %d", i))
		file.Write(encodeAll(t, spec, draw.NDJSON(&spec)))
		if len(seeds) < 10 {
			seeds = append(seeds, draw.Group{Name: string(spec.Seed), Draws: 3, Indexes: whole(0, 2)})
		}
	}
	modest, err := prize.Builtin(prize.Modest)
	if err != nil {
		t.Fatal(err)
	}
	last := spec(t, 3)
	generous := last.Rules
	last.Seed, last.Rules = "seed 0", modest
	last = given(last, nil, []string{"A1", `B"2\`, "A1"})
	last.Start = 5
	file.Write(encodeAll(t, last, draw.NDJSON(&last)))
	seeds[0].Draws += 3
	seeds[0].Indexes = &draw.Indexes{Highest: 7, Missing: 2, FirstMissing: []draw.Span{{From: 3, To: 4}}, FirstRepeated: []draw.Span{}, Ascending: true}

	report, findings, err := verify(t, draw.Local{}, &file)
	want := draw.Report{
		Draws: 3*runs + 3, Held: 3*runs + 3, Given: 3,
		Seeds: draw.Groups{Count: runs, First: seeds},
		Rules: groups(
			draw.Group{Name: "generous", SHA256: generous.SHA256(), Draws: 3 * runs},
			draw.Group{Name: "modest", SHA256: modest.SHA256(), Draws: 3}),
		Formats: groups(draw.Group{Name: "lower4 + digits4", Draws: 3 * runs}),
	}
	if diff := cmp.Diff(want, report); diff != "" || err != nil || len(findings) > 0 {
		t.Errorf("Verify: got error %v and findings %q, want none; report (-want +got):\n%s", err, findings, diff)
	}
}

// TestRewrittenFile checks that draws stay valid if spaces, escapes and the order of keys
// change.
func TestRewrittenFile(t *testing.T) {
	lines := ndjsonLines(t, 0, 500)
	for i, line := range lines {
		switch i % 7 {
		case 1:
			lines[i] = strings.ReplaceAll(line, `,"`, `, "`)
		case 3:
			lines[i] = strings.Replace(line, `"account":"`, `"account":"\u00`+fmt.Sprintf("%02x", line[strings.Index(line, `unt":"`)+6]), 1)
			at := strings.Index(lines[i], `\u00`) + 6
			lines[i] = lines[i][:at] + lines[i][at+1:]
		case 4:
			seed := `"seed":"42",`
			lines[i] = "{" + seed + strings.Replace(line[1:], seed, "", 1)
		}
	}
	report, findings, err := verify(t, draw.Local{}, strings.NewReader(strings.Join(lines, "")))
	if err != nil || report.Held != 500 || !report.Seeds.First[0].Indexes.Whole() {
		t.Errorf("valid draws: got %d, findings %q, error %v, want 500", report.Held, findings, err)
	}
}

// TestSharedFinding checks that a problem shared by many draws is reported as one
// finding at the end.
func TestSharedFinding(t *testing.T) {
	const n = 2*draw.BatchSize + 1
	file := strings.Join(ndjsonLines(t, 0, n), "")
	file = strings.ReplaceAll(file, `"rules_sha256":"23c0`, `"rules_sha256":"0000`)
	file += "{}\n" + strings.ReplaceAll(ndjsonLines(t, 7, 1)[0], `"rules":"generous"`, `"rules":"mine"`)
	var findings []string
	report, err := draw.Verify(t.Context(), draw.Local{}, strings.NewReader(file), draw.VerifyOptions{
		Rules: prize.Builtin,
		Found: func(f draw.Finding) {
			findings = append(findings, fmt.Sprintf("%s, %d: %.40s", f.Place, f.Draws, f.Problem))
		},
	})
	want := []string{
		fmt.Sprintf(`line %d, 1: missing key "index"`, n+1),
		fmt.Sprintf(`line 1, %d: rules_sha256 is "0000`, n),
		fmt.Sprintf(`line %d, 1: unknown rules "mine"; use generous `, n+2),
	}
	if err != nil || report.Held != 0 || report.Draws != n+2 || len(findings) != len(want) {
		t.Fatalf("valid draws: got %d of %d, findings %q, error %v, want 0 of %d and %d findings", report.Held, report.Draws, findings, err, n+2, len(want))
	}
	for i := range want {
		if !strings.HasPrefix(findings[i], want[i][:30]) {
			t.Errorf("finding %d: got %q, want %q", i, findings[i], want[i])
		}
	}
}
