package draw

import (
	"context"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// Generator makes the parts of the draws of a range: r.Start, r.Start+1, … r.Count
// of them, whose indexes must exist (see [entropy.Range.Check]). Equal ranges
// give equal parts, whichever generator makes them and however the range is
// divided over calls. A generator may be used by several goroutines at once.
type Generator interface {
	// Texts appends the texts of the draws to dst, end to end.
	Texts(ctx context.Context, dst []byte, f textgen.Format, r entropy.Range) ([]byte, error)

	// Numbers appends the numbers of the draws to dst, end to end.
	Numbers(ctx context.Context, dst []byte, f numgen.Format, r entropy.Range) ([]byte, error)

	// Prizes decides the draws of the account numbers and appends their outcomes
	// to dst. There are r.Count account numbers, as [prize.CheckAccount] wants
	// them.
	Prizes(ctx context.Context, dst []prize.Outcome, rules *prize.Rules, accounts *prize.Accounts, r entropy.Range) ([]prize.Outcome, error)
}
