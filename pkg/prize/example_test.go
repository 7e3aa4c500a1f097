package prize_test

import (
	"fmt"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// Parse reads rules from YAML; Award determines what account numbers win by them.
func ExampleParse() {
	rules, err := prize.Parse("summer.yaml", []byte(`
name: summer
currency: GBP
rules:
  - match: "7$"
    prizes:
      - {win: 20, chance: 1/10}
      - {prize: Mug, value: 8, chance: 15%}
  - prizes:
      - {win: 1, chance: 10%}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	var accounts prize.Accounts
	for _, account := range []string{"fucb0167", "cujg9027", "iyom2470"} {
		accounts.Append(account)
	}
	for i, outcome := range rules.Award(nil, &accounts, entropy.Seed("1").Range(entropy.Prize, 0, 3)) {
		won := "nothing"
		if p := rules.Prize(outcome); p != nil {
			won = p.Name
		}
		fmt.Printf("%s, %s: %s\n", accounts.At(i), rules.Rule(outcome).Name, won)
	}
	// Output:
	// fucb0167, 7$: £20.00
	// cujg9027, 7$: nothing
	// iyom2470, everybody else: nothing
}

// An error shows the position of each mistake, what was expected, and the line.
func ExampleParse_mistakes() {
	_, err := prize.Parse("summer.yaml", []byte(`name: summer
currency: GBP
rules:
  - match: "(?i)^A"
    prizes:
      - {win: 20, chance: 110%}
      - {win: 1.005, chance: 1%}
`))
	fmt.Println(err)
	// Output:
	// summer.yaml:6:27: invalid chance "110%": must be at most 100%
	//           - {win: 20, chance: 110%}
	//                               ^
	// summer.yaml:7:15: invalid amount "1.005": GBP allows 2 digits after the point, got 3
	//           - {win: 1.005, chance: 1%}
	//                   ^
}

// The odds are exact fractions; Percent and OneIn format them for people.
func ExampleRules_Odds() {
	rules, err := prize.Builtin(prize.Generous)
	if err != nil {
		fmt.Println(err)
		return
	}
	text, _ := textgen.Parse(textgen.Upper2)
	number, _ := numgen.Parse(numgen.Digits8)
	odds := rules.Odds(text.Format, number.Format)
	for _, row := range odds.Rows[1:3] {
		fmt.Println(row.Rule.Name, row.Prize.Name, row.Probability, prize.Percent(row.Probability), prize.OneIn(row.Probability))
	}
	fmt.Println("a draw costs", rules.Currency.FormatRat(odds.Mean, 2))
	// Output:
	// starts with A £100.00 1/104 0.9615% 1 in 104
	// starts with A £50.00 3/104 2.885% 1 in 34.7
	// a draw costs £6.3377
}

// The odds of one account number are the chances of the first rule that matches it.
func ExampleRules_AccountOdds() {
	rules, err := prize.Builtin(prize.Modest)
	if err != nil {
		fmt.Println(err)
		return
	}
	odds := rules.AccountOdds("ABC123456")
	fmt.Println("wins something with", prize.Percent(odds.Win), "and on average", rules.Currency.FormatRat(odds.Mean, 2))
	// Output: wins something with 100% and on average £6.2500
}
