package prize

import (
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/prizegen/prizegen/pkg/excerpt"
)

// ErrChance is wrapped by every error for an invalid chance.
var ErrChance = errors.New("invalid chance")

// maxChanceText is the maximum length of a chance in bytes. The longest valid fraction in
// lowest terms has 39 bytes.
const maxChanceText = 64

// ParseChance parses a chance above 0 and up to 1: a percentage such as 25% or 0.5%, or a
// fraction such as 1/1000. The result is exact. Errors wrap [ErrChance].
func ParseChance(text string) (*big.Rat, error) {
	chance, err := parseFraction(text)
	switch {
	case err != nil:
	case chance.Sign() == 0:
		err = errors.New("must be more than 0")
	case chance.Cmp(big.NewRat(1, 1)) > 0:
		err = errors.New("must be at most 100%")
	}
	if err != nil {
		return nil, fmt.Errorf("%w %q: %w", ErrChance, excerpt.Of(text), err)
	}
	return chance, nil
}

func parseFraction(text string) (*big.Rat, error) {
	if len(text) > maxChanceText {
		return nil, fmt.Errorf("must have at most %d characters, got %d", maxChanceText, len(text))
	}
	if isDigits(text) && strings.Trim(text, "0") == "" {
		return new(big.Rat), nil // ParseChance rejects 0
	}
	errSyntax := errors.New("must be a percentage such as 25% or 0.5%, or a fraction such as 1/1000")
	if percent, ok := strings.CutSuffix(text, "%"); ok {
		whole, decimals, point := strings.Cut(percent, ".")
		if !isDigits(whole) || point && !isDigits(decimals) {
			return nil, errSyntax
		}
		return quotient(whole+decimals, "100"+strings.Repeat("0", len(decimals))), nil
	}
	above, below, slash := strings.Cut(text, "/")
	if !slash || !isDigits(above) || !isDigits(below) {
		return nil, errSyntax
	}
	if strings.Trim(below, "0") == "" {
		return nil, errors.New("division by 0")
	}
	return quotient(above, below), nil
}

// quotient returns above divided by below. Both must consist of decimal digits, and
// below must not be 0.
func quotient(above, below string) *big.Rat {
	a, _ := new(big.Int).SetString(above, 10)
	b, _ := new(big.Int).SetString(below, 10)
	return new(big.Rat).SetFrac(a, b)
}

// maxDenominator returns the upper limit for the common denominator of a rule's chances:
// 2^63.
func maxDenominator() *big.Int { return new(big.Int).Lsh(big.NewInt(1), 63) }

// commonDenominator returns the least common multiple of the denominators of chances.
func commonDenominator(chances []*big.Rat) *big.Int {
	lcm := big.NewInt(1)
	for _, c := range chances {
		lcm = leastMultiple(lcm, c.Denom())
	}
	return lcm
}

// leastMultiple returns the least common multiple of two positive numbers.
func leastMultiple(a, b *big.Int) *big.Int {
	gcd := new(big.Int).GCD(nil, nil, a, b)
	return gcd.Mul(a, gcd.Div(b, gcd))
}
