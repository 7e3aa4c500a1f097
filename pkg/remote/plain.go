package remote

import (
	"bytes"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/partgen"
)

// The long answers are written, and read where they are written like that, without
// a JSON encoder: a draw then costs a copy instead of several passes. Whatever is
// written otherwise goes through the decoder, so that this is never needed, only
// fast.

// AppendJSON writes the answer behind dst.
func (a *TextsAnswer) AppendJSON(dst []byte) []byte {
	return appendParts(dst, "texts", a.Format, a.Texts, a.Entropy)
}

// AppendJSON writes the answer behind dst.
func (a *NumbersAnswer) AppendJSON(dst []byte) []byte {
	return appendParts(dst, "numbers", a.Format, a.Numbers, a.Entropy)
}

func appendParts(dst []byte, name, format string, parts Parts, source *Entropy) []byte {
	dst = append(dst, `{"format":`...)
	dst = appendString(dst, []byte(format))
	dst = append(append(append(dst, `,"`...), name...), `":`...)
	dst = parts.appendJSON(dst)
	if source != nil {
		dst = append(dst, `,"entropy":{"seed":`...)
		dst = appendText(dst, source.Seed)
		dst = append(append(dst, `,"proof":`...), source.Proof...)
		dst = append(dst, '}')
	}
	return append(dst, '}')
}

// appendText writes any text as a JSON string.
func appendText(dst []byte, text string) []byte {
	// Texts that are not UTF-8 are mended, which is an error to nobody here.
	dst, _ = jsontext.AppendQuote(dst, text)
	return dst
}

// AppendJSON writes the answer behind dst.
func (a *AwardAnswer) AppendJSON(dst []byte) []byte {
	dst = appendText(append(dst, `{"rules":`...), a.Rules)
	dst = appendText(append(dst, `,"rules_sha256":`...), a.RulesSHA256)
	dst = append(dst, `,"outcomes":`...)
	dst = a.Outcomes.Texts.append(dst, a.Outcomes.Accounts, a.Outcomes.List)
	return append(dst, '}')
}

// appendAwardRequest writes a request as json.Marshal does.
func appendAwardRequest(dst []byte, r *AwardRequest) []byte {
	dst = append(dst, '{')
	for _, member := range []struct{ name, text string }{{"rules", r.Rules}, {"rules_sha256", r.RulesSHA256}, {"rules_yaml", r.RulesYAML}} {
		if member.text != "" {
			dst = append(append(append(dst, '"'), member.name...), `":`...)
			dst = append(appendText(dst, member.text), ',')
		}
	}
	dst = append(dst, `"accounts":`...)
	dst = r.Accounts.appendJSON(dst)
	if r.Key != "" {
		dst = append(append(append(dst, `,"key":"`...), r.Key...), '"')
	}
	if r.Start != 0 {
		dst = strconv.AppendUint(append(dst, `,"start":`...), r.Start, 10)
	}
	if len(r.Ranges) > 0 {
		dst = appendRanges(append(dst, `,"ranges":`...), r.Ranges)
	}
	return append(dst, '}')
}

func appendRanges(dst []byte, ranges []Range) []byte {
	for i, r := range ranges {
		separator := byte(',')
		if i == 0 {
			separator = '['
		}
		dst = append(append(append(dst, separator), `{"key":"`...), r.Key...)
		dst = append(dst, '"')
		if r.Start != 0 {
			dst = strconv.AppendUint(append(dst, `,"start":`...), r.Start, 10)
		}
		dst = strconv.AppendInt(append(dst, `,"count":`...), int64(r.Count), 10)
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// plainParts appends the parts of an answer to dst. ok is false where the answer
// is not written as [appendParts] writes it, with the format and count asked for.
func plainParts(dst, body []byte, name string, letters partgen.Format, count int) (parts []byte, ok bool) {
	head := appendString([]byte(`{"format":`), []byte(letters.String()))
	head = append(append(append(head, `,"`...), name...), `":[`...)
	width := letters.Len()
	stride := width + len(`"",`)
	if !bytes.HasPrefix(body, head) || len(body) != len(head)+count*stride+len("}") || body[len(body)-1] != '}' {
		return dst, false
	}
	known := lettersOf(letters)
	for i, body := 0, body[len(head):]; i < count; i, body = i+1, body[stride:] {
		end := byte(',')
		if i == count-1 {
			end = ']'
		}
		if body[0] != '"' || body[width+1] != '"' || body[width+2] != end {
			return dst, false
		}
		for _, letter := range body[1 : width+1] {
			if !known[letter] {
				return dst, false
			}
		}
		dst = append(dst, body[1:width+1]...)
	}
	return dst, true
}

// lettersOf tells which bytes an alphabet has.
func lettersOf(letters partgen.Format) *[256]bool {
	var known [256]bool
	for _, letter := range []byte(letters.Alphabet()) {
		known[letter] = letter != '"' && letter != '\\' // which JSON writes otherwise
	}
	return &known
}

// plainOutcomes finds the outcomes in an answer. ok is false where it is not
// written as [AwardAnswer.AppendJSON] writes it, for the rules asked for.
func plainOutcomes(body []byte, name, sha256 string) (array []byte, ok bool) {
	head := appendText([]byte(`{"rules":`), name)
	head = appendText(append(head, `,"rules_sha256":`...), sha256)
	head = append(head, `,"outcomes":`...)
	if !bytes.HasPrefix(body, head) || body[len(body)-1] != '}' {
		return nil, false
	}
	return body[len(head) : len(body)-1], true
}
