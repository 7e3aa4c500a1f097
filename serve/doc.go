// Package serve implements the four services over HTTP. The text, number and prize
// services each generate one part of a draw. The core composes draws and serves the
// website.
//
// A [Server] has one role, or all of them on one port. Its responses and its OpenAPI
// document use the types of package remote. The core generates the parts itself unless it
// has the addresses of the services.
package serve
