package draw

import (
	"cmp"
	"math"
	"slices"
)

// Report summarizes the draws in a file.
type Report struct {
	Draws   uint64 `json:"draws"`   // number of draws
	Held    uint64 `json:"held"`    // number of valid draws
	Given   uint64 `json:"given"`   // number of draws whose account number was given rather than generated
	Seeds   Groups `json:"seeds"`   // the draws by seed
	Rules   Groups `json:"rules"`   // the draws by rules
	Formats Groups `json:"formats"` // the draws with generated account numbers, by formats
}

// Groups describes the groups into which the draws of a file are divided.
type Groups struct {
	Count int     `json:"count"` // number of groups; [MaxGroups] means that many or more
	First []Group `json:"first"` // the first groups, at most 10, in the order of the file
}

// Group describes the draws of a file that share a seed, rules or formats.
type Group struct {
	Name    string   `json:"name"`              // the seed, the name of the rules, or the formats
	SHA256  string   `json:"sha256,omitempty"`  // hash of the rules
	Draws   uint64   `json:"draws"`             // number of draws
	Indexes *Indexes `json:"indexes,omitempty"` // only in a group that shares a seed
}

// Indexes describes the indexes of the draws that share a seed.
type Indexes struct {
	Lowest        uint64 `json:"lowest"`
	Highest       uint64 `json:"highest"`
	Missing       uint64 `json:"missing"`        // number of indexes between Lowest and Highest without a draw
	FirstMissing  []Span `json:"first_missing"`  // the first missing indexes, ascending
	Repeated      uint64 `json:"repeated"`       // number of draws with the same index as an earlier draw
	FirstRepeated []Span `json:"first_repeated"` // the first repeated indexes, ascending
	Ascending     bool   `json:"ascending"`      // whether each index is greater than the one before it
	Uncounted     bool   `json:"uncounted"`      // whether the order was too irregular to count missing and repeated indexes
}

// Whole reports whether every index from the lowest to the highest occurs exactly once, in
// ascending order.
func (x *Indexes) Whole() bool {
	return x.Missing == 0 && x.Repeated == 0 && x.Ascending && !x.Uncounted
}

// Span is the range of the indexes From, From+1, …, To.
type Span struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}

// These limits bound the memory for the report on any file.
const (
	MaxGroups = 10_000 // maximum number of groups that are counted
	maxNamed  = 10     // maximum number of groups in [Groups.First]
	maxShared = 100    // maximum number of distinct shared findings that are collected until the end
)

// summary collects the data of a [Report].
type summary struct {
	draws, held, given    uint64
	seeds, rules, formats grouping
	shared                []Finding
}

// add counts the draws of a piece. It collects the shared findings, or passes them to found
// if there are more than maxShared.
func (s *summary) add(p *piece, found func(Finding)) {
	s.draws += uint64(len(p.records))
	s.held += p.held
	for _, r := range p.runs {
		if seed := s.seeds.add(Group{Name: r.seed, Draws: r.count}); seed != nil {
			if seed.indexes == nil {
				seed.indexes = &indexSet{}
			}
			seed.indexes.add(r.start, r.count)
		}
		s.rules.add(Group{Name: r.rules, SHA256: r.sha256, Draws: r.count})
		if r.given {
			s.given += r.count
		} else {
			s.formats.add(Group{Name: r.textFormat + " + " + r.numberFormat, Draws: r.count})
		}
	}
	for _, f := range p.shared {
		i := slices.IndexFunc(s.shared, func(known Finding) bool { return known.Problem == f.Problem })
		switch {
		case i >= 0:
			s.shared[i].Draws += f.Draws
		case len(s.shared) < maxShared:
			s.shared = append(s.shared, f)
		default:
			found(f)
		}
	}
}

func (s *summary) report() Report {
	return Report{
		Draws: s.draws, Held: s.held, Given: s.given,
		Seeds: s.seeds.groups(), Rules: s.rules.groups(), Formats: s.formats.groups(),
	}
}

