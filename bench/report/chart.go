package main

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
)

// colours returns the colours of bars and lines. The first colour is for prizegen.
func colours() []string {
	return []string{"#1b6ca8", "#c0562f", "#4b8b3b", "#8a5aa8", "#a88a1b", "#5c6670", "#b0306a", "#2f9a94"}
}

const chartFont = `font-family="system-ui, sans-serif" font-size="13" fill="#222"`

// barChart returns an SVG chart with a bar for each result on a logarithmic scale. The bar
// ends at the median; a thin line extends from the lowest to the highest sample.
func barChart(title, unit string, results []result) []byte {
	const left, width, row, top = 230.0, 760.0, 30.0, 44.0
	low, high := math.Inf(1), 0.0
	for _, r := range results {
		low, high = min(low, slices.Min(r.samples)), max(high, slices.Max(r.samples))
	}
	scale := newScale(low/2, high, left, width-90)
	height := top + row*float64(len(results)) + 14
	var b bytes.Buffer
	header(&b, width, height, title+", "+unit+", logarithmic")
	for i, r := range results {
		y := top + row*float64(i)
		colour := "#9aa5ae"
		if strings.HasPrefix(r.name, "ours") {
			colour = colours()[0]
		}
		end := scale.at(r.median())
		fmt.Fprintf(&b, `<text x="%.0f" y="%.1f" text-anchor="end">%s</text>`, left-8, y+16, html.EscapeString(r.name))
		fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.1f" height="20" fill="%s"/>`, left, y, end-left, colour)
		fmt.Fprintf(&b, `<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" stroke="#222"/>`, scale.at(slices.Min(r.samples)), scale.at(slices.Max(r.samples)), y+10, y+10)
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f">%s</text>`+"\n", scale.at(slices.Max(r.samples))+6, y+15, figure(r.median()))
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// lineChart is a chart with two logarithmic axes.
type lineChart struct {
	title, x, y string
	lines       []line
}

// line is a line in a chart. Its points are in ascending order of x.
type line struct {
	name   string
	points []point
}

type point struct{ x, y float64 }

func (c *lineChart) svg() []byte {
	const left, right, top, bottom, width, height = 84.0, 590.0, 44.0, 330.0, 820.0, 380.0
	lowX, highX, lowY, highY := math.Inf(1), 0.0, math.Inf(1), 0.0
	for _, l := range c.lines {
		for _, p := range l.points {
			lowX, highX, lowY, highY = min(lowX, p.x), max(highX, p.x), min(lowY, p.y), max(highY, p.y)
		}
	}
	// The axis begins and ends at powers of ten, so that flat lines look flat.
	lowY, highY = math.Pow(10, math.Floor(math.Log10(lowY))), math.Pow(10, math.Ceil(math.Log10(highY)))
	if lowY == highY {
		highY *= 10
	}
	x, y := newScale(lowX, highX, left, right), newScale(lowY, highY, bottom, top)
	var b bytes.Buffer
	header(&b, width, height, c.title)
	for _, v := range powers(lowX, highX) {
		fmt.Fprintf(&b, `<line x1="%.1f" x2="%.1f" y1="%g" y2="%g" stroke="#ddd"/><text x="%.1f" y="%g" text-anchor="middle">%s</text>`, x.at(v), x.at(v), top, bottom, x.at(v), bottom+20, short(v))
	}
	for _, v := range powers(lowY, highY) {
		fmt.Fprintf(&b, `<line x1="%g" x2="%g" y1="%.1f" y2="%.1f" stroke="#ddd"/><text x="%g" y="%.1f" text-anchor="end">%s</text>`, left, right, y.at(v), y.at(v), left-8, y.at(v)+4, short(v))
	}
	fmt.Fprintf(&b, `<text x="%g" y="%g" text-anchor="middle">%s</text>`, (left+right)/2, bottom+42, html.EscapeString(c.x))
	fmt.Fprintf(&b, `<text transform="translate(18 %g) rotate(-90)" text-anchor="middle">%s</text>`+"\n", (top+bottom)/2, html.EscapeString(c.y))
	for i, l := range c.lines {
		colour, dashes := colours()[i%len(colours())], ""
		if i >= len(colours()) {
			dashes = ` stroke-dasharray="5 4"`
		}
		fmt.Fprintf(&b, `<polyline fill="none" stroke="%s" stroke-width="2"%s points="`, colour, dashes)
		for _, p := range l.points {
			fmt.Fprintf(&b, "%.1f,%.1f ", x.at(p.x), y.at(p.y))
		}
		b.WriteString(`"/>`)
		for _, p := range l.points {
			fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="3.5" fill="%s"><title>%s: %s</title></circle>`, x.at(p.x), y.at(p.y), colour, short(p.x), figure(p.y))
		}
		y := top + 20*float64(i)
		fmt.Fprintf(&b, `<line x1="%g" x2="%g" y1="%g" y2="%g" stroke="%s" stroke-width="4"%s/><text x="%g" y="%g">%s</text>`+"\n", right+14, right+32, y, y, colour, dashes, right+38, y+5, html.EscapeString(l.name))
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func header(b *bytes.Buffer, width, height float64, title string) {
	title = html.EscapeString(title)
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" role="img" %s><title>%s</title><rect width="100%%" height="100%%" fill="#fff"/><text x="16" y="24" font-weight="600">%s</text>`+"\n", width, height, chartFont, title, title)
}

// scale maps numbers to positions by their logarithms.
type scale struct{ low, factor, from float64 }

func newScale(low, high, from, to float64) scale {
	if high <= low {
		high = low * 10
	}
	return scale{math.Log(low), (to - from) / (math.Log(high) - math.Log(low)), from}
}

func (s scale) at(v float64) float64 { return s.from + (math.Log(v)-s.low)*s.factor }

// powers returns the powers of ten from low to high.
func powers(low, high float64) []float64 {
	var all []float64
	for e := math.Ceil(math.Log10(low) - 1e-9); e <= math.Log10(high)+1e-9; e++ {
		all = append(all, math.Pow(10, e))
	}
	return all
}

// short formats a number for an axis.
func short(v float64) string {
	switch {
	case v >= 1e9:
		return fmt.Sprintf("%gG", v/1e9)
	case v >= 1e6:
		return fmt.Sprintf("%gM", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%gk", v/1e3)
	}
	return fmt.Sprintf("%.4g", v)
}
