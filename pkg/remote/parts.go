package remote

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/partgen"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// Texts implements [draw.Generator].
func (c *Client) Texts(ctx context.Context, dst []byte, f textgen.Format, r entropy.Range) ([]byte, error) {
	if c.texts == nil {
		return c.local.Texts(ctx, dst, f, r)
	}
	return c.texts.append(ctx, dst, f.Format, r)
}

// Numbers implements [draw.Generator].
func (c *Client) Numbers(ctx context.Context, dst []byte, f numgen.Format, r entropy.Range) ([]byte, error) {
	if c.numbers == nil {
		return c.local.Numbers(ctx, dst, f, r)
	}
	return c.numbers.append(ctx, dst, f.Format, r)
}

// partsMaker has texts or numbers made by their service.
type partsMaker struct {
	*service
	list   string // what the answer calls them
	decode func(body []byte) (format string, parts Parts, err error)
	few    gatherer[*partsWanted]
}

// partsWanted is the parts of few draws.
type partsWanted struct {
	letters partgen.Format
	draws   entropy.Range
	made    []byte
}

func newPartsMaker(s *service, list string, decode func([]byte) (string, Parts, error)) *partsMaker {
	if s == nil {
		return nil
	}
	m := &partsMaker{service: s, list: list, decode: decode}
	m.few.alike = func(a, b *partsWanted) bool { return a.letters.String() == b.letters.String() }
	m.few.call = m.makeFew
	return m
}

func decodeTexts(body []byte) (string, Parts, error) {
	var answer TextsAnswer
	err := json.Unmarshal(body, &answer)
	return answer.Format, answer.Texts, err
}

func decodeNumbers(body []byte) (string, Parts, error) {
	var answer NumbersAnswer
	err := json.Unmarshal(body, &answer)
	return answer.Format, answer.Numbers, err
}

// append has the parts of a range made, as many at a time as may be asked for.
func (m *partsMaker) append(ctx context.Context, dst []byte, letters partgen.Format, r entropy.Range) ([]byte, error) {
	if err := r.Check(); err != nil || r.Count == 0 {
		return dst, err
	}
	if r.Count <= few {
		want := &partsWanted{letters: letters, draws: r}
		if err := m.few.do(ctx, want); err != nil {
			return dst, m.orEnded(ctx, err)
		}
		return append(dst, want.made...), ctx.Err()
	}
	start := len(dst)
	for from := uint64(0); from < r.Count; from += MaxCount {
		some := r.Slice(from, min(from+MaxCount, r.Count))
		var err error
		if dst, err = m.appendOnce(ctx, dst, letters, int(some.Count), requestOf(letters, some)); err != nil {
			return dst[:start], err
		}
	}
	return dst, ctx.Err()
}

func requestOf(letters partgen.Format, r entropy.Range) *PartsRequest {
	return &PartsRequest{Format: letters.String(), Key: r.Key.Hex(), Start: r.Start, Count: int(r.Count)}
}

// makeFew has the parts of all made in one call.
func (m *partsMaker) makeFew(ctx context.Context, all []*partsWanted) error {
	letters, count := all[0].letters, 0
	request := &PartsRequest{Format: letters.String()}
	request.Defaults()
	for _, want := range all {
		request.Ranges = append(request.Ranges, rangeOf(want.draws))
		count += int(want.draws.Count)
	}
	if len(all) == 1 {
		request = requestOf(letters, all[0].draws)
	}
	made, err := m.appendOnce(ctx, nil, letters, count, request)
	if err != nil {
		return err
	}
	for _, want := range all {
		size := int(want.draws.Count) * letters.Len()
		want.made, made = made[:size], made[size:]
	}
	return nil
}

func rangeOf(r entropy.Range) Range {
	return Range{Key: r.Key.Hex(), Start: r.Start, Count: int(r.Count)}
}

// appendOnce makes a call for so many parts and reads its answer, however that is
// written.
func (m *partsMaker) appendOnce(ctx context.Context, dst []byte, letters partgen.Format, count int, request *PartsRequest) ([]byte, error) {
	body, err := m.ask(ctx, http.MethodPost, "/v1/"+m.name, request)
	if err != nil {
		return dst, err
	}
	if all, ok := plainParts(dst, body, m.list, letters, count); ok {
		return all, nil
	}
	format, parts, err := m.decode(body)
	if err != nil {
		err = unreadable(err)
	} else {
		err = checkParts(letters, count, format, parts)
	}
	if err != nil {
		return dst, m.strange(err)
	}
	return append(dst, parts.Joined...), nil
}

// checkParts holds an answer against what was asked for. Whether it is the right
// one takes verification to know.
func checkParts(letters partgen.Format, count int, format string, parts Parts) error {
	switch {
	case format != letters.String():
		return fmt.Errorf("it answered with the format %q, asked for %q", format, letters)
	case parts.Len() != count || parts.Width != letters.Len():
		return fmt.Errorf("it answered with %d parts of %d characters, asked for %d of %d", parts.Len(), parts.Width, count, letters.Len())
	}
	for _, letter := range parts.Joined {
		if strings.IndexByte(letters.Alphabet(), letter) < 0 {
			return fmt.Errorf("it answered with the character %q, which the format %q has not", letter, letters)
		}
	}
	return nil
}