// grouping divides draws into groups.
type grouping struct {
	known map[Group]int // by name and SHA-256: position in first, or maxNamed if not in first
	first []*group
}

type group struct {
	Group
	indexes *indexSet
}

// add adds draws to their group if it is one of the first maxNamed groups, and returns the
// group. For later groups, it returns nil and does not count the draws.
func (g *grouping) add(draws Group) *group {
	key := Group{Name: draws.Name, SHA256: draws.SHA256}
	i, known := g.known[key]
	if !known {
		if len(g.known) == MaxGroups {
			return nil
		}
		if g.known == nil {
			g.known = map[Group]int{}
		}
		i = min(len(g.first), maxNamed)
		if i < maxNamed {
			g.first = append(g.first, &group{Group: key})
		}
		g.known[key] = i
	}
	if i == maxNamed {
		return nil
	}
	g.first[i].Draws += draws.Draws
	return g.first[i]
}

func (g *grouping) groups() Groups {
	all := Groups{Count: len(g.known), First: []Group{}}
	for _, one := range g.first {
		if one.indexes != nil {
			indexes := one.indexes.report()
			one.Indexes = &indexes
		}
		all.First = append(all.First, one.Group)
	}
	return all
}

// These limits bound the memory for the indexes of a seed. Draws in order need only one
// span.
const (
	newSpans = 1 << 16 // number of spans to add before sorting all
	maxSpans = 1 << 20 // maximum number of sorted spans
	maxShown = 5       // maximum number of spans that are reported
)

// indexSet is a set of indexes. It stores spans, which may overlap until they are sorted.
type indexSet struct {
	spans           []Span
	sortAt          int // number of spans at which to sort them
	repeated        uint64
	repeats         []Span // the first repeated indexes, ascending
	lowest, highest uint64
	last            uint64
	started         bool
	unsorted        bool // whether an index was not greater than the one before it
	uncounted       bool // whether there were more than maxSpans spans
}

// add adds the indexes from, from+1, …, from+count-1. count must be at least 1.
func (s *indexSet) add(from, count uint64) {
	to := from + count - 1
	if !s.started {
		s.started, s.lowest, s.highest, s.sortAt = true, from, to, newSpans
	} else if from <= s.last {
		s.unsorted = true
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
	if len(s.spans) >= s.sortAt {
		s.sort()
		s.sortAt = len(s.spans) + max(newSpans, len(s.spans)/2)
		if len(s.spans) > maxSpans {
			s.uncounted, s.spans = true, nil
		}
	}
}

// sort sorts the spans, joins those that touch, and counts the overlaps.
func (s *indexSet) sort() {
	slices.SortFunc(s.spans, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	var repeats []Span
	joined := s.spans[:0]
	for _, span := range s.spans {
		if n := len(joined) - 1; n >= 0 && span.From <= joined[n].To {
			overlap := Span{span.From, min(span.To, joined[n].To)}
			s.repeated += overlap.To - overlap.From + 1
			if repeats = join(repeats, overlap); len(repeats) > maxShown {
				repeats = repeats[:maxShown]
			}
		}
		joined = join(joined, span)
	}
	s.spans = joined
	s.repeats = firstSpans(append(s.repeats, repeats...))
}

// firstSpans sorts spans, joins those that touch or overlap, and returns the first maxShown
// of them.
func firstSpans(spans []Span) []Span {
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	joined := spans[:0]
	for _, span := range spans {
		joined = join(joined, span)
	}
	return joined[:min(len(joined), maxShown)]
}

// join appends next to ascending spans, or extends the last span if next touches or overlaps
// it.
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
		Lowest: s.lowest, Highest: s.highest, Ascending: !s.unsorted, Uncounted: s.uncounted,
		FirstMissing: []Span{}, FirstRepeated: []Span{},
	}
	if s.uncounted {
		return x
	}
	s.sort()
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
