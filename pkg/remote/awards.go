package remote

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/wire"
)

// Prizes implements [draw.Generator]. It compares outcomes from the service with outcomes
// computed in this process, because the key and the rules determine them.
func (c *Client) Prizes(ctx context.Context, dst []prize.Outcome, rules *prize.Rules, accounts *prize.Accounts, r entropy.Range) ([]prize.Outcome, error) {
	s, err := c.serviceFor(Prize)
	if err != nil {
		return dst, err
	}
	if s == nil {
		return c.local.Prizes(ctx, dst, rules, accounts, r)
	}
	start := len(dst)
	if dst, err = c.awards.append(ctx, dst, rules, accounts, r); err != nil {
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

// awardsClient requests prizes from their service.
type awardsClient struct {
	*service
	jobs batcher[*awardJob]

	mu      sync.Mutex
	texts   map[string]*wire.OutcomeTexts // by SHA-256 of the rules
	unknown map[string]bool               // by SHA-256: whether the service lacks these rules
}

// newAwardsClient returns a client for a prize service, or nil if the service is nil.
func newAwardsClient(s *service) *awardsClient {
	if s == nil {
		return nil
	}
	c := &awardsClient{service: s, texts: map[string]*wire.OutcomeTexts{}, unknown: map[string]bool{}}
	c.jobs.compatible = sameRules
	c.jobs.call = c.doJobs
	return c
}

// append appends the outcomes from the service to dst.
func (c *awardsClient) append(ctx context.Context, dst []prize.Outcome, rules *prize.Rules, accounts *prize.Accounts, r entropy.Range) ([]prize.Outcome, error) {
	if err := r.Check(); err != nil || r.Count == 0 {
		return dst, err
	}
	texts := c.textsOf(rules)
	if r.Count <= maxJobDraws {
		job := &awardJob{texts: texts, draws: r}
		for i := range accounts.Len() {
			job.accounts = append(job.accounts, string(accounts.At(i)))
		}
		if err := c.jobs.do(ctx, job); err != nil {
			return dst, c.contextErr(ctx, err)
		}
		return append(dst, job.outcomes...), ctx.Err()
	}
	start := len(dst)
	for from := uint64(0); from < r.Count; from += wire.MaxCount {
		to := min(from+wire.MaxCount, r.Count)
		part := r.Slice(from, to)
		request := wire.AwardRequest{Accounts: wire.Accounts{Accounts: accounts.Slice(int(from), int(to))}, Key: part.Key.Hex(), Start: part.Start}
		var err error
		if dst, err = c.award(ctx, dst, texts, &request); err != nil {
			return dst[:start], err
		}
	}
	return dst, ctx.Err()
}

// awardJob is a request for the outcomes of up to maxJobDraws draws.
type awardJob struct {
	texts    *wire.OutcomeTexts
	accounts []string
	draws    entropy.Range
	outcomes []prize.Outcome // the result
}

func sameRules(a, b *awardJob) bool { return a.texts == b.texts }

// doJobs makes one call for jobs that have the same rules.
func (c *awardsClient) doJobs(ctx context.Context, jobs []*awardJob) error {
	var request wire.AwardRequest
	for _, job := range jobs {
		for _, account := range job.accounts {
			request.Accounts.Append(account)
		}
		request.Ranges = append(request.Ranges, wire.NewRange(job.draws))
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

// award sends a request for the rules of texts. It first sends their name and hash; only if
// the service does not have the rules does it send the rules themselves.
func (c *awardsClient) award(ctx context.Context, dst []prize.Outcome, texts *wire.OutcomeTexts, request *wire.AwardRequest) ([]prize.Outcome, error) {
	rules := texts.Rules()
	if !c.isUnknown(rules) {
		request.Rules, request.RulesSHA256 = rules.Name, rules.SHA256()
		outcomes, err := c.request(ctx, dst, texts, request)
		if !errors.Is(err, prize.ErrUnknownRules) {
			return outcomes, err
		}
		c.setUnknown(rules)
	}
	request.Rules, request.RulesSHA256, request.RulesYAML = "", "", string(rules.Source())
	return c.request(ctx, dst, texts, request)
}

// request makes a request and appends its outcomes to dst.
func (c *awardsClient) request(ctx context.Context, dst []prize.Outcome, texts *wire.OutcomeTexts, request *wire.AwardRequest) ([]prize.Outcome, error) {
	body, err := c.post(ctx, "/v1/prize", encodedBody(request.AppendJSON(nil)))
	if err != nil {
		return dst, err
	}
	before := len(dst)
	if dst, err = texts.Read(dst, body, &request.Accounts.Accounts); err != nil {
		return dst[:before], c.invalidResponse(err)
	}
	return dst, nil
}

// maxCached is the maximum number of rules in a cache. A full cache is cleared.
const maxCached = 100

// isUnknown reports whether the service has said that it does not have the given rules.
func (c *awardsClient) isUnknown(rules *prize.Rules) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.unknown[rules.SHA256()]
}

// setUnknown records that the service does not have the given rules.
func (c *awardsClient) setUnknown(rules *prize.Rules) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.unknown) >= maxCached {
		clear(c.unknown)
	}
	c.unknown[rules.SHA256()] = true
}

// textsOf returns the encoded outcomes of rules, from the cache if possible.
func (c *awardsClient) textsOf(rules *prize.Rules) *wire.OutcomeTexts {
	c.mu.Lock()
	defer c.mu.Unlock()
	texts := c.texts[rules.SHA256()]
	if texts == nil {
		if len(c.texts) >= maxCached {
			clear(c.texts)
		}
		texts = wire.NewOutcomeTexts(rules)
		c.texts[rules.SHA256()] = texts
	}
	return texts
}
