// Package campaign runs promotions: what one is, what a play of it is, and what
// must hold whatever happens meanwhile.
//
// A [Promoter] is the one way to do so, for the web site, the API and the command
// line alike. It keeps campaigns, entrants and draws in a [Store] and makes draws
// with a [draw.Generator]. A campaign is a draft at first; [Promoter.Open] fixes
// its rules, formats and stock and publishes the commitment of its seed,
// [Promoter.Play] issues one account number after the other and decides its prize,
// and [Promoter.Close] reveals the seed, with which anyone can [Verify] what
// [Promoter.Export] writes.
package campaign
