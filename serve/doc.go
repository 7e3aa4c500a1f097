// Package serve implements the four services over HTTP: text, number and prize, each of
// which makes one part of a draw, and the core, which composes draws and serves the website.
//
// A [Server] has one role, or all of them on one port. Its answers and its OpenAPI document
// use the types of package remote. The core makes the parts itself unless it has the
// addresses of the services.
package serve
