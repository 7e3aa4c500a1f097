// Package campaign runs prize promotions.
//
// A [Service] provides the operations for the public: it lists campaigns, plays them and
// returns results. [Service.Admin] returns an [Admin], which provides the operations for
// promoters. The website, the API and the command line all use these two types.
//
// A Service stores campaigns, entrants and draws in a [Store] and makes draws with a
// [draw.Generator]. A campaign begins as a draft. [Admin.Open] fixes its rules, formats
// and stock and publishes the commitment to its seed. Each call to [Service.Play]
// issues an account number and determines its prize. [Admin.Close] reveals the seed, with
// which anyone can [Verify] the output of [Service.Export].
package campaign
