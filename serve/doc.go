// Package serve is the services over HTTP: text, number and prize, each of which
// makes one part of a draw, and the core, which puts them together.
//
// A [Server] has one role, or all of them on one port. What it answers with are
// the types of package remote, and its OpenAPI document is made from the same.
// The core makes the parts in its own process, or has them made by the services
// that it is given the addresses of.
package serve
