// Package unasked keeps terminals from being asked for their background colour before
// anybody wants to know.
//
// Bubble Tea asks in an init function, which would be at the start of every command
// that prints to a terminal: the question can be seen where nothing answers, takes
// five seconds there, and takes what was typed ahead for the answer. Nobody asks where
// the environment has CI, so that is set until all packages are initialised.
//
// This package imports nothing but os. Go initialises packages that are ready in the
// order of their paths, and Bubble Tea needs golang.org/x/sys, whose path comes behind
// this one's: so this package is initialised before it. It can go with version 2 of
// Bubble Tea, which asks when a program starts.
package unasked

import "os"

// mark is a value of CI that nobody else sets.
const mark = "not asking the terminal"

//nolint:gochecknoinits // it must act before the init function of another package
func init() {
	if os.Getenv("CI") == "" {
		_ = os.Setenv("CI", mark) // where that fails, the terminal is asked
	}
}

// Over restores the environment. Whoever imports Bubble Tea calls it when that has been
// initialised.
func Over() {
	if os.Getenv("CI") == mark {
		_ = os.Unsetenv("CI")
	}
}
