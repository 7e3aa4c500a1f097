// Package noquery keeps Bubble Tea from querying the terminal when a process starts.
//
// An init function of Bubble Tea 1 queries the background colour of the terminal. It does
// so in every command that prints to a terminal. If the terminal does not answer, the
// query takes five seconds, discards keys that were typed ahead and remains visible on
// the screen. Bubble Tea does not query the terminal if the environment variable CI is
// set, so this package sets CI until End is called.
//
// This package must be initialised before Bubble Tea, so it is a separate package that
// imports only os. Go initialises packages in the order of their paths, once their
// imports are initialised. Bubble Tea imports golang.org/x/sys, whose path comes after
// the path of this package. Bubble Tea 2 has no such init function.
package noquery

import "os"

// placeholder is a value of CI that no other program sets.
const placeholder = "prizegen: do not query the terminal"

//nolint:gochecknoinits // must run before the init function of another package
func init() {
	if os.Getenv("CI") == "" {
		_ = os.Setenv("CI", placeholder) // if this fails, Bubble Tea queries the terminal
	}
}

// End restores the environment. A package that imports Bubble Tea calls it in its own
// init function.
func End() {
	if os.Getenv("CI") == placeholder {
		_ = os.Unsetenv("CI")
	}
}
