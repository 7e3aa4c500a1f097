package prize

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/strictyaml"
)

// The limits of a rules file.
const (
	MaxFile  = 256 << 10 // bytes
	MaxRules = 5000

	maxKeys  = 100 // keys of a mapping; rules need 6
	maxDepth = 10  // levels of lists and mappings; rules need 5
	maxName  = 100 // characters of a name
	maxMatch = 1000
	maxStock = 1_000_000_000_000
)

// Parse parses rules in YAML within the limits of [Trusted]. An error is a [*FileError]
// with every mistake; file is the file name in its message.
func Parse(file string, source []byte) (*Rules, error) { return ParseWithin(Trusted(), file, source) }

// ParseWithin is like [Parse], but with the given limits.
func ParseWithin(limits Limits, file string, source []byte) (*Rules, error) {
	p := &parser{
		Document: strictyaml.Parse(file, source, strictyaml.Options{MaxSize: limits.Size, MaxKeys: maxKeys, MaxDepth: maxDepth}),
		limits:   limits,
		prizes:   map[string]shared{},
		thens:    map[string]strictyaml.Pos{},
	}
	rules := p.file()
	if err := p.Err(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(source)
	rules.source, rules.sha256 = bytes.Clone(source), hex.EncodeToString(sum[:])
	return rules, nil
}

// parser converts a YAML document to rules and collects the mistakes in it.
type parser struct {
	*strictyaml.Document
	limits   Limits
	work     int64 // work of parsing the patterns so far
	currency Currency
	matches  []*strictyaml.Node        // by rule: the node of its pattern, or nil if it has none
	prizes   map[string]shared         // by name
	thens    map[string]strictyaml.Pos // by prize: the position of the first "then" that names it
}

// shared holds the properties that prizes with the same name must share, because they
// have one stock.
type shared struct {
	value, stock int64
	then         string
	line         int
}

// file parses the whole file.
func (p *parser) file() *Rules {
	if p.Root == nil {
		if p.Mistakes() == 0 {
			p.Addf(strictyaml.Pos{Line: 1, Column: 1}, "the file is empty; it must have the keys name, currency and rules")
		}
		return nil
	}
	top := p.fields(p.Root, "a rules file", []string{"name", "currency", "rules"}, nil)
	rules := &Rules{}
	if node := top["name"]; node != nil {
		rules.Name = p.name(node)
	}
	if node := top["currency"]; node != nil {
		if code, ok := p.scalar(node); ok {
			var err error
			if p.currency, err = ParseCurrency(code); err != nil {
				p.Addf(node.Pos, "%v", err)
			}
		}
	}
	rules.Currency = p.currency
	if node := top["rules"]; node != nil {
		rules.List = p.rules(node)
	}
	p.checkThens()
	if p.Mistakes() == 0 {
		p.compile(rules, top["rules"])
	}
	return rules
}

func (p *parser) rules(node *strictyaml.Node) []Rule {
	items := p.items(node, "rules")
	if limit := p.limits.Patterns; len(items) > limit {
		p.Addf(node.Pos, "the file has %d rules; the limit is %d", len(items), limit)
		return nil
	}
	rules := make([]Rule, 0, len(items))
	named := map[string]int{}
	for i, item := range items {
		rule, nameNode := p.rule(item)
		if first, twice := named[rule.Name]; twice && rule.Name != "" {
			p.Addf(nameNode.Pos, "the rule on line %d is also named %q; choose another name", first, rule.Name)
		}
		named[rule.Name] = nameNode.Line
		if rule.Name != "" && i < len(items)-1 && p.matches[i] == nil {
			p.Addf(item.Pos, `a rule without "match" matches every account number and must be the last one`)
		}
		rules = append(rules, rule)
	}
	return rules
}

// everybodyElse is the name of a rule that has neither a name nor a pattern.
const everybodyElse = "everybody else"

// rule parses a rule. It also returns the node that holds its name.
func (p *parser) rule(item *strictyaml.Node) (Rule, *strictyaml.Node) {
	fields := p.fields(item, "a rule", []string{"prizes"}, []string{"name", "match"})
	rule, nameNode := Rule{Name: everybodyElse}, item
	p.matches = append(p.matches, fields["match"])
	if fields == nil {
		return Rule{}, item
	}
	if node := fields["match"]; node != nil {
		rule.Match = p.match(node)
		rule.Name, nameNode = rule.Match, node
	}
	if node := fields["name"]; node != nil {
		rule.Name, nameNode = p.name(node), node
	}
	if node := fields["prizes"]; node != nil {
		rule.Prizes = p.rulePrizes(node)
	}
	return rule, nameNode
}

func (p *parser) rulePrizes(node *strictyaml.Node) []Prize {
	var prizes []Prize
	sum, denominator := new(big.Rat), big.NewInt(1)
	var tooFine *strictyaml.Node // the first chance that makes the common denominator too large
	named := map[string]bool{}
	for _, item := range p.items(node, "prizes") {
		prize, chance, ok := p.prize(item)
		if prize.Chance != nil && tooFine == nil { // otherwise, the sum could have any number of digits
			sum.Add(sum, prize.Chance)
			if denominator = leastMultiple(denominator, prize.Chance.Denom()); denominator.Cmp(maxDenominator()) > 0 {
				tooFine = chance
			}
		}
		if !ok {
			continue
		}
		if named[prize.Name] {
			p.Addf(item.Pos, "the rule already has prize %s; list it once with the sum of the chances", prize.Name)
		}
		named[prize.Name] = true
		prizes = append(prizes, prize)
	}
	if sum.Cmp(big.NewRat(1, 1)) > 0 {
		total := Percent(sum)
		if total == "100%" { // rounded
			total = "more than 100%"
		}
		p.Addf(node.Pos, "the chances add up to %s; the limit is 100%%", total)
	} else if tooFine != nil {
		p.Addf(tooFine.Pos, "with this chance, the common denominator of the rule's chances exceeds 2^63; use simpler fractions")
	}
	return prizes
}

// prize parses a prize. It also returns the node of its chance. It reports false if the
// prize has mistakes.
func (p *parser) prize(item *strictyaml.Node) (prize Prize, chance *strictyaml.Node, ok bool) {
	before := p.Mistakes()
	fields := p.fields(item, "a prize", []string{"chance"}, []string{"win", "prize", "value", "stock", "then"})
	win, thing := fields["win"], fields["prize"]
	switch {
	case fields == nil:
	case win != nil && thing != nil:
		p.Addf(thing.Pos, `a prize is either money or a thing; use either "win" or "prize"`)
	case win != nil:
		prize.Value = p.amount(win)
		prize.Name = p.currency.Format(prize.Value)
		if prize.Value == 0 && p.Mistakes() == before {
			p.Addf(win.Pos, `"win" must be more than 0`)
		}
		if fields["value"] != nil {
			p.Addf(fields["value"].Pos, `the value of "win" is its amount; remove "value"`)
		}
	case thing != nil:
		prize.Name = p.name(thing)
		if prize.Name == "none" {
			p.Addf(thing.Pos, "none means no prize; choose another name")
		}
		if fields["value"] != nil {
			prize.Value = p.amount(fields["value"])
		}
	default:
		p.Addf(item.Pos, `the prize needs "win" (an amount of money) or "prize" (the name of a thing)`)
	}
	if chance = fields["chance"]; chance != nil {
		prize.Chance = p.chance(chance)
	}
	p.stock(&prize, fields)
	if p.Mistakes() == before {
		p.share(item, &prize)
	}
	return prize, chance, p.Mistakes() == before
}

// chance parses a chance. It returns nil if the chance is invalid.
func (p *parser) chance(node *strictyaml.Node) *big.Rat {
	text, ok := p.scalar(node)
	if !ok {
		return nil
	}
	chance, err := ParseChance(text)
	switch {
	case err != nil:
		p.Addf(node.Pos, "%v", err)
		return nil
	case chance.Denom().Cmp(maxDenominator()) > 0:
		p.Addf(node.Pos, "the denominator of chance %s exceeds 2^63; use a simpler fraction", excerpt.Of(text))
		return nil
	}
	return chance
}

func (p *parser) stock(prize *Prize, fields map[string]*strictyaml.Node) {
	if node := fields["stock"]; node != nil {
		if text, ok := p.scalar(node); ok {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil || !isDigits(text) || n < 1 || n > maxStock {
				p.Addf(node.Pos, `"stock" must be a whole number from 1 to %d, got %q`, int64(maxStock), excerpt.Of(text))
			}
			prize.Stock = n
		}
	}
	if node := fields["then"]; node != nil {
		text, ok := p.scalar(node)
		switch {
		case !ok:
		case fields["stock"] == nil:
			p.Addf(node.Pos, `a prize without stock never runs out; remove "then"`)
		case text != "none":
			prize.Then = text
			if _, known := p.thens[text]; !known {
				p.thens[text] = node.Pos
			}
		}
	}
}

// share checks that a prize agrees with earlier prizes of the same name, because they share
// one stock.
func (p *parser) share(item *strictyaml.Node, prize *Prize) {
	properties := shared{prize.Value, prize.Stock, prize.Then, item.Line}
	first, known := p.prizes[prize.Name]
	if !known {
		p.prizes[prize.Name] = properties
		return
	}
	if first.value != properties.value || first.stock != properties.stock || first.then != properties.then {
		p.Addf(item.Pos, `%s on line %d has a different "value", "stock" or "then"; prizes with the same name share one stock and must agree`, prize.Name, first.line)
	}
}

// checkThens checks that every "then" names a prize in the file, and that no chain of
// replacements is a cycle.
func (p *parser) checkThens() {
	ends := map[string]bool{"": true} // by prize: whether the chain that begins there ends
	for name, pos := range p.thens {
		if _, known := p.prizes[name]; !known {
			if p.Mistakes() == 0 {
				p.Addf(pos, `"then" must be none or the name of a prize in this file, such as %s, got %q`, p.anyPrize(), excerpt.Of(name))
			}
			continue
		}
		if !p.chainEnds(name, ends) {
			p.Addf(pos, `"then" leads from %q back to itself; it must end in none or in a prize without stock`, excerpt.Of(name))
		}
	}
}

// chainEnds reports whether the chain of replacements that begins with prize name ends. It
// records the result in ends for every prize in the chain.
func (p *parser) chainEnds(name string, ends map[string]bool) bool {
	var chain []string
	for {
		end, known := ends[name]
		if known {
			for _, name := range chain {
				ends[name] = end
			}
			return end
		}
		ends[name] = false // a chain that comes back here is a cycle
		chain = append(chain, name)
		name = p.prizes[name].then
	}
}

// anyPrize returns the name of a prize in the file as an example, or "" if there is none.
func (p *parser) anyPrize() string {
	best := ""
	for name := range p.prizes {
		if best == "" || name < best {
			best = name
		}
	}
	return best
}

// amount parses an amount of money.
func (p *parser) amount(node *strictyaml.Node) int64 {
	text, ok := p.scalar(node)
	if !ok {
		return 0
	}
	currency := p.currency
	if currency.Code == "" { // already reported
		currency = Currency{Code: "money", Digits: 2}
	}
	value, err := currency.parseAmount(text)
	if err != nil {
		p.Addf(node.Pos, "%v", err)
	}
	return value
}

// name parses the name of a file, rule or prize.
func (p *parser) name(node *strictyaml.Node) string {
	text, ok := p.scalar(node)
	switch {
	case !ok:
	case utf8.RuneCountInString(text) > maxName:
		p.Addf(node.Pos, "the name has %d characters; the limit is %d", utf8.RuneCountInString(text), maxName)
	case strings.ContainsFunc(text, unicode.IsControl):
		p.Addf(node.Pos, "name %q contains a line break or control character", excerpt.Of(text))
	case strings.TrimSpace(text) != text || text == "":
		p.Addf(node.Pos, "name %q is empty, or begins or ends with a space", excerpt.Of(text))
	}
	return text
}
