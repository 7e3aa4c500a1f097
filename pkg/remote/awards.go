package remote

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
)

// Prizes implements [draw.Generator].
func (c *Client) Prizes(ctx context.Context, dst []prize.Outcome, rules *prize.Rules, accounts *prize.Accounts, r entropy.Range) ([]prize.Outcome, error) {
	if c.prize == nil {
		return c.local.Prizes(ctx, dst, rules, accounts, r)
	}
	if err := r.Check(); err != nil || r.Count == 0 {
		return dst, err
	}
	texts := c.outcomeTexts(rules)
	if r.Count <= few {
		want := &awardWanted{texts: texts, draws: r}
		for i := range accounts.Len() {
			want.accounts = append(want.accounts, string(accounts.At(i)))
		}
		if err := c.awards.do(ctx, want); err != nil {
			return dst, c.prize.orEnded(ctx, err)
		}
		return append(dst, want.outcomes...), ctx.Err()
	}
	start := len(dst)
	for from := uint64(0); from < r.Count; from += MaxCount {
		to := min(from+MaxCount, r.Count)
		some := r.Slice(from, to)
		request := AwardRequest{Accounts: Accounts{accounts.Slice(int(from), int(to))}, Key: some.Key.Hex(), Start: some.Start}
		var err error
		if dst, err = c.award(ctx, dst, texts, &request); err != nil {
			return dst[:start], err
		}
	}
	return dst, ctx.Err()
}

// awardWanted is the prizes of few draws.
type awardWanted struct {
	texts    *OutcomeTexts
	accounts []string
	draws    entropy.Range
	outcomes []prize.Outcome
}

func sameRules(a, b *awardWanted) bool { return a.texts == b.texts }

// awardAll has the prizes of all decided in one call.
func (c *Client) awardAll(ctx context.Context, all []*awardWanted) error {
	var request AwardRequest
	for _, want := range all {
		for _, account := range want.accounts {
			request.Accounts.Append(account)
		}
		request.Ranges = append(request.Ranges, rangeOf(want.draws))
	}
	if one := request.Ranges[0]; len(all) == 1 {
		request.Key, request.Start, request.Ranges = one.Key, one.Start, nil
	}
	outcomes, err := c.award(ctx, nil, all[0].texts, &request)
	if err != nil {
		return err
	}
	for _, want := range all {
		n := len(want.accounts)
		want.outcomes, outcomes = outcomes[:n], outcomes[n:]
	}
	return nil
}

// award has a request decided by the rules of texts. The service is told their
// name; the rules themselves are sent to one that knows no such rules, or others
// by that name.
func (c *Client) award(ctx context.Context, dst []prize.Outcome, texts *OutcomeTexts, request *AwardRequest) ([]prize.Outcome, error) {
	rules := texts.rules
	if !c.mustSend(rules) {
		request.Rules, request.RulesSHA256 = rules.Name, rules.SHA256()
		outcomes, err := c.askAward(ctx, dst, texts, request)
		if !errors.Is(err, prize.ErrUnknownRules) {
			return outcomes, err
		}
		c.send(rules)
	}
	request.Rules, request.RulesSHA256, request.RulesYAML = "", "", string(rules.Source())
	return c.askAward(ctx, dst, texts, request)
}

func (c *Client) askAward(ctx context.Context, dst []prize.Outcome, texts *OutcomeTexts, request *AwardRequest) ([]prize.Outcome, error) {
	body, err := c.prize.ask(ctx, http.MethodPost, "/v1/prize", plainBody(appendAwardRequest(nil, request)))
	if err != nil {
		return dst, err
	}
	before, rules, accounts := len(dst), texts.rules, &request.Accounts.Accounts
	if array, ok := plainOutcomes(body, rules.Name, rules.SHA256()); ok {
		if dst, ok = texts.read(dst, array, accounts); ok {
			return dst, nil
		}
	}
	var answer AwardAnswer
	if err := json.Unmarshal(body, &answer); err != nil {
		return dst[:before], c.prize.strange(unreadable(err))
	}
	if answer.RulesSHA256 != rules.SHA256() {
		return dst[:before], c.prize.strange(fmt.Errorf("it answered by rules with the SHA-256 %q, asked for %s", answer.RulesSHA256, rules.SHA256()))
	}
	if dst, err = texts.readAny(dst[:before], answer.Outcomes.Raw, accounts); err != nil {
		err = c.prize.strange(err)
	}
	return dst, err
}

// maxKept is how many rules a client remembers.
const maxKept = 100

func (c *Client) mustSend(rules *prize.Rules) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent[rules.SHA256()]
}

func (c *Client) send(rules *prize.Rules) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.sent) >= maxKept {
		clear(c.sent)
	}
	c.sent[rules.SHA256()] = true
}

func (c *Client) outcomeTexts(rules *prize.Rules) *OutcomeTexts {
	c.mu.Lock()
	defer c.mu.Unlock()
	texts := c.written[rules.SHA256()]
	if texts == nil {
		if len(c.written) >= maxKept {
			clear(c.written)
		}
		texts = NewOutcomeTexts(rules)
		c.written[rules.SHA256()] = texts
	}
	return texts
}
