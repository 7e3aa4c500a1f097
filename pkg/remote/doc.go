// Package remote is the client for services in other processes.
//
// A [Client] is a [draw.Generator]. It makes the same draws as [draw.Local], but calls the
// text, number and prize services at the configured URLs. The client and the services share
// the requests and responses of package [wire].
//
// For an error that a service reports, the client returns the Go error that the same call
// would return in process; see [wire.Problem]. If a service cannot be reached, the error is
// an [Unavailable].
package remote
