// Package remote is the client for services that run elsewhere.
//
// A [Client] is a [draw.Generator]. It makes the same draws as [draw.Local], but calls
// the text, number and prize services at the configured addresses. The client and the
// services share the requests and responses of package [wire].
//
// An error that a service reports is returned as the Go error that the same call returns
// in process; see [wire.Problem]. If a service cannot be reached, the error is an
// [Unavailable].
package remote
