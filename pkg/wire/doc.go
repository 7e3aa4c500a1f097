// Package wire defines the requests, the responses and the problems of the HTTP API. The
// services in package serve and the client in package remote share these types, so that
// their JSON agrees.
//
// Requests have methods that validate them. Problems can be converted to and from the Go
// errors that the same calls return in process; see [ProblemOf] and [Problem].
package wire
