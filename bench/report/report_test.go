package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestFigure(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0.00", 0.0123: "0.012", 0.5: "0.50", 3.14159: "3.14", 42.42: "42.4", 234.5: "234",
		1234: "1,230", 6_904_321: "6,900,000", 4_321_000_000: "4,320,000,000",
	} {
		if got := figure(v); got != want {
			t.Errorf("figure(%v): got %s, want %s", v, got, want)
		}
	}
}

// TestInterleave checks that contestants take turns, and that the order differs in each
// round.
func TestInterleave(t *testing.T) {
	var order []string
	turn := func(name string, value float64) contestant {
		return contestant{name, "", func(context.Context) (float64, error) {
			order = append(order, name)
			return value * float64(len(order)), nil
		}}
	}
	results, err := interleave(t.Context(), 2, []contestant{turn("a", 1), turn("b", 2), turn("c", 3)})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"a", "b", "c", "b", "c", "a"}; !slices.Equal(order, want) {
		t.Errorf("order: got %v, want %v", order, want)
	}
	a, c := find(results, "a"), find(results, "c")
	if got, want := ratios(c, a), []float64{9, 2.5}; !slices.Equal(got, want) {
		t.Errorf("c ÷ a: got %v, want %v", got, want)
	}
	if got := a.median(); got != 3.5 {
		t.Errorf("median of %v: got %v, want 3.5", a.samples, got)
	}
	broken := errors.New("broken")
	_, err = interleave(t.Context(), 1, []contestant{{"d", "", func(context.Context) (float64, error) { return 0, broken }}})
	if !errors.Is(err, broken) {
		t.Errorf("error: got %v, want %v", err, broken)
	}
}

// TestReport checks the tables, the targets and the charts in a report.
func TestReport(t *testing.T) {
	r := report{folder: t.TempDir(), machine: "a machine", sections: []section{{
		name: "bulk", title: "Draws & more", unit: "draws/s",
		results: []result{{"ours", "this", []float64{100, 300, 200}}, {"<peer>", "that", []float64{10, 20, 20}}},
		aims:    []aim{{text: "ours ÷ peer", ratios: []float64{10, 15, 10}, atLeast: 10}, {text: "start", ratios: []float64{20}, atMost: 15, absolute: "ms"}},
		charts:  []lineChart{{title: "Growth", x: "draws", y: "s", lines: []line{{"time", []point{{10, 1}, {100, 1}}}}}},
	}}}
	if err := r.write(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(r.folder, "report.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| <peer> | **20.0** | 10.0 – 20.0 | 10.0 (10.0 – 15.0) | that |",
		"| ours ÷ peer: at least 10.0 | 10.0 (10.0 – 15.0) | met |",
		"| start: at most 15.0 ms | 20.0 (20.0 – 20.0) | missed |",
		"](bulk.svg)", "](bulk-1.svg)",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the report does not contain %q:\n%s", want, text)
		}
	}
	for _, name := range []string{"bulk.svg", "bulk-1.svg"} {
		svg, err := os.ReadFile(filepath.Join(r.folder, name))
		if err != nil {
			t.Fatal(err)
		}
		for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) {
			t.Errorf("%s: got a coordinate that is not a number:\n%s", name, svg)
		}
	}
}

// TestSources checks that the generated rules are valid, and that the patterns of refusals
// are rejected.
func TestSources(t *testing.T) {
	l := &lab{rounds: 1}
	for name, source := range map[string]func(int) string{"rules": manyRules, "pattern": longPattern} {
		if _, err := l.growRules(t.Context(), []int{1, 2, 40}, source); err != nil {
			t.Errorf("growing %s: got error %v, want nil", name, err)
		}
	}
	for _, row := range refusals().rows {
		if !strings.Contains(row[2], "rules.yaml:4:") {
			t.Errorf("error for %s: got %s, want an error in line 4", row[0], row[2])
		}
	}
}
