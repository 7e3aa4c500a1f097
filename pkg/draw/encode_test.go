package draw_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
	"pgregory.net/rapid"
)

// awkward is a rules file with names that need quoting, account numbers that no rule
// matches, and outcomes that are too long for appendBulk to copy in blocks.
const awkward = `name: 'quotes "and" <b>, \ more'
currency: GBP
rules:
- name: '"a", or \b'
  match: '^[aA",\\]'
  prizes:
  - {prize: 'a "red" mug, <large> & hot', chance: 50%}
  - {win: 5, chance: 25%}
- name: ` + "Ünïcode ✓ and a name that is long, longer and longer still" + `
  match: '[0-4]$'
  prizes:
  - {prize: ` + "a thing with a name that is long and longer and longer still up to a hundred" + `, value: 3, chance: 1/3}
`

// awkwardSpec returns a random spec, with or without special characters.
func awkwardSpec(t *rapid.T) draw.Spec {
	text, err := textgen.Parse(rapid.SampledFrom([]string{"lower4", "upper2", `[",\]3`, `[a"]1`, "lower13", "lower40", "[<&>]2", "[=+@-]4"}).Draw(t, "text"))
	if err != nil {
		t.Fatal(err)
	}
	number, err := numgen.Parse(rapid.SampledFrom([]string{"digits4", "digits8", `[",\]2`, "digits1", "digits64", "[1,]1"}).Draw(t, "number"))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := prize.Parse("awkward.yaml", []byte(awkward))
	if err != nil {
		t.Fatal(err)
	}
	count := rapid.SampledFrom([]uint64{0, 1, 2, 16, 17, 18, 40, 150}).Draw(t, "count")
	start := rapid.SampledFrom([]uint64{
		0, 5, 95, 990, 9_950, 99_990, 999_999_950, 9_999_999_999_999_999_950, math.MaxUint64 - 300,
	}).Draw(t, "start")
	seed := rapid.SampledFrom([]string{"42", `a "quoted" \ seed <&>`, "ünïcode", "\u2028\u2029\x01\b\f\n\r\t\x7f"}).Draw(t, "seed")
	proof := rapid.SampledFrom([]string{"", `{"source":"random.org","random":"{\"text\":\"a\/b \u00e9 <&>\"}","n":1.50}`}).Draw(t, "proof")
	spec := draw.Spec{Seed: entropy.Seed(seed), Start: start, Count: count, Text: text, Number: number, Rules: rules}
	if proof != "" {
		spec.Proof = jsontext.Value(proof)
	}
	if rapid.Bool().Draw(t, "given") {
		var batches [][]string
		for range rapid.IntRange(0, 3).Draw(t, "batches") {
			width := rapid.SampledFrom([]string{`[a-z0-9]{6}`, `[!-~]{1,30}`, `[",\\]{2}`}).Draw(t, "width")
			accounts := rapid.SliceOfN(rapid.StringMatching(width), 1, 9).Draw(t, "accounts")
			batches = append(batches, slices.Repeat(accounts, rapid.IntRange(1, 9).Draw(t, "times")))
		}
		spec = given(spec, nil, batches...)
	}
	return spec
}

