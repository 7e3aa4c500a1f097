package main

import (
	"slices"
	"strings"
)

// suggest finds the setting that an unknown name was meant to be, empty where none
// is near.
func (s *settings) suggest(name string) string {
	name = strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	name = strings.TrimPrefix(strings.TrimLeft(name, "-"), "prizegen-")
	if own := slices.DeleteFunc(slices.Clone(s.flags[name]), func(n string) bool { return n == "" }); len(own) > 0 {
		return own[0]
	}
	nearest, least := "", len(name)/3+1
	for _, known := range s.list {
		if d := editDistance(name, known.name); d < least || d == least && nearest == "" {
			nearest, least = known.name, d
		}
	}
	return nearest
}

// isRunOnly says whether a name is that of flags for the command line alone.
func (s *settings) isRunOnly(name string) bool {
	return slices.Equal(s.flags[name], []string{""})
}

// editDistance is how many letters to insert, delete or replace to make one text
// of the other (Levenshtein's).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0]++
		for j := range len(b) {
			replace := diagonal + btoi(a[i] != b[j])
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
