// Package ratelimit limits how often strangers may do things that cost a server or a
// promotion something: play, draw, export, log in, and have rules compiled.
//
// A limit holds for an address and, twice as high, for its network. The address is an IPv4
// address or an IPv6 /64, of which one customer has at least one. The network is an IPv4 /24
// or an IPv6 /48. Further limits hold for all plays of a campaign. Each process counts for
// itself, so that with n replicas a visitor gets at most n times as much.
//
//	limits := ratelimit.New(ratelimit.Defaults())
//	if err := limits.Allow(ratelimit.Exports, ratelimit.AddrOf(r)); err != nil {
//		// a *Refusal, which knows when to try again
//	}
package ratelimit
