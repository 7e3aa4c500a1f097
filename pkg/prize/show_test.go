package prize_test

import (
	"errors"
	"math/big"
	"testing"

	"github.com/prizegen/prizegen/pkg/prize"
)

// TestShowingProbabilities checks every change of precision, and probabilities that must
// not be rounded to 0 or 1.
func TestShowingProbabilities(t *testing.T) {
	for p, want := range map[string]struct{ percent, oneIn string }{
		"0":                           {"0%", "never"},
		"1":                           {"100%", "1 in 1"},
		"1/4":                         {"25%", "1 in 4"},
		"1/3":                         {"33.33%", "1 in 3"},
		"2/3":                         {"66.67%", "1 in 1.5"},
		"25/2704":                     {"0.9246%", "1 in 108.2"},
		"1/1000":                      {"0.1%", "1 in 1,000"},
		"1/1234567":                   {"0.000081%", "1 in 1,234,567"},
		"2/1234567":                   {"0.000162%", "1 in 617,284"},
		"7/1000":                      {"0.7%", "1 in 142.9"},
		"10/101":                      {"9.901%", "1 in 10.1"},
		"99999/100000":                {"99.99%", "1 in 1"},
		"999999999999/1000000000000":  {"99.99%", "1 in 1"},
		"1/1000000000000":             {"0.0000000001%", "1 in 1,000,000,000,000"},
		"1/100000000000000":           {"0.000000000001%", "1 in 100,000,000,000,000"},
		"1/1000000000000000":          {"<0.000000000001%", "1 in 1,000,000,000,000,000"},
		"1/9223372036854775808":       {"<0.000000000001%", "1 in 9,223,372,036,854,775,808"},
		"100000000000/10000000000001": {"1%", "1 in 100"},
	} {
		t.Run(p, func(t *testing.T) {
			r, ok := new(big.Rat).SetString(p)
			if !ok {
				t.Fatal("got an invalid fraction in the table")
			}
			if got := prize.Percent(r); got != want.percent {
				t.Errorf("Percent: got %s, want %s", got, want.percent)
			}
			if got := prize.OneIn(r); got != want.oneIn {
				t.Errorf("OneIn: got %s, want %s", got, want.oneIn)
			}
		})
	}
}

func TestCurrency(t *testing.T) {
	for code, want := range map[string]struct{ big, small, negative, rat string }{
		"GBP": {"£50.00", "£0.05", "-£0.05", "£12.3457"},
		"EUR": {"€50.00", "€0.05", "-€0.05", "€12.3457"},
		"USD": {"$50.00", "$0.05", "-$0.05", "$12.3457"},
		"INR": {"₹50.00", "₹0.05", "-₹0.05", "₹12.3457"},
		"CHF": {"CHF 50.00", "CHF 0.05", "-CHF 0.05", "CHF 12.3457"},
		"JPY": {"¥5000", "¥5", "-¥5", "¥1,234.57"},
		"BHD": {"BHD 5.000", "BHD 0.005", "-BHD 0.005", "BHD 1.23457"},
		"CLF": {"CLF 0.5000", "CLF 0.0005", "-CLF 0.0005", "CLF 0.123457"},
	} {
		t.Run(code, func(t *testing.T) {
			c, err := prize.ParseCurrency(code)
			if err != nil || c.Code != code {
				t.Fatalf("ParseCurrency: got %+v, error %v, want code %s", c, err, code)
			}
			for minor, want := range map[int64]string{5000: want.big, 5: want.small, -5: want.negative} {
				if got := c.Format(minor); got != want {
					t.Errorf("Format(%d) = %s, want %s", minor, got, want)
				}
			}
			fraction := big.NewRat(12345678, 10000)
			if got := c.FormatRat(fraction, 2); got != want.rat {
				t.Errorf("FormatRat(1234.5678) = %s, want %s", got, want.rat)
			}
			if got := c.FormatRat(new(big.Rat).Neg(fraction), 2); got != "-"+want.rat {
				t.Errorf("FormatRat(-1234.5678) = %s, want -%s", got, want.rat)
			}
			if fraction.Sign() < 0 {
				t.Error("FormatRat changed its argument")
			}
		})
	}
}

func TestUnknownCurrency(t *testing.T) {
	for _, code := range []string{"", "gbp", "GB", "GBPX", "XXX", "XAU", " GB", "P C", "£", "ÄÖÜ"} {
		if c, err := prize.ParseCurrency(code); !errors.Is(err, prize.ErrCurrency) {
			t.Errorf("ParseCurrency(%q) = %v, %v, want ErrCurrency", code, c, err)
		}
	}
}

func TestParseChance(t *testing.T) {
	for text, want := range map[string]string{
		"25%": "1/4", "0.5%": "1/200", "100%": "1/1", "100.000%": "1/1", "1/1000": "1/1000", "2/4": "1/2", "1/1": "1/1", "007%": "7/100",
		"0.00000000000000001%":                    "1/10000000000000000000",
		"9223372036854775807/9223372036854775808": "9223372036854775807/9223372036854775808",
	} {
		if got, err := prize.ParseChance(text); err != nil || got.String() != want {
			t.Errorf("ParseChance(%q) = %v, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "25", "0.25", "%", "/", "1/", "/2", "1/2/3", "1/0", "0/1", "0%", "0.0%", "-1%", "+1%", "1e1%", "0x1%", "1_0%", ".5%", "5.%", " 1%", "1% ", "1 /2", "½", "٣%", "100.1%", "3/2",
		"1/10000000000000000000000000000000000000000000000000000000000000000",
	} {
		if got, err := prize.ParseChance(text); !errors.Is(err, prize.ErrChance) {
			t.Errorf("ParseChance(%q) = %v, %v, want ErrChance", text, got, err)
		}
	}
}

// TestThousandsArePartedInTotals checks that totals have thousands separators, and that the
// names of prizes do not.
func TestThousandsArePartedInTotals(t *testing.T) {
	gbp, err := prize.ParseCurrency("GBP")
	if err != nil {
		t.Fatal(err)
	}
	for minor, want := range map[int64][2]string{
		123456789: {"£1234567.89", "£1,234,567.89"}, -100000: {"-£1000.00", "-£1,000.00"}, 99999: {"£999.99", "£999.99"},
	} {
		if got := [2]string{gbp.Format(minor), gbp.Display(minor)}; got != want {
			t.Errorf("%d: got %q, want %q", minor, got, want)
		}
	}
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 18446744073709551615: "18,446,744,073,709,551,615"} {
		if got := prize.Thousands(n); got != want {
			t.Errorf("Thousands(%d) = %s, want %s", n, got, want)
		}
	}
}
