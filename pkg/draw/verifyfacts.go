package draw

import "slices"

// Report sums up the draws of a file.
type Report struct {
	Draws   uint64 `json:"draws"`   // how many there are
	Held    uint64 `json:"held"`    // how many hold
	Given   uint64 `json:"given"`   // how many account numbers were given and not generated
	Seeds   Groups `json:"seeds"`   // the draws by their seed
	Rules   Groups `json:"rules"`   // the draws by their rules
	Formats Groups `json:"formats"` // the draws whose account numbers were generated, by their formats
}

// Groups are the draws of a file, parted by something.
type Groups struct {
	Count int     `json:"count"` // how many groups there are; where it is [MaxGroups], there may be more
	First []Group `json:"first"` // the first few of them, in the order of the file
}

// Group is the draws of a file that have something in common.
type Group struct {
	Name    string   `json:"name"`              // the seed, the name of the rules, or the formats
	SHA256  string   `json:"sha256,omitempty"`  // of the rules
	Draws   uint64   `json:"draws"`             // how many there are
	Indexes *Indexes `json:"indexes,omitempty"` // of the draws of a seed
}

// The bounds of what is kept of a file, however it is made.
const (
	MaxGroups = 10_000 // groups that are told apart
	maxNamed  = 10     // groups that are named
	maxShared = 100    // findings that are counted until the end
)

// facts gathers what [Report] tells.
type facts struct {
	draws, held, given    uint64
	seeds, rules, formats grouping
	shared                []Finding
}

// add counts the draws of a piece.
func (f *facts) add(p *piece, found func(Finding)) {
	f.draws += uint64(len(p.records))
	f.held += p.held
	for _, r := range p.runs {
		if seed := f.seeds.add(Group{Name: r.seed, Draws: r.count}); seed != nil {
			if seed.indexes == nil {
				seed.indexes = &indexSet{}
			}
			seed.indexes.add(r.start, r.count)
		}
		f.rules.add(Group{Name: r.rules, SHA256: r.sha256, Draws: r.count})
		if r.given {
			f.given += r.count
		} else {
			f.formats.add(Group{Name: r.textFormat + " + " + r.numberFormat, Draws: r.count})
		}
	}
	for _, s := range p.shared {
		i := slices.IndexFunc(f.shared, func(known Finding) bool { return known.Problem == s.Problem })
		switch {
		case i >= 0:
			f.shared[i].Draws += s.Draws
		case len(f.shared) < maxShared:
			f.shared = append(f.shared, s)
		default:
			found(s)
		}
	}
}

// tellShared tells of the findings that were counted until the end.
func (f *facts) tellShared(found func(Finding)) {
	for _, s := range f.shared {
		found(s)
	}
}

func (f *facts) report() Report {
	return Report{
		Draws: f.draws, Held: f.held, Given: f.given,
		Seeds: f.seeds.groups(), Rules: f.rules.groups(), Formats: f.formats.groups(),
	}
}

// grouping parts draws into groups.
type grouping struct {
	known map[Group]int // by name and SHA-256: the place in first, maxNamed for those behind
	first []*group
}

type group struct {
	Group
	indexes *indexSet
}

// add counts draws. It gives their group where that is one of the first few.
func (g *grouping) add(draws Group) *group {
	key := Group{Name: draws.Name, SHA256: draws.SHA256}
	i, known := g.known[key]
	switch {
	case known:
	case g.known == nil:
		g.known = map[Group]int{}
		fallthrough
	case len(g.known) < MaxGroups:
		i = min(len(g.first), maxNamed)
		if i < maxNamed {
			g.first = append(g.first, &group{Group: key})
		}
		g.known[key] = i
	default:
		return nil
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
