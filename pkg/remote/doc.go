// Package remote is the client for services that run elsewhere, and defines their wire
// format.
//
// A [Client] is a [draw.Generator]. It makes the same draws as [draw.Local], but calls
// the text, number and prize services at the configured addresses. The client and the
// services share the types of requests and responses.
//
// An error that a service reports is returned as the Go error that the same call returns
// in process; see [Problem]. If a service cannot be reached, the error is an
// [Unavailable].
package remote
