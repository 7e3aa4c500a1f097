package main

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// report is the report of a run.
type report struct {
	folder   string
	machine  string
	sections []section
}

// section compares contestants or shows how a quantity grows.
type section struct {
	name    string // prefix of the names of its chart files
	title   string
	about   string // what is measured, and how
	unit    string // unit of the samples
	less    bool   // whether lower values are better
	results []result
	aims    []aim
	tables  []table
	charts  []lineChart
}

// aim is a target for a ratio or a figure.
type aim struct {
	text     string
	ratios   []float64 // samples, one per round
	atLeast  float64   // 0 if atMost is set
	atMost   float64   // 0 if atLeast is set
	absolute string    // unit of the figure; empty for a ratio
}

// table contains the column headings and the rows of one section of the report.
type table struct {
	columns []string
	rows    [][]string
}

func (r *report) write() error {
	if err := os.MkdirAll(r.folder, 0o755); err != nil {
		return err
	}
	var b bytes.Buffer
	b.WriteString("# Speed, measured side by side\n\n" + r.machine + "\n")
	for i := range r.sections {
		s := &r.sections[i]
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", s.title, s.about)
		s.writeResults(&b)
		for _, t := range s.tables {
			t.write(&b)
		}
		s.writeAims(&b)
		if err := s.writeCharts(&b, r.folder); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(r.folder, "report.md"), b.Bytes(), 0o644)
}

// writeResults writes the contestants as a table. The ratios compare the first contestant
// with each of the others.
func (s *section) writeResults(b *bytes.Buffer) {
	if len(s.results) == 0 {
		return
	}
	t := table{columns: []string{"", s.unit + ", median", "lowest – highest", s.results[0].name + " ÷ this", "what it does"}}
	for i := range s.results {
		r := &s.results[i]
		ratio := ""
		if i > 0 {
			ratio = spread(ratios(&s.results[0], r))
		}
		t.rows = append(t.rows, []string{
			r.name, "**" + figure(r.median()) + "**", figure(slices.Min(r.samples)) + " – " + figure(slices.Max(r.samples)), ratio, r.what,
		})
	}
	t.write(b)
}

// spread formats the median, the minimum and the maximum of ratios.
func spread(ratios []float64) string {
	return fmt.Sprintf("%s (%s – %s)", figure(median(ratios)), figure(slices.Min(ratios)), figure(slices.Max(ratios)))
}

func (s *section) writeAims(b *bytes.Buffer) {
	if len(s.aims) == 0 {
		return
	}
	t := table{columns: []string{"goal", "measured", ""}}
	for _, a := range s.aims {
		want, met := fmt.Sprintf("at least %s", figure(a.atLeast)), median(a.ratios) >= a.atLeast
		if a.atMost > 0 {
			want, met = fmt.Sprintf("at most %s", figure(a.atMost)), median(a.ratios) <= a.atMost
		}
		verdict := "missed"
		if met {
			verdict = "met"
		}
		t.rows = append(t.rows, []string{strings.TrimSpace(a.text + ": " + want + " " + a.absolute), spread(a.ratios), verdict})
	}
	t.write(b)
}

func (t *table) write(b *bytes.Buffer) {
	b.WriteString("\n| " + strings.Join(t.columns, " | ") + " |\n|" + strings.Repeat("---|", len(t.columns)) + "\n")
	for _, row := range t.rows {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
	}
}

func (s *section) writeCharts(b *bytes.Buffer, folder string) error {
	save := func(name, title string, svg []byte) error {
		fmt.Fprintf(b, "\n![%s](%s)\n", title, name)
		return os.WriteFile(filepath.Join(folder, name), svg, 0o644)
	}
	if len(s.results) > 0 {
		if err := save(s.name+".svg", s.title, barChart(s.title, s.unit, s.results)); err != nil {
			return err
		}
	}
	for i := range s.charts {
		name := s.name + ".svg"
		if i > 0 || len(s.results) > 0 {
			name = fmt.Sprintf("%s-%d.svg", s.name, i+1)
		}
		if err := save(name, s.charts[i].title, s.charts[i].svg()); err != nil {
			return err
		}
	}
	return nil
}

// figure formats a number with about three significant digits.
func figure(v float64) string {
	switch size := math.Abs(v); {
	case size >= 1e9:
		return group(math.Round(v/1e7) * 1e7)
	case size >= 1000:
		step := math.Pow(10, math.Floor(math.Log10(size))-2)
		return group(math.Round(v/step) * step)
	case size >= 100:
		return fmt.Sprintf("%.0f", v)
	case size >= 10:
		return fmt.Sprintf("%.1f", v)
	case size >= 0.1 || size == 0:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.2g", v)
}

// group formats a whole number with commas between thousands.
func group(v float64) string {
	digits := fmt.Sprintf("%.0f", v)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
