// Package remote is the client of services that run elsewhere, and defines their wire
// format.
//
// A [Client] is a [draw.Generator]. It makes the draws that [draw.Local] makes, with the
// text, number and prize services at the configured addresses. Client and services share
// the types of requests and answers.
//
// An error of a service is returned as the Go error that the same mistake has in process,
// by way of [Problem]. The error about a service that cannot be reached is an
// [Unavailable].
package remote
