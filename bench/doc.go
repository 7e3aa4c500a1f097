// Package bench compares prizegen with the same work done by hand with other
// libraries. It is a module of its own, so that those are no dependencies of
// prizegen. The program in report measures all of it in one run; see README.md.
package bench
