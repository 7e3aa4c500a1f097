package remote

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
)

// Prizes implements [draw.Generator]. Outcomes from the service are compared with the ones
// decided in this process, because they follow from the key and the rules.
func (c *Client) Prizes(ctx context.Context, dst []prize.Outcome, rules *prize.Rules, accounts *prize.Accounts, r entropy.Range) ([]prize.Outcome, error) {
	s, err := c.serviceFor(Prize)
	if err != nil {
		return dst, err
	}
	if s == nil {
		return c.local.Prizes(ctx, dst, rules, accounts, r)
	}
	start := len(dst)
	if dst, err = c.askPrizes(ctx, dst, rules, accounts, r); err != nil {
		return dst, err
	}
	buffer := c.outcomes.Get().(*[]prize.Outcome)
	defer c.outcomes.Put(buffer)
	if *buffer, err = c.local.Prizes(ctx, (*buffer)[:0], rules, accounts, r); err != nil {
		return dst[:start], err
	}
	for i, want := range *buffer {
		if dst[start+i] != want {
			return dst[:start], s.invalidResponse(fmt.Errorf("prize %d of rules %s does not follow from its key", r.Start+uint64(i), rules.Name))
		}
	}
	return dst, nil
}

// askPrizes appends the outcomes that the service decides to dst.
func (c *Client) askPrizes(ctx context.Context, dst []prize.Outcome, rules *prize.Rules, accounts *prize.Accounts, r entropy.Range) ([]prize.Outcome, error) {
	if err := r.Check(); err != nil || r.Count == 0 {
		return dst, err
	}
	texts := c.textsOf(rules)
	if r.Count <= maxJobDraws {
		job := &awardJob{texts: texts, draws: r}
		for i := range accounts.Len() {
			job.accounts = append(job.accounts, string(accounts.At(i)))
		}
		if err := c.awards.do(ctx, job); err != nil {
			return dst, c.prize.contextErr(ctx, err)
		}
		return append(dst, job.outcomes...), ctx.Err()
	}
	start := len(dst)
	for from := uint64(0); from < r.Count; from += MaxCount {
		to := min(from+MaxCount, r.Count)
		part := r.Slice(from, to)
		request := AwardRequest{Accounts: Accounts{accounts.Slice(int(from), int(to))}, Key: part.Key.Hex(), Start: part.Start}
		var err error
		if dst, err = c.award(ctx, dst, texts, &request); err != nil {
			return dst[:start], err
		}
	}
	return dst, ctx.Err()
}

// awardJob is a request for the prizes of up to maxJobDraws draws.
type awardJob struct {
	texts    *OutcomeTexts
	accounts []string
	draws    entropy.Range
	outcomes []prize.Outcome // the result
}

func sameRules(a, b *awardJob) bool { return a.texts == b.texts }

// awardJobs makes one call for jobs that have the same rules.
func (c *Client) awardJobs(ctx context.Context, jobs []*awardJob) error {
	var request AwardRequest
	for _, job := range jobs {
		for _, account := range job.accounts {
			request.Accounts.Append(account)
		}
		request.Ranges = append(request.Ranges, newRange(job.draws))
	}
	if one := request.Ranges[0]; len(jobs) == 1 {
		request.Key, request.Start, request.Ranges = one.Key, one.Start, nil
	}
	outcomes, err := c.award(ctx, nil, jobs[0].texts, &request)
	if err != nil {
		return err
	}
	for _, job := range jobs {
		n := len(job.accounts)
		job.outcomes, outcomes = outcomes[:n], outcomes[n:]
	}
	return nil
}

// award sends a request that uses the rules of texts. It sends the name and the hash of
// the rules first. Only if the service does not have them does it send the rules
// themselves.
func (c *Client) award(ctx context.Context, dst []prize.Outcome, texts *OutcomeTexts, request *AwardRequest) ([]prize.Outcome, error) {
	rules := texts.rules
	if !c.isUnknown(rules) {
		request.Rules, request.RulesSHA256 = rules.Name, rules.SHA256()
		outcomes, err := c.requestAward(ctx, dst, texts, request)
		if !errors.Is(err, prize.ErrUnknownRules) {
			return outcomes, err
		}
		c.setUnknown(rules)
	}
	request.Rules, request.RulesSHA256, request.RulesYAML = "", "", string(rules.Source())
	return c.requestAward(ctx, dst, texts, request)
}

// requestAward makes a request and appends its outcomes to dst.
func (c *Client) requestAward(ctx context.Context, dst []prize.Outcome, texts *OutcomeTexts, request *AwardRequest) ([]prize.Outcome, error) {
	body, err := c.prize.post(ctx, "/v1/prize", encodedBody(appendAwardRequest(nil, request)))
	if err != nil {
		return dst, err
	}
	before, rules, accounts := len(dst), texts.rules, &request.Accounts.Accounts
	if array, ok := findOutcomes(body, rules.Name, rules.SHA256()); ok {
		if dst, ok = texts.read(dst, array, accounts); ok {
			return dst, nil
		}
	}
	var answer AwardAnswer
	if err := json.Unmarshal(body, &answer); err != nil {
		return dst[:before], c.prize.invalidResponse(decodeError(err))
	}
	if answer.RulesSHA256 != rules.SHA256() {
		return dst[:before], c.prize.invalidResponse(fmt.Errorf("the response is for rules with SHA-256 %q, want %s", answer.RulesSHA256, rules.SHA256()))
	}
	if dst, err = texts.decode(dst[:before], answer.Outcomes.Raw, accounts); err != nil {
		err = c.prize.invalidResponse(err)
	}
	return dst, err
}

// maxCached is the maximum number of rules in a cache. A full cache is cleared.
const maxCached = 100

// isUnknown reports whether the service is known not to have the given rules.
func (c *Client) isUnknown(rules *prize.Rules) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unknown[rules.SHA256()]
}

// setUnknown records that the service does not have the given rules.
func (c *Client) setUnknown(rules *prize.Rules) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.unknown) >= maxCached {
		clear(c.unknown)
	}
	c.unknown[rules.SHA256()] = true
}

// textsOf returns the encoded outcomes of rules.
func (c *Client) textsOf(rules *prize.Rules) *OutcomeTexts {
	c.mu.Lock()
	defer c.mu.Unlock()
	texts := c.outcomeTexts[rules.SHA256()]
	if texts == nil {
		if len(c.outcomeTexts) >= maxCached {
			clear(c.outcomeTexts)
		}
		texts = NewOutcomeTexts(rules)
		c.outcomeTexts[rules.SHA256()] = texts
	}
	return texts
}
