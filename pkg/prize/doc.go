// Package prize decides what an account number wins.
//
// [Rules] are an ordered list of patterns for account numbers, each with prizes and
// their chances. The first matching rule decides. [Parse] parses rules and reports
// every mistake with its line and column. [Generous] and [Modest] are built in.
//
// Chances are exact fractions. The chances of a rule, over their least common
// denominator D, divide the numbers 0 … D-1 into consecutive ranges. A number drawn from the
// prize stream of the draw (package entropy) selects one. Numbers outside all ranges mean
// no prize. [Rules.Award] does this for many account numbers.
//
// All patterns of a file are compiled into one automaton (package automaton), with which
// [Rules.Odds] counts the account numbers of each rule exactly.
package prize
