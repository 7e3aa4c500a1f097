package show_test

import (
	"math/big"
	"testing"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/prize"
)

func TestBar(t *testing.T) {
	for _, test := range []struct {
		fraction float64
		width    int
		want     string
	}{
		{0, 4, ""}, {1, 4, "████"}, {0.5, 4, "██"}, {0.53125, 4, "██▏"}, {1e-9, 4, "▏"}, {2, 4, "████"}, {-1, 4, ""},
	} {
		if got := show.Bar(test.fraction, test.width); got != test.want {
			t.Errorf("Bar(%v, %d) = %q, want %q", test.fraction, test.width, got, test.want)
		}
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[uint64]string{0: "0 draws", 1: "1 draw", 2: "2 draws", 1000: "1,000 draws"} {
		if got := show.Count(n, "draw"); got != want {
			t.Errorf("Count(%d, draw) = %q, want %q", n, got, want)
		}
	}
	if got := show.Count(2, "index"); got != "2 indexes" {
		t.Errorf("Count(2, index) = %q, want 2 indexes", got)
	}
}

func TestMoney(t *testing.T) {
	pounds, err := prize.ParseCurrency("GBP")
	if err != nil {
		t.Fatal(err)
	}
	for minor, want := range map[float64]string{0: "£0.00", 12345: "£123.45", 150.4: "£1.50"} {
		if got := show.Money(pounds, minor); got != want {
			t.Errorf("Money(%v) = %q, want %q", minor, got, want)
		}
	}
}

func TestFraction(t *testing.T) {
	for _, test := range []struct {
		p     *big.Rat
		want  string
		short bool
	}{
		{big.NewRat(1, 4), "1/4", true},
		{big.NewRat(123456789012, 12345678901233), "41152263004/4115226300411", false},
	} {
		if got, short := show.Fraction(test.p); got != test.want || short != test.short {
			t.Errorf("Fraction(%v) = %q, %t; want %q, %t", test.p, got, short, test.want, test.short)
		}
	}
}