// TestEncodings checks that the standard library decodes encoded draws, and that the
// JSON is byte for byte the output of encoding/json.
func TestEncodings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := awkwardSpec(t)
		encodings := []*draw.Encoding{draw.CSV(&spec), draw.NDJSON(&spec), draw.JSON(&spec)}
		files := make([]bytes.Buffer, len(encodings))
		for i, e := range encodings {
			files[i].Write(e.Header())
		}
		draws := []draw.Draw{}
		err := draw.Run(t.Context(), draw.Local{}, spec, nil, func(b *draw.Batch) error {
			for i, e := range encodings {
				files[i].Write(e.Append(nil, b))
			}
			for i := range b.Len() {
				draws = append(draws, b.Draw(i))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range encodings {
			files[i].Write(e.Footer())
		}
		checkCSV(t, files[0].String(), draws)
		var lines bytes.Buffer
		w := json.NewEncoder(&lines)
		w.SetEscapeHTML(false)
		for _, d := range draws {
			if err := w.Encode(d); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(lines.String(), files[1].String()); diff != "" {
			t.Fatalf("NDJSON (-encoding/json +got):\n%s", diff)
		}
		var decoded []draw.Draw
		if err := json.Unmarshal(files[2].Bytes(), &decoded); err != nil {
			t.Fatalf("decoding JSON: got error %v, want nil: %s", err, files[2].String())
		}
		if diff := cmp.Diff(draws, decoded); diff != "" {
			t.Fatalf("decoded JSON (-want +got):\n%s", diff)
		}
	})
}

// checkCSV compares a CSV file with its draws.
func checkCSV(t *rapid.T, file string, draws []draw.Draw) {
	t.Helper()
	want := [][]string{{"index", "account", "rule", "prize", "value", "currency"}}
	for _, d := range draws {
		row := []string{strconv.FormatUint(d.Index, 10), d.Whole, "", "", "0", "GBP"}
		if d.Rule != nil {
			row[2] = *d.Rule
		}
		if d.Prize != nil {
			row[3], row[4] = d.Prize.Name, strconv.FormatInt(d.Prize.Value, 10)
		}
		want = append(want, row)
	}
	got, err := csv.NewReader(strings.NewReader(file)).ReadAll()
	if err != nil {
		t.Fatalf("decoding CSV: got error %v, want nil: %s", err, file)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("decoded CSV (-want +got):\n%s", diff)
	}
}

// TestIndexDigits checks batches in which the number of digits of the index changes and
// which are long enough for appendBulk.
func TestIndexDigits(t *testing.T) {
	for _, start := range []uint64{0, 9_950, 99_950, 999_999_950, 18_446_744_073_709_551_515} {
		spec := spec(t, 101)
		spec.Start = start
		file := string(encodeAll(t, spec, draw.CSV(&spec)))
		for i, line := range strings.Split(strings.TrimSpace(file), "\n")[1:] {
			if index, _, _ := strings.Cut(line, ","); index != strconv.FormatUint(start+uint64(i), 10) {
				t.Fatalf("draw %d: got index %s, want %d", i, index, start+uint64(i))
			}
		}
	}
}

// TestTable checks that the index and the account number are padded.
func TestTable(t *testing.T) {
	spec := spec(t, 0)
	spec.Start = 9
	spec = given(spec, nil, []string{"A1", "b23235"})
	got := string(encodeAll(t, spec, draw.Table(&spec, "  #  account  rule\n", 3, 5, func(o prize.Outcome) string {
		if rule := spec.Rules.Rule(o); rule != nil {
			return fmt.Sprintf("  %s\n", rule.Name)
		}
		return "\n"
	})))
	if want := "  #  account  rule\n  9  A1     starts with A\n 10  b23235  everybody else\n"; got != want {
		t.Errorf("table: got\n%swant\n%s", got, want)
	}
}

// TestNoDraws checks that a run without draws results in a valid file.
func TestNoDraws(t *testing.T) {
	spec := spec(t, 0)
	for want, encoding := range map[string]*draw.Encoding{
		"index,account,rule,prize,value,currency\n": draw.CSV(&spec), "": draw.NDJSON(&spec), "[\n]\n": draw.JSON(&spec),
	} {
		if got := string(encodeAll(t, spec, encoding)); got != want {
			t.Errorf("file: got %q, want %q", got, want)
		}
	}
}

// TestOutputIsReproducible checks that two runs of the same spec result in the same file.
func TestOutputIsReproducible(t *testing.T) {
	spec := spec(t, 3*draw.BatchSize+5)
	first := encodeAll(t, spec, draw.JSON(&spec))
	if second := encodeAll(t, spec, draw.JSON(&spec)); !bytes.Equal(first, second) {
		t.Errorf("second file: got %d bytes that differ, want the %d bytes of the first file", len(second), len(first))
	}
	var all []draw.Draw
	if err := json.Unmarshal(first, &all); err != nil || len(all) != 3*draw.BatchSize+5 {
		t.Errorf("decoded draws: got %d, error %v, want %d", len(all), err, 3*draw.BatchSize+5)
	}
}
