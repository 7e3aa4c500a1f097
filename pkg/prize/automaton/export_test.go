package automaton

// Results calls visit for every pair of states of two automata that any string leads to.
// The arguments are such a string and the results of the automata for it. Both automata
// must be of the usual kind. Results returns the number of pairs.
func Results(a, b *Automaton, visit func(text string, i, j int)) (pairs int) {
	type pair struct{ a, b uint32 }
	start := pair{a.start, b.start}
	texts := map[pair]string{start: ""}
	for todo := []pair{start}; len(todo) > 0; todo = todo[1:] {
		at := todo[0]
		visit(texts[at], int(a.accept[at.a>>a.shift]), int(b.accept[at.b>>b.shift]))
		for symbol := range 256 {
			to := pair{a.next[at.a|uint32(a.classOf[symbol])], b.next[at.b|uint32(b.classOf[symbol])]}
			if _, seen := texts[to]; !seen {
				texts[to] = texts[at] + string(rune(symbol))
				todo = append(todo, to)
			}
		}
	}
	return len(texts)
}

// IsTracked reports whether an automaton is of the tracked kind.
func IsTracked(a *Automaton) bool { return a.hits != nil }
