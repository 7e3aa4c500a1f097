package prize

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
)

// The limits of a rules file.
const (
	MaxFile  = 256 << 10 // bytes
	MaxRules = 5000
	maxName  = 100 // characters of a name
	maxMatch = 1000
	maxStock = 1_000_000_000_000
)

// Parse reads rules from YAML text. The file is its name for the errors, which
// are a [*FileError] with every mistake in it.
func Parse(file string, source []byte) (*Rules, error) {
	p := &parser{}
	if len(source) <= MaxFile { // a larger one is refused, without a look at it
		p.lines = strings.Split(strings.TrimPrefix(string(source), "\uFEFF"), "\n")
	}
	rules := p.file(source)
	if err := p.err(file); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(source)
	rules.source, rules.sha256 = bytes.Clone(source), hex.EncodeToString(sum[:])
	return rules, nil
}

// parser turns the nodes of a YAML file into rules and gathers its mistakes.
type parser struct {
	mistakes
	currency Currency
	matches  []ast.Node          // of each rule, nil where it has none
	prizes   map[string]shared   // by name
	thens    map[string]position // where each prize that a then names is named first
}

// shared is what prizes of one name must agree on, since they share a stock.
type shared struct {
	value, stock int64
	then         string
	at           position
}

type position struct{ line, column int }

func at(node ast.Node) position {
	t := start(node).GetToken().Position
	return position{t.Line, t.Column}
}

func (p *parser) wrong(node ast.Node, format string, args ...any) {
	pos := at(node)
	p.add(pos.line, pos.column, format, args...)
}

func (p *parser) file(source []byte) *Rules {
	root := p.root(source)
	if root == nil {
		return nil
	}
	p.prizes, p.thens = map[string]shared{}, map[string]position{}
	top := p.fields(root, "a rules file", []string{"name", "currency", "rules"}, nil)
	rules := &Rules{}
	if node := top["name"]; node != nil {
		rules.Name = p.name(node)
	}
	if node := top["currency"]; node != nil {
		if code, ok := p.scalar(node); ok {
			var err error
			if p.currency, err = ParseCurrency(code); err != nil {
				p.wrong(node, "%v", err)
			}
		}
	}
	rules.Currency = p.currency
	if node := top["rules"]; node != nil {
		rules.List = p.rules(node)
	}
	p.checkThens()
	if len(p.list) == 0 {
		p.compile(rules, top["rules"])
	}
	return rules
}

func (p *parser) rules(node ast.Node) []Rule {
	items := p.items(node, "rules")
	if len(items) > MaxRules {
		p.wrong(node, "%d rules are too many, expected at most %d", len(items), MaxRules)
		return nil
	}
	rules := make([]Rule, 0, len(items))
	named := map[string]int{}
	for i, item := range items {
		rule, nameNode := p.rule(item)
		if first, twice := named[rule.Name]; twice && rule.Name != "" {
			p.wrong(nameNode, "the rule on line %d is called %q too, expected another name", first, rule.Name)
		}
		named[rule.Name] = at(nameNode).line
		if rule.Name != "" && i < len(items)-1 && p.matches[i] == nil {
			p.wrong(item, "a rule without match takes every account number, expected it to be the last one")
		}
		rules = append(rules, rule)
	}
	return rules
}

// everybodyElse is the name of a rule that has neither a name nor a pattern.
const everybodyElse = "everybody else"

