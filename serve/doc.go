// Package serve implements the four services over HTTP. The text, number and prize
// services each generate one part of a draw. The core composes draws and serves the
// website.
//
// A [Server] has one role, or all of them on one port. Its responses and its OpenAPI
// document use the types of package remote. A core without the addresses of other services
// generates the parts itself.
package serve
