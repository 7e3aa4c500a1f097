package draw

import (
	"cmp"
	"math"
	"slices"
)

// Indexes tells which indexes draws have.
type Indexes struct {
	Lowest        uint64 `json:"lowest"`
	Highest       uint64 `json:"highest"`
	Missing       uint64 `json:"missing"`        // how many between them no draw has
	FirstMissing  []Span `json:"first_missing"`  // the first few of these, ascending
	Repeated      uint64 `json:"repeated"`       // how many draws have the index of another one before them
	FirstRepeated []Span `json:"first_repeated"` // the first few of these indexes, ascending
	Ascending     bool   `json:"ascending"`      // whether each one is above the one before it
	Uncounted     bool   `json:"uncounted"`      // whether they are in such disorder that missing and repeated ones were not counted
}

// Whole says whether every index from the lowest to the highest is there once, in
// order.
func (x *Indexes) Whole() bool {
	return x.Missing == 0 && x.Repeated == 0 && x.Ascending && !x.Uncounted
}

// Span is the indexes From, From+1, … To.
type Span struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}

// The bounds of what is kept of indexes. Draws in order need one span, and draws
// that a few runs were mixed from few.
const (
	manySpans = 1 << 16 // after how many new ones all are put in order
	maxSpans  = 1 << 20 // how many there can be in order
	maxShown  = 5       // how many are told of
)

// indexSet is a set of indexes, kept as spans that may overlap until they are put
// in order.
type indexSet struct {
	spans           []Span
	next            int // how many spans are put in order next
	repeated        uint64
	repeats         []Span // the first few, ascending
	lowest, highest uint64
	last            uint64
	begun           bool
	disordered      bool
	uncounted       bool
}

// add adds the indexes from, from+1, … of which there are count, at least one.
func (s *indexSet) add(from, count uint64) {
	to := from + count - 1
	if !s.begun {
		s.begun, s.lowest, s.highest, s.next = true, from, to, manySpans
	} else if from <= s.last {
		s.disordered = true
	}
	follows := s.last != math.MaxUint64 && from == s.last+1
	s.lowest, s.highest, s.last = min(s.lowest, from), max(s.highest, to), to
	if s.uncounted {
		return
	}
	if n := len(s.spans); n > 0 && follows && s.spans[n-1].To == from-1 {
		s.spans[n-1].To = to
		return
	}
	s.spans = append(s.spans, Span{from, to})
	if len(s.spans) >= s.next {
		s.order()
		s.next = len(s.spans) + max(manySpans, len(s.spans)/2)
		if len(s.spans) > maxSpans {
			s.uncounted, s.spans = true, nil
		}
	}
}

// order sorts the spans, joins those that touch, and counts what overlaps.
func (s *indexSet) order() {
	slices.SortFunc(s.spans, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	var repeats []Span
	joined := s.spans[:0]
	for _, span := range s.spans {
		if n := len(joined) - 1; n >= 0 && span.From <= joined[n].To {
			twice := Span{span.From, min(span.To, joined[n].To)}
			s.repeated += twice.To - twice.From + 1
			if repeats = join(repeats, twice); len(repeats) > maxShown {
				repeats = repeats[:maxShown]
			}
		}
		joined = join(joined, span)
	}
	s.spans = joined
	s.repeats = firstSpans(append(s.repeats, repeats...))
}

// firstSpans puts spans in order, joins those that touch or overlap and gives the
// first few.
func firstSpans(spans []Span) []Span {
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	joined := spans[:0]
	for _, span := range spans {
		joined = join(joined, span)
	}
	return joined[:min(len(joined), maxShown)]
}

// join adds a span to ascending ones: to the last of them where it touches that.
func join(spans []Span, next Span) []Span {
	n := len(spans) - 1
	if n < 0 || spans[n].To != math.MaxUint64 && next.From > spans[n].To+1 {
		return append(spans, next)
	}
	spans[n].To = max(spans[n].To, next.To)
	return spans
}

func (s *indexSet) report() Indexes {
	x := Indexes{
		Lowest: s.lowest, Highest: s.highest, Ascending: !s.disordered, Uncounted: s.uncounted,
		FirstMissing: []Span{}, FirstRepeated: []Span{},
	}
	if s.uncounted {
		return x
	}
	s.order()
	for i := 1; i < len(s.spans); i++ {
		gap := Span{s.spans[i-1].To + 1, s.spans[i].From - 1}
		x.Missing += gap.To - gap.From + 1
		if len(x.FirstMissing) < maxShown {
			x.FirstMissing = append(x.FirstMissing, gap)
		}
	}
	x.Repeated = s.repeated
	x.FirstRepeated = append(x.FirstRepeated, s.repeats...)
	return x
}
