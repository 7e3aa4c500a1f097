package prize

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/prizegen/prizegen/pkg/excerpt"
)

// Currency is an ISO 4217 currency. The zero value is none.
type Currency struct {
	Code   string // three capital letters, for example GBP
	Digits int    // digits of the minor unit behind the decimal point, 0 to 4
	symbol string // what stands before an amount, where that is unmistakable
}

// currencies are the active codes of ISO 4217 (list one) that are money in use,
// by the number of their minor digits; funds, metals and test codes are left out.
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

// ErrCurrency is wrapped by the error about an unknown currency code.
var ErrCurrency = errors.New("unknown currency")

// ParseCurrency finds a currency by its code. Its error wraps [ErrCurrency].
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
	default: // others share a symbol with a neighbour, or have none of one letter
		return code + " "
	}
}

// Format writes an amount of minor units, for example 5000 of GBP as £50.00.
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

// Display writes an amount of minor units as Format does, with its thousands
// parted by commas. It is for totals; the name of a prize has no commas, since
// they would end it in a list of YAML.
func (c Currency) Display(minor int64) string { return parted(c.Format(minor)) }

// parted parts the thousands of the first number in a text.
func parted(amount string) string {
	from := strings.IndexAny(amount, "0123456789")
	whole, fraction, point := strings.Cut(amount[from:], ".")
	if point {
		fraction = "." + fraction
	}
	return amount[:from] + thousands(whole) + fraction
}

// FormatRat writes an amount of minor units that need not be whole, to some
// places more than the currency has and with commas, for example 1234/10 of GBP
// and two places more as £1.2340.
func (c Currency) FormatRat(minor *big.Rat, more int) string {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(c.Digits)), nil)
	major := new(big.Rat).Quo(minor, new(big.Rat).SetInt(scale))
	sign := ""
	if major.Sign() < 0 {
		sign, major = "-", major.Neg(major)
	}
	return parted(sign + c.symbol + major.FloatString(c.Digits+more))
}

// maxAmount bounds every amount in minor units, so that sums over any stock stay
// within 64 bits and every amount is exact in any reader of JSON.
const maxAmount = 1_000_000_000_000_000

// parseAmount reads an amount of major units such as 20 or 0.50 into minor ones.
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
		return 0, fmt.Errorf("invalid amount %q: the limit is %s", excerpt.Of(text), c.Format(maxAmount))
	}
	return minor, nil
}

// withoutSeparators guesses what is meant by an amount such as 1,000 or 1.000,50 or
// 1'000: 1000, 1000.50 and 1000. It is empty where there is no telling.
func withoutSeparators(text string) string {
	const separators = ",.'_ "
	if !isDigits(strings.NewReplacer(",", "", ".", "", "'", "", "_", "", " ", "").Replace(text)) {
		return ""
	}
	groups := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(separators, r) })
	last := len(groups) - 1
	if last < 1 {
		return "" // .5 and 1. lack digits, and have nothing too much
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

// isDigits says whether the text is one or more ASCII digits.
func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
