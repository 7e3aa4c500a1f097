package prize_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prizegen/prizegen/pkg/prize"
)

func TestMistakesOfPrizes(t *testing.T) {
	for name, test := range map[string]struct {
		currency string
		prizes   []string
		want     []string
	}{
		"chances": {"GBP", []string{
			"win: 1, chance: abc", "win: 2, chance: 0%", "win: 3, chance: 3/2", "win: 4", "win: 5, chance: 0.1", "win: 6, chance: [1]", "win: 7, chance: ", "win: 8, chance: 1/0", "win: 9, chance: -1%",
		}, []string{
			`5:22: invalid chance "abc": ` + noChance, `6:22: invalid chance "0%": must be more than 0`,
			`7:22: invalid chance "3/2": must be at most 100%`, `8:5: missing key "chance" in a prize`,
			`9:22: invalid chance "0.1": ` + noChance, "10:22: " + noScalar, `11:14: key "chance" has no value`,
			`12:22: invalid chance "1/0": division by 0`, `13:22: invalid chance "-1%": ` + noChance,
		}},
		"more than certain": {"GBP", []string{"win: 1, chance: 60%", "win: 2, chance: 41%"}, []string{"5:3: the chances add up to 101%; the limit is 100%"}},
		"just above 100%":   {"GBP", []string{"win: 1, chance: 100%", "win: 2, chance: 1/1000000000000"}, []string{"5:3: the chances add up to more than 100%; the limit is 100%"}},
		"a denominator":     {"GBP", []string{"win: 1, chance: 1%", "win: 2, chance: 1/9223372036854775809"}, []string{"6:22: the denominator of chance 1/9223372036854775809 exceeds 2^63; use a simpler fraction"}},
		"two denominators":  {"GBP", []string{"win: 1, chance: 1/4294967296", "win: 2, chance: 1/4294967295", "win: 3, chance: 1%"}, []string{"6:22: with this chance, the common denominator of the rule's chances exceeds 2^63; use simpler fractions"}},
		"amounts": {"GBP", []string{
			"win: -1, chance: 1%", "win: 0, chance: 1%", "win: 0.001, chance: 1%", "win: 1e3, chance: 1%", "win: 10000000000001, chance: 1%", "win: .5, chance: 1%", "win: £5, chance: 1%", "win: [5], chance: 1%", "win: 1., chance: 1%",
		}, []string{
			`5:11: invalid amount "-1": ` + noAmount, `6:11: "win" must be more than 0`, "7:11: invalid amount \"0.001\": GBP allows 2 digits after the point, got 3", `8:11: invalid amount "1e3": ` + noAmount,
			`9:11: invalid amount "10000000000001": the maximum is £10000000000000.00`, `10:11: invalid amount ".5": ` + noAmount, `11:11: invalid amount "£5": ` + noAmount, "12:11: " + noScalar, `13:11: invalid amount "1.": ` + noAmount,
		}},
		"separators": {"GBP", []string{
			"win: '1,50', chance: 1%", "win: '1,000', chance: 1%", `win: "1'000.50", chance: 1%`, "win: '1.000,5', chance: 1%", "win: '1 000 000', chance: 1%", "win: 1_000, chance: 1%", "win: 2,50, chance: 1%", "win: ',', chance: 1%",
		}, []string{
			`5:11: invalid amount "1,50": ` + noSeparators + "1.50", `6:11: invalid amount "1,000": ` + noSeparators + "1000", `7:11: invalid amount "1'000.50": ` + noSeparators + "1000.50", `8:11: invalid amount "1.000,5": ` + noSeparators + "1000.5",
			`9:11: invalid amount "1 000 000": ` + noSeparators + "1000000", `10:11: invalid amount "1_000": ` + noSeparators + "1000",
			`11:13: unknown key "50" in a prize; a comma ends an amount: use a point for decimals (1.50) and nothing between thousands (1000)`, `12:11: invalid amount ",": ` + noAmount,
		}},
		"yen":           {"JPY", []string{"win: 1.5, chance: 1%", "win: x, chance: 1%"}, []string{`5:11: invalid amount "1.5": JPY allows 0 digits after the point, got 1`, `6:11: invalid amount "x": must be a number of JPY such as 20`}},
		"dinars":        {"BHD", []string{"win: 1.0005, chance: 1%", "win: x, chance: 1%"}, []string{`5:11: invalid amount "1.0005": BHD allows 3 digits after the point, got 4`, `6:11: invalid amount "x": must be a number of BHD such as 20 or 0.005`}},
		"no currency":   {"XXX", []string{"win: x, chance: 1%"}, []string{`2:11: unknown currency "XXX": ` + noCurrency, `5:11: invalid amount "x": must be a number of money such as 20 or 0.05`}},
		"kinds":         {"GBP", []string{"win: 1, prize: a, chance: 1%", "chance: 1%", "win: 1, value: 2, chance: 1%", "prize: none, chance: 1%", "prize: ~, chance: 1%", "prize: [a], chance: 1%"}, []string{`5:21: a prize is either money or a thing; use either "win" or "prize"`, `6:5: the prize needs "win" (an amount of money) or "prize" (the name of a thing)`, `7:21: the value of "win" is its amount; remove "value"`, "8:13: none means no prize; choose another name", `9:5: the prize needs "win" (an amount of money) or "prize" (the name of a thing)`, `9:6: key "prize" has no value`, "10:13: " + noScalar}},
		"keys":          {"GBP", []string{"win: 1, chance: 1%, Stock: 4", "win: 2, win: 3, chance: 1%"}, []string{`5:26: unknown key "Stock" in a prize; the keys are chance, win, prize, value, stock, then`, `6:14: duplicate key "win", first on line 6`}},
		"stock":         {"GBP", []string{"prize: a, chance: 1%, stock: 0", "prize: b, chance: 1%, stock: -1", "prize: c, chance: 1%, stock: 1.5", "prize: d, chance: 1%, stock: 1000000000001", "prize: e, chance: 1%, stock: 0x10", "prize: f, chance: 1%, stock: [1]", "prize: g, chance: 1%, then: none", "prize: h, chance: 1%, stock: 1, then: [a]"}, []string{`5:35: ` + noCount + `, got "0"`, `6:35: ` + noCount + `, got "-1"`, `7:35: ` + noCount + `, got "1.5"`, `8:35: ` + noCount + `, got "1000000000001"`, `9:35: ` + noCount + `, got "0x10"`, "10:35: " + noScalar, `11:34: a prize without stock never runs out; remove "then"`, "12:44: " + noScalar}},
		"unknown then":  {"GBP", []string{"prize: b, chance: 1%", "prize: a, chance: 1%, stock: 1, then: zebra"}, []string{`6:44: "then" must be none or the name of a prize in this file, such as a, got "zebra"`}},
		"then itself":   {"GBP", []string{"prize: a, chance: 1%, stock: 1, then: a"}, []string{`5:44: "then" leads from "a" back to itself; it must end in none or in a prize without stock`}},
		"cycle of then": {"GBP", []string{"prize: a, chance: 1%, stock: 1, then: b", "prize: b, chance: 1%, stock: 1, then: c", "prize: c, chance: 1%, stock: 1, then: a"}, []string{`5:44: "then" leads from "b" back to itself; it must end in none or in a prize without stock`, `6:44: "then" leads from "c" back to itself; it must end in none or in a prize without stock`, `7:44: "then" leads from "a" back to itself; it must end in none or in a prize without stock`}},
		"one name":      {"GBP", []string{"win: 1, chance: 1%", "win: 1.00, chance: 1%"}, []string{"6:5: the rule already has prize £1.00; list it once with the sum of the chances"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, mistakes(t, withPrizes(test.currency, test.prizes...))); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPrizesOfOneNameShareAStock checks that prizes with the same name must have the same
// value, stock and "then" in all rules.
func TestPrizesOfOneNameShareAStock(t *testing.T) {
	const head = "name: x\ncurrency: GBP\nrules:\n- {match: a, prizes: [{prize: Mug, value: 8, chance: 1%, stock: 5, then: £1.00}]}\n"
	for name, second := range map[string]string{
		"value":    "{prize: Mug, value: 9, chance: 1%, stock: 5, then: £1.00}",
		"stock":    "{prize: Mug, value: 8, chance: 1%, stock: 6, then: £1.00}",
		"no stock": "{prize: Mug, value: 8, chance: 1%}",
		"then":     "{prize: Mug, value: 8, chance: 1%, stock: 5}",
	} {
		t.Run(name, func(t *testing.T) {
			want := []string{`5:13: Mug on line 4 has a different "value", "stock" or "then"; prizes with the same name share one stock and must agree`}
			if diff := cmp.Diff(want, mistakes(t, head+"- {prizes: ["+second+", {win: 1, chance: 1%}]}\n")); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
	rules := parse(t, head+"- {prizes: [{prize: Mug, value: 8, chance: 2%, stock: 5, then: £1.00}, {win: 1, chance: 1%}]}\n")
	if first, second := rules.List[0].Prizes[0], rules.List[1].Prizes[0]; first.Stock != 5 || second.Stock != 5 || first.Then != "£1.00" {
		t.Errorf("got prizes %+v and %+v, want them to differ only in their chances", first, second)
	}
}

// TestTheLargestDenominator checks a denominator of exactly 2^63.
func TestTheLargestDenominator(t *testing.T) {
	rules := parse(t, withPrizes("GBP", "win: 1, chance: 1/9223372036854775808", "win: 2, chance: 9223372036854775807/9223372036854775808"))
	if left := rules.List[0].NoPrize(); left.Sign() != 0 {
		t.Errorf("got chance %v of no prize, want 0", left)
	}
}

// TestOnlySoManyMistakesAreKept checks that the number of mistakes in an error is limited,
// so that it stays readable.
func TestOnlySoManyMistakesAreKept(t *testing.T) {
	if got := len(mistakes(t, withPrizes("GBP", strings.Split(strings.Repeat("win: x, chance: 1%\n", 150)+"win: x", "\n")...))); got != 100 {
		t.Errorf("got %d mistakes, want 100", got)
	}
}

// TestErrorPointsAtTheMistake checks the message that people see. The caret must be below
// the right character even in a long line, and control characters must not reach the
// terminal.
func TestErrorPointsAtTheMistake(t *testing.T) {
	for name, test := range map[string]struct{ source, want string }{
		"two": {"name: x\r\ncurrency: pounds\r\nrules: 5\r\n", `r.yaml:2:11: unknown currency "pounds": ` + noCurrency + `
    currency: pounds
              ^
r.yaml:3:8: rules ` + noList + `
    rules: 5
           ^`},
		"behind é and with a tab": {"{name: é✓, currency: x, rules: [{prizes: [{win: 1, chance: 1%}]}]} #\t", `r.yaml:1:22: unknown currency "x": ` + noCurrency + `
    {name: é✓, currency: x, rules: [{prizes: [{win: 1, chance: 1%}]}]} #
                         ^`},
		"a long line": {"name: " + strings.Repeat("x", 200) + "\x1b[31m", `r.yaml:1:207: control character '\x1b'; the file must be plain text
    …` + strings.Repeat("x", 50) + "\uFFFD[31m" + `
    ` + strings.Repeat(" ", 51) + "^"},
		"nothing to show": {"", "r.yaml:1:1: " + isEmpty},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := prize.Parse("r.yaml", []byte(test.source))
			var wrong *prize.FileError
			if !errors.As(err, &wrong) || wrong.File != "r.yaml" {
				t.Fatalf("got error %v, want a FileError for r.yaml", err)
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}
