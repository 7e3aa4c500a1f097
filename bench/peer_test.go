package bench

import (
	"math/big"
	"math/rand/v2"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/brianvoe/gofakeit/v7"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
)

// peer makes draws as one would write them with gofakeit and the standard
// library. It is not safe for use by several goroutines at once.
type peer struct {
	faker *gofakeit.Faker
	rules []peerRule
}

// peerRule is a pattern and its choices, the last of which is no prize.
type peerRule struct {
	name    string
	match   *regexp.Regexp
	choices []choice
	sums    []int     // of the weights of the choices up to each
	options []any     // the choices as gofakeit wants them
	weights []float32 // likewise
}

type choice struct {
	prize, value string
}

// newPeer has a seed of its own, and no lock in its source of random numbers,
// which is PCG.
func newPeer(tb testing.TB, seed uint64) *peer {
	tb.Helper()
	p := &peer{faker: gofakeit.NewFaker(rand.NewPCG(seed, seed), false)}
	for _, rule := range generous(tb).List {
		r := peerRule{name: rule.Name, match: regexp.MustCompile(rule.Match)}
		for _, won := range rule.Prizes {
			r.add(choice{won.Name, big.NewInt(won.Value).String()}, won.Chance)
		}
		r.add(choice{"", "0"}, rule.NoPrize())
		p.rules = append(p.rules, r)
	}
	return p
}

// peerTotal is what the weights of a rule add up to: all chances of the generous
// rules are whole multiples of 1/100.
const peerTotal = 100

func (r *peerRule) add(c choice, chance *big.Rat) {
	weight := int(new(big.Rat).Mul(chance, big.NewRat(peerTotal, 1)).Num().Int64())
	sum := weight
	if n := len(r.sums); n > 0 {
		sum += r.sums[n-1]
	}
	r.choices, r.sums = append(r.choices, c), append(r.sums, sum)
	r.options, r.weights = append(r.options, c), append(r.weights, float32(weight))
}

// account makes an account number such as fucb0166. LetterN mixes both cases;
// Numerify never begins with a 0, so DigitN has to do.
func (p *peer) account() string {
	return strings.ToLower(p.faker.LetterN(4)) + p.faker.DigitN(4)
}

// rule is the first one that matches.
func (p *peer) rule(account string) *peerRule {
	for i := range p.rules {
		if p.rules[i].match.MatchString(account) {
			return &p.rules[i]
		}
	}
	return nil // the last rule matches everything
}

// pick chooses by cumulative weights.
func (p *peer) pick(r *peerRule) choice {
	v := p.faker.IntN(peerTotal)
	return r.choices[sort.Search(len(r.sums), func(i int) bool { return v < r.sums[i] })]
}

// pickWeighted chooses by what gofakeit has for it.
func (p *peer) pickWeighted(r *peerRule) choice {
	c, err := p.faker.Weighted(r.options, r.weights)
	if err != nil {
		panic(err)
	}
	return c.(choice)
}

// TestPeerIsFair checks that both sides do the same work: they decide by the same
// rules, with the same frequencies.
func TestPeerIsFair(t *testing.T) {
	p, rules := newPeer(t, 42), generous(t)
	const n = 200_000
	for _, pick := range []func(*peerRule) choice{p.pick, p.pickWeighted} {
		total := 0.0
		for range n {
			account := p.account()
			rule := p.rule(account)
			if i, _ := rules.Find(account); rules.List[i].Name != rule.name {
				t.Fatalf("%s: %s, ours %s", account, rule.name, rules.List[i].Name)
			}
			value, _ := new(big.Float).SetString(pick(rule).value)
			v, _ := value.Float64()
			total += v
		}
		s := spec(t, n)
		odds := rules.Odds(s.Text.Letters, s.Number.Letters)
		mean, _ := odds.Mean.Float64()
		// Five standard errors of the mean: the seed is fixed, so it never flickers.
		if got := total / n; got < mean-5*odds.StandardDeviation()/447 || got > mean+5*odds.StandardDeviation()/447 {
			t.Errorf("a draw of the peer costs %.2f, ours %.2f", got, mean)
		}
	}
}

// TestOurs checks what is measured: a line a draw.
func TestOurs(t *testing.T) {
	var lines int
	write := writerFunc(func(b []byte) (int, error) {
		lines += strings.Count(string(b), "\n")
		return len(b), nil
	})
	if err := ours(spec(t, 10_000), draw.CSV, write); err != nil || lines != 10_000 {
		t.Errorf("%d lines, error %v", lines, err)
	}
}

// writerFunc is an io.Writer.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func generous(tb testing.TB) *prize.Rules {
	tb.Helper()
	rules, err := prize.Builtin(prize.Generous)
	if err != nil {
		tb.Fatal(err)
	}
	return rules
}
