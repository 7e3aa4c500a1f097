// Package remote makes draws with services that run elsewhere, and holds what
// goes over the wire between them.
//
// A [Client] is a [draw.Generator]: it gives the draws that [draw.Local] gives,
// made by the text, number and prize services at the addresses it is told. The
// types of requests and answers are those that the services themselves answer
// with, so that the two can't drift apart.
//
// What fails comes back as the Go error that the same mistake has in process,
// by way of [Problem]; a service that can't be reached is an [Unavailable].
package remote
