package prize

import (
	"math/big"
	"strconv"
	"strings"
)

// Percent formats a probability as a percentage with four significant digits, for example
// 25% or 0.9246%. A positive probability that would round to 0 is shown as less than the
// smallest percentage, for example <0.000000000001%. A probability below 1 is never rounded
// up to 100%; at most 99.99% is shown.
func Percent(p *big.Rat) string {
	percent := new(big.Rat).Mul(p, big.NewRat(100, 1))
	if percent.Sign() == 0 {
		return "0%"
	}
	digits := 4 // after the point
	if percent.Cmp(big.NewRat(1, 1)) >= 0 {
		digits = 3
	}
	if percent.Cmp(big.NewRat(10, 1)) >= 0 {
		digits = 2
	}
	for bound := big.NewRat(1, 1); digits >= 4 && digits < 12; digits++ {
		if bound.Mul(bound, big.NewRat(1, 10)); percent.Cmp(bound) >= 0 {
			break
		}
	}
	text := percent.FloatString(digits)
	if strings.Trim(text, "0.") == "" {
		return "<0." + strings.Repeat("0", digits-1) + "1%"
	}
	if p.Cmp(big.NewRat(1, 1)) < 0 && strings.HasPrefix(text, "100.") {
		text = "99.99" // 100% means certain
	}
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".") + "%"
}

// OneIn formats a probability as "1 in 4" or "1 in 108.2", and 0 as "never".
func OneIn(p *big.Rat) string {
	if p.Sign() == 0 {
		return "never"
	}
	inverse := new(big.Rat).Inv(p)
	if inverse.IsInt() {
		return "1 in " + thousands(inverse.Num().String())
	}
	digits := 0
	switch {
	case inverse.Cmp(big.NewRat(10, 1)) < 0:
		digits = 2
	case inverse.Cmp(big.NewRat(1000, 1)) < 0:
		digits = 1
	}
	whole, fraction, _ := strings.Cut(inverse.FloatString(digits), ".")
	fraction = strings.TrimRight(fraction, "0")
	if fraction != "" {
		fraction = "." + fraction
	}
	return "1 in " + thousands(whole) + fraction
}

// Thousands formats a number with commas as thousands separators.
func Thousands(n uint64) string { return thousands(strconv.FormatUint(n, 10)) }

// thousands adds commas to the digits of a whole number.
func thousands(digits string) string {
	var b strings.Builder
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(digits[i])
	}
	return b.String()
}
