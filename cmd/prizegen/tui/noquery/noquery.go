// Package noquery stops Bubble Tea from querying the terminal when a process starts.
//
// An init function of Bubble Tea 1 queries the background colour of the terminal, in every
// command that prints to a terminal. If the terminal does not answer, that takes five
// seconds, discards keys typed ahead and leaves the query on the screen. Bubble Tea does
// not query the terminal if the variable CI is set, so this package sets it until End is
// called.
//
// It must be initialised before Bubble Tea, so it has to be a package of its own that
// imports nothing but os: Go initialises packages in the order of their paths once their
// imports are initialised, and Bubble Tea imports golang.org/x/sys, whose path comes after
// the one of this package. Bubble Tea 2 has no such init function.
package noquery

import "os"

// placeholder is a value of CI that no other program sets.
const placeholder = "prizegen: do not query the terminal"

//nolint:gochecknoinits // acts before the init function of another package
func init() {
	if os.Getenv("CI") == "" {
		_ = os.Setenv("CI", placeholder) // if this fails, the terminal is queried
	}
}

// End restores the environment. A package that imports Bubble Tea calls it in its own
// init function.
func End() {
	if os.Getenv("CI") == placeholder {
		_ = os.Unsetenv("CI")
	}
}
