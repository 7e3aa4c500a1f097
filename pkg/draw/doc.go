// Package draw makes draws: an account number and what it wins, decided by a
// seed and an index and nothing else.
//
// A [Generator] makes the parts of many draws at a time; [Local] does so in this
// process. [Run] makes the draws of a [Spec] with it, however many, in batches on
// all cores and hands them on in the order of their indexes, so that the output
// does not depend on how many cores there are. [CSV], [NDJSON] and [JSON] write them, and
// [Verify] recomputes what was written.
package draw
