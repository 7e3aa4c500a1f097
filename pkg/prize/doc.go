// Package prize decides what an account number wins.
//
// [Rules] are an ordered list of patterns for account numbers, each with prizes and their
// chances. The first matching rule applies. [Parse] parses rules and reports every mistake
// with its line and column. [Generous] and [Modest] are built in.
//
// Chances are exact fractions. Let D be the least common denominator of a rule's chances.
// In file order, each prize gets a range of the numbers 0 … D-1, as long as its chance
// times D. A number from the prize stream of the draw (package entropy) selects the prize;
// a number outside all ranges means no prize. [Rules.Award] does this for many account
// numbers.
//
// All patterns of a file are compiled into one automaton (package automaton). [Rules.Odds]
// uses it to count the account numbers of each rule exactly.
package prize
