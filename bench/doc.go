// Package bench compares prizegen with the same work done by hand with other
// libraries. It is a module of its own, so that those are no dependencies of
// prizegen. See README.md.
package bench
