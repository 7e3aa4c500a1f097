package bench

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/brianvoe/gofakeit/v7"

	"github.com/prizegen/prizegen/pkg/prize"
)

// Peer makes draws with gofakeit and the standard library. It is not safe for concurrent
// use.
type Peer struct {
	faker *gofakeit.Faker
	rules []Rule
}

// Rule is a pattern and the choices for account numbers that it matches. The last choice is
// no prize.
type Rule struct {
	Name    string
	match   *regexp.Regexp
	choices []Choice
	sums    []int     // cumulative weights of the choices
	options []any     // the choices for gofakeit
	weights []float32 // their weights for gofakeit
}

// Choice is a prize in a rule, or no prize.
type Choice struct{ Prize, Value string }

// NewPeer returns a peer with the generous rules. Its random numbers come from a PCG
// generator with the given seed, without a lock.
func NewPeer(seed uint64) (*Peer, error) {
	rules, err := prize.Builtin(prize.Generous)
	if err != nil {
		return nil, err
	}
	p := &Peer{faker: gofakeit.NewFaker(rand.NewPCG(seed, seed), false)}
	for _, rule := range rules.List {
		r := Rule{Name: rule.Name, match: regexp.MustCompile(rule.Match)}
		for _, won := range rule.Prizes {
			r.add(Choice{won.Name, big.NewInt(won.Value).String()}, won.Chance)
		}
		r.add(Choice{"", "0"}, rule.NoPrize())
		p.rules = append(p.rules, r)
	}
	return p, nil
}

// total is the sum of the weights in a rule, because all chances in the generous rules are
// multiples of 1/100.
const total = 100

func (r *Rule) add(c Choice, chance *big.Rat) {
	weight := int(new(big.Rat).Mul(chance, big.NewRat(total, 1)).Num().Int64())
	sum := weight
	if n := len(r.sums); n > 0 {
		sum += r.sums[n-1]
	}
	r.choices, r.sums = append(r.choices, c), append(r.sums, sum)
	r.options, r.weights = append(r.options, c), append(r.weights, float32(weight))
}

// Account returns an account number such as fucb0166. It uses DigitN rather than Numerify,
// whose numbers never begin with 0. LetterN mixes upper and lower case.
func (p *Peer) Account() string {
	return strings.ToLower(p.faker.LetterN(4)) + p.faker.DigitN(4)
}

// Rule returns the first rule that matches.
func (p *Peer) Rule(account string) *Rule {
	for i := range p.rules {
		if p.rules[i].match.MatchString(account) {
			return &p.rules[i]
		}
	}
	return nil // unreachable, because the last rule matches everything
}

// Pick selects a choice by cumulative weights.
func (p *Peer) Pick(r *Rule) Choice {
	v := p.faker.IntN(total)
	return r.choices[sort.Search(len(r.sums), func(i int) bool { return v < r.sums[i] })]
}

// PickWeighted selects a choice with gofakeit.Weighted.
func (p *Peer) PickWeighted(r *Rule) Choice {
	c, err := p.faker.Weighted(r.options, r.weights)
	if err != nil {
		panic(err)
	}
	return c.(Choice)
}

// Output writes a draw as a line of CSV.
type Output func(index int, account, rule string, c Choice) error

// NewFmtOutput returns an Output that uses fmt.
func NewFmtOutput() Output {
	w := bufio.NewWriterSize(io.Discard, 64<<10)
	return func(index int, account, rule string, c Choice) error {
		_, err := fmt.Fprintf(w, "%d,%s,%s,%s,%s,GBP\n", index, account, rule, c.Prize, c.Value)
		return err
	}
}

// NewCSVOutput returns an Output that uses encoding/csv.
func NewCSVOutput() Output {
	w := csv.NewWriter(bufio.NewWriterSize(io.Discard, 64<<10))
	return func(index int, account, rule string, c Choice) error {
		return w.Write([]string{strconv.Itoa(index), account, rule, c.Prize, c.Value, "GBP"})
	}
}