// rule reads one rule; the node is where its name comes from.
func (p *parser) rule(item ast.Node) (Rule, ast.Node) {
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

// match reads a pattern and checks its syntax.
func (p *parser) match(node ast.Node) string {
	pattern, ok := p.scalar(node)
	switch {
	case !ok:
		return ""
	case pattern == "":
		p.wrong(node, "an empty pattern matches every account number, expected no match at all where that is meant")
		return ""
	case strings.ContainsFunc(pattern, unicode.IsControl):
		p.wrong(node, "the pattern has a line break or another control character, which no account number has")
		return ""
	case len(pattern) > maxMatch:
		p.wrong(node, "the pattern has %d characters, expected at most %d", len(pattern), maxMatch)
		return ""
	}
	if _, err := syntax.Parse(pattern, syntax.Perl); err != nil {
		pos := at(node)
		problem := err.Error()
		var syntaxErr *syntax.Error
		if errors.As(err, &syntaxErr) {
			problem = fmt.Sprintf("%s: %s", syntaxErr.Code, strconv.Quote(clip(syntaxErr.Expr)))
			pos.column += p.offset(pos, pattern, syntaxErr)
		}
		p.add(pos.line, pos.column, "the pattern is not an RE2 expression: %s", problem)
		return ""
	}
	return pattern
}

// offset is how many characters behind the start of a scalar the faulty part of
// its pattern is, as far as the line shows the pattern letter by letter.
func (p *parser) offset(start position, pattern string, err *syntax.Error) int {
	line := []rune(p.lines[start.line-1])
	behind := string(line[min(start.column-1, len(line)):])
	quotes := 0
	if strings.HasPrefix(behind, `"`) || strings.HasPrefix(behind, "'") {
		quotes = 1
	}
	if !strings.HasPrefix(behind[quotes:], pattern) {
		return 0 // escaped, or on lines of its own
	}
	fault := strings.Index(pattern, err.Expr)
	if err.Code == syntax.ErrMissingParen {
		fault = len(pattern) // which is where the parenthesis is missed
	}
	return quotes + utf8.RuneCountInString(pattern[:max(fault, 0)])
}

func (p *parser) rulePrizes(node ast.Node) []Prize {
	var prizes []Prize
	var chances []*big.Rat
	sum := new(big.Rat)
	var tooFine ast.Node // the chance from which on there is no common denominator
	named := map[string]bool{}
	for _, item := range p.items(node, "prizes") {
		prize, chance, ok := p.prize(item)
		if prize.Chance != nil {
			sum.Add(sum, prize.Chance)
			chances = append(chances, prize.Chance)
			if tooFine == nil && commonDenominator(chances).Cmp(maxDenominator()) > 0 {
				tooFine = chance
			}
		}
		if !ok {
			continue
		}
		if named[prize.Name] {
			p.wrong(item, "the rule has %s already, expected one prize with the chances of both", prize.Name)
		}
		named[prize.Name] = true
		prizes = append(prizes, prize)
	}
	if sum.Cmp(big.NewRat(1, 1)) > 0 {
		total := Percent(sum)
		if total == "100%" { // rounded
			total = "more than 100%"
		}
		p.wrong(node, "the chances add up to %s, expected at most 100%%", total)
	} else if tooFine != nil {
		p.wrong(tooFine, "with this chance the chances of the rule have no common denominator up to 2^63, expected rounder ones")
	}
	return prizes
}

// prize reads one prize and tells where its chance stands.
func (p *parser) prize(item ast.Node) (prize Prize, chance ast.Node, ok bool) {
	before := len(p.list)
	fields := p.fields(item, "a prize", []string{"chance"}, []string{"win", "prize", "value", "stock", "then"})
	win, thing := fields["win"], fields["prize"]
	switch {
	case fields == nil:
	case win != nil && thing != nil:
		p.wrong(thing, "a prize is either money or a thing, expected win or prize but not both")
	case win != nil:
		prize.Value = p.amount(win)
		prize.Name = p.currency.Format(prize.Value)
		if prize.Value == 0 && len(p.list) == before {
			p.wrong(win, "a win of 0 is none, expected more")
		}
		if fields["value"] != nil {
			p.wrong(fields["value"], "a win is worth its amount, expected no value beside it")
		}
	case thing != nil:
		prize.Name = p.name(thing)
		if prize.Name == "none" {
			p.wrong(thing, "none stands for no prize, expected another name")
		}
		if fields["value"] != nil {
			prize.Value = p.amount(fields["value"])
		}
	default:
		p.wrong(item, "the prize has no name, expected win (an amount of money) or prize (the name of a thing)")
	}
	if chance = fields["chance"]; chance != nil {
		prize.Chance = p.chance(chance)
	}
	p.stock(&prize, fields)
	if len(p.list) == before {
		p.share(item, &prize)
	}
	return prize, chance, len(p.list) == before
}

// chance reads a chance, nil where it is wrong.
func (p *parser) chance(node ast.Node) *big.Rat {
	text, ok := p.scalar(node)
	if !ok {
		return nil
	}
	chance, err := ParseChance(text)
	switch {
	case err != nil:
		p.wrong(node, "%v", err)
		return nil
	case chance.Denom().Cmp(maxDenominator()) > 0:
		p.wrong(node, "the chance %s has a denominator above 2^63, expected a rounder one", clip(text))
		return nil
	}
	return chance
}

func (p *parser) stock(prize *Prize, fields map[string]ast.Node) {
	if node := fields["stock"]; node != nil {
		if text, ok := p.scalar(node); ok {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil || !isDigits(text) || n < 1 || n > maxStock {
				p.wrong(node, "stock %q is not a count, expected a whole number from 1 to %d", clip(text), int64(maxStock))
			}
			prize.Stock = n
		}
	}
	if node := fields["then"]; node != nil {
		text, ok := p.scalar(node)
		switch {
		case !ok:
		case fields["stock"] == nil:
			p.wrong(node, "a prize without stock never runs out, expected no then")
		case text != "none":
			prize.Then = text
			if _, known := p.thens[text]; !known {
				p.thens[text] = at(node)
			}
		}
	}
}

// share holds a prize against those of the same name: they share one stock.
func (p *parser) share(item ast.Node, prize *Prize) {
	mine := shared{prize.Value, prize.Stock, prize.Then, at(item)}
	first, known := p.prizes[prize.Name]
	if !known {
		p.prizes[prize.Name] = mine
		return
	}
	if first.value != mine.value || first.stock != mine.stock || first.then != mine.then {
		p.wrong(item, "%s on line %d has another value, stock or then, expected the same of prizes with the same name, since they share one stock", prize.Name, first.at.line)
	}
}

// checkThens checks that every then names a prize of the file, and that no
// chain of them comes back to its start.
func (p *parser) checkThens() {
	for name, pos := range p.thens {
		if _, known := p.prizes[name]; !known {
			if len(p.list) == 0 {
				p.add(pos.line, pos.column, "then names %q, expected none or a prize of this file such as %s", clip(name), p.anyPrize())
			}
			continue
		}
		slow, fast := name, p.prizes[name].then
		for fast != "" && fast != slow {
			slow, fast = p.prizes[slow].then, p.prizes[p.prizes[fast].then].then
		}
		if fast != "" {
			p.add(pos.line, pos.column, "then leads from %q back to itself, expected it to end in a prize without stock or in none", clip(name))
		}
	}
}

func (p *parser) anyPrize() string {
	best := ""
	for name := range p.prizes {
		if best == "" || name < best {
			best = name
		}
	}
	return best
}

// amount reads an amount of money.
func (p *parser) amount(node ast.Node) int64 {
	text, ok := p.scalar(node)
	if !ok {
		return 0
	}
	currency := p.currency
	if currency.Code == "" { // which is reported where it should be
		currency = Currency{Code: "money", Digits: 2}
	}
	value, err := currency.parseAmount(text)
	if err != nil {
		p.wrong(node, "%v", err)
	}
	return value
}

// name reads a name that people will see.
func (p *parser) name(node ast.Node) string {
	text, ok := p.scalar(node)
	switch {
	case !ok:
	case utf8.RuneCountInString(text) > maxName:
		p.wrong(node, "the name has %d characters, expected at most %d", utf8.RuneCountInString(text), maxName)
	case strings.ContainsFunc(text, unicode.IsControl):
		p.wrong(node, "the name %q has a line break or another control character, expected none", clip(text))
	case strings.TrimSpace(text) != text || text == "":
		p.wrong(node, "the name %q begins or ends with a space or is empty, expected neither", clip(text))
	}
	return text
}
