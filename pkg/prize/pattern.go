package prize

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/prize/automaton"
	"github.com/prizegen/prizegen/pkg/strictyaml"
)

// match returns the pattern in node, or "" after reporting a mistake.
func (p *parser) match(node *strictyaml.Node) string {
	pattern, ok := p.scalar(node)
	switch {
	case !ok:
		return ""
	case pattern == "":
		p.Addf(node.Pos, `an empty pattern matches every account number; omit "match" if that is intended`)
		return ""
	case strings.ContainsFunc(pattern, unicode.IsControl):
		p.Addf(node.Pos, "the pattern contains a line break or control character, which no account number has")
		return ""
	case len(pattern) > maxMatch:
		p.Addf(node.Pos, "the pattern has %d bytes; the limit is %d", len(pattern), maxMatch)
		return ""
	}
	before := p.work
	if p.work += automaton.ParseWork(pattern); p.work > p.limits.Work {
		if before <= p.limits.Work { // only for the first such pattern
			p.Addf(node.Pos, "the patterns up to this one take too long to parse; use fewer Unicode classes and ranges")
		}
		return ""
	}
	if _, err := syntax.Parse(pattern, syntax.Perl); err != nil {
		pos := node.Pos
		problem := err.Error()
		var syntaxErr *syntax.Error
		if errors.As(err, &syntaxErr) {
			problem = fmt.Sprintf("%s: %s", syntaxErr.Code, strconv.Quote(excerpt.Of(syntaxErr.Expr)))
			pos.Column += p.offset(pos, pattern, syntaxErr)
		}
		p.Addf(pos, "invalid RE2 pattern: %s", problem)
		return ""
	}
	return pattern
}

// offset returns the number of characters between the start of a scalar and the error in
// its pattern, or 0 if the line does not contain the pattern literally.
func (p *parser) offset(start strictyaml.Pos, pattern string, err *syntax.Error) int {
	line := []rune(p.Line(start.Line))
	behind := string(line[min(start.Column-1, len(line)):])
	quotes := 0
	if strings.HasPrefix(behind, `"`) || strings.HasPrefix(behind, "'") {
		quotes = 1
	}
	if !strings.HasPrefix(behind[quotes:], pattern) {
		return 0 // the pattern is escaped, or is on other lines
	}
	fault := strings.Index(pattern, err.Expr)
	if err.Code == syntax.ErrMissingParen {
		fault = len(pattern) // the end, where the parenthesis is missing
	}
	return quotes + utf8.RuneCountInString(pattern[:max(fault, 0)])
}
