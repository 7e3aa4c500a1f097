package prize

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/prizegen/prizegen/pkg/excerpt"
)

// Currency is an ISO 4217 currency. The zero value means no currency.
type Currency struct {
	Code   string // three capital letters, for example GBP
	Digits int    // digits after the decimal point, 0 to 4
	symbol string // prefix of an amount
}

// currencies returns the active codes of ISO 4217 (list one), indexed by their number of
// decimal digits. Codes for funds, metals and tests are left out.
func currencies() [5]string {
	return [5]string{
		0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
		2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF " +
			"CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD " +
			"HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK " +
			"MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD " +
			"RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS " +
			"UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG",
		3: "BHD IQD JOD KWD LYD OMR TND",
		4: "CLF UYW",
	}
}

// ErrCurrency is wrapped by the error for an unknown currency code.
var ErrCurrency = errors.New("unknown currency")

// ParseCurrency returns the currency with the given code. Its error wraps [ErrCurrency].
func ParseCurrency(code string) (Currency, error) {
	if len(code) == 3 && code == strings.ToUpper(code) && !strings.Contains(code, " ") {
		for digits, codes := range currencies() {
			if strings.Contains(codes, code) {
				return Currency{Code: code, Digits: digits, symbol: symbol(code)}, nil
			}
		}
	}
	return Currency{}, fmt.Errorf("%w %q: use an ISO 4217 code in capital letters such as GBP, EUR or USD", ErrCurrency, code)
}

func symbol(code string) string {
	switch code {
	case "GBP":
		return "£"
	case "EUR":
		return "€"
	case "USD":
		return "$"
	case "JPY":
		return "¥"
	case "INR":
		return "₹"
	default: // the symbol is missing or shared with another currency
		return code + " "
	}
}

// Format formats an amount of minor units, for example 5000 of GBP as £50.00.
func (c Currency) Format(minor int64) string {
	digits := strconv.FormatInt(minor, 10)
	sign := ""
	if minor < 0 {
		sign, digits = "-", digits[1:]
	}
	if c.Digits > 0 {
		for len(digits) <= c.Digits {
			digits = "0" + digits
		}
		point := len(digits) - c.Digits
		digits = digits[:point] + "." + digits[point:]
	}
	return sign + c.symbol + digits
}

// Display formats an amount of minor units with thousands separators. Use it for totals but
// not for the names of prizes, because a comma would end a name in a YAML mapping.
func (c Currency) Display(minor int64) string { return withSeparators(c.Format(minor)) }

// withSeparators adds thousands separators to the first number in a string.
func withSeparators(amount string) string {
	from := strings.IndexAny(amount, "0123456789")
	whole, fraction, point := strings.Cut(amount[from:], ".")
	if point {
		fraction = "." + fraction
	}
	return amount[:from] + thousands(whole) + fraction
}

// FormatRat formats a fractional amount of minor units with thousands separators. more is
// the number of additional decimal digits: with 2, an amount of 1234/10 in GBP is £1.2340.
func (c Currency) FormatRat(minor *big.Rat, more int) string {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(c.Digits)), nil)
	major := new(big.Rat).Quo(minor, new(big.Rat).SetInt(scale))
	sign := ""
	if major.Sign() < 0 {
		sign, major = "-", major.Neg(major)
	}
	return withSeparators(sign + c.symbol + major.FloatString(c.Digits+more))
}

// maxAmount is the largest amount in minor units. Every JSON parser represents it
// exactly, and its product with any stock fits in 64 bits.
const maxAmount = 1_000_000_000_000_000

// parseAmount parses an amount of major units such as 20 or 0.50, and returns minor units.
func (c Currency) parseAmount(text string) (int64, error) {
	whole, fraction, point := strings.Cut(text, ".")
	if !isDigits(whole) || point && !isDigits(fraction) {
		if plain := withoutSeparators(text); plain != "" {
			return 0, fmt.Errorf("invalid amount %q: use a point for decimals and nothing between thousands, such as %s", excerpt.Of(text), excerpt.Of(plain))
		}
		return 0, fmt.Errorf("invalid amount %q: must be a number of %s such as 20%s", excerpt.Of(text), c.Code, c.exampleFraction())
	}
	if len(fraction) > c.Digits {
		return 0, fmt.Errorf("invalid amount %q: %s allows %d digits after the point, got %d", excerpt.Of(text), c.Code, c.Digits, len(fraction))
	}
	minor, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", c.Digits-len(fraction)), 10, 64)
	if err != nil || minor > maxAmount {
		return 0, fmt.Errorf("invalid amount %q: the maximum is %s", excerpt.Of(text), c.Format(maxAmount))
	}
	return minor, nil
}

// withoutSeparators converts an amount with separators, such as 1,000 or 1.000,50 or 1'000,
// to the format of rules files: 1000, 1000.50 or 1000. It returns "" if text has any other
// form.
func withoutSeparators(text string) string {
	const separators = ",.'_ "
	if !isDigits(strings.NewReplacer(",", "", ".", "", "'", "", "_", "", " ", "").Replace(text)) {
		return ""
	}
	groups := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(separators, r) })
	last := len(groups) - 1
	if last < 1 {
		return "" // such as .5 and 1.
	}
	if mark := text[strings.LastIndexAny(text, separators)]; mark != ',' && mark != '.' || len(groups[last]) == 3 {
		return strings.Join(groups, "")
	}
	return strings.Join(groups[:last], "") + "." + groups[last]
}

func (c Currency) exampleFraction() string {
	if c.Digits == 0 {
		return ""
	}
	return " or 0." + strings.Repeat("0", c.Digits-1) + "5"
}

// isDigits reports whether s is one or more ASCII digits.
func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
