package serve

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
)

// prizesHandler contains the handlers of operations that decide prizes.
type prizesHandler struct {
	*backend
	sent *ruleCache
}

func (a *api) registerPrizes() {
	h := prizesHandler{a.backend, newRuleCache()}
	a.raw(huma.Operation{
		Method: http.MethodPost, Path: "/v1/prize", OperationID: "award-prizes", Summary: "Award prizes to account numbers",
		RequestBody: &huma.RequestBody{Required: true, Content: jsonContent(schemaOf[remote.AwardRequest](a))},
		Responses:   ok(jsonContent(schemaOf[remote.AwardAnswer](a))),
		Errors:      bodyErrors(),
	}, h.award)
	register(a, huma.Operation{
		Method: http.MethodGet, Path: "/v1/prize/rules/{name}", OperationID: "get-rules", Summary: "Get the file of deployed rules",
		Responses: ok(jsonContent(schemaOf[remote.RulesAnswer](a))), Errors: []int{http.StatusNotFound},
	}, h.getRules)
}

// registerCoreRules adds the operation that returns the rules that a core uses, whether it
// decides prizes itself or calls the prize service.
func (a *api) registerCoreRules() {
	b := a.backend
	register(a, huma.Operation{
		Method: http.MethodGet, Path: "/v1/core/rules/{name}", OperationID: "get-core-rules", Summary: "The text of rules that the core can use",
		Responses: ok(jsonContent(schemaOf[remote.RulesAnswer](a))), Errors: []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}, func(ctx context.Context, in *rulesInput) (*output, error) {
		rules, err := b.deployed.rules(ctx, in.Name)
		return rulesOutput(rules, err)
	})
}

type rulesInput struct {
	Name string `path:"name" doc:"Name of the rules."`
}

func (h prizesHandler) getRules(_ context.Context, in *rulesInput) (*output, error) {
	d, err := h.rules.find(in.Name)
	if err != nil {
		return rulesOutput(nil, err)
	}
	return rulesOutput(d.rules, nil)
}

// rulesOutput returns the response with the text of rules.
func rulesOutput(rules *prize.Rules, err error) (*output, error) {
	if errors.Is(err, prize.ErrUnknownRules) {
		p, _ := remote.ProblemOf(err)
		p.Status = http.StatusNotFound
		return nil, p
	}
	if err != nil {
		return nil, err
	}
	return &output{body: remote.RulesAnswer{Rules: rules.Name, RulesSHA256: rules.SHA256(), RulesYAML: string(rules.Source())}}, nil
}

// award awards prizes to account numbers. It is a raw handler for speed (see
// BenchmarkComposed).
func (h prizesHandler) award(w *responseRecorder, r *http.Request) error {
	buffer := h.buffers.get()
	defer h.buffers.put(buffer)
	var request remote.AwardRequest
	if err := h.decode(w, r, buffer, &request); err != nil {
		return err
	}
	draws, fresh, err := request.Draws()
	if err != nil {
		return err
	}
	if fresh {
		draws[0].Key = freshKey()
	}
	release, err := h.reserve(w.context(), request.Accounts.Len())
	if err != nil {
		return err
	}
	defer release()
	by, err := h.decider(&request)
	if err != nil {
		return err
	}
	accounts := &request.Accounts.Accounts
	var outcomes []prize.Outcome
	for _, r := range draws {
		of := accounts.Slice(len(outcomes), len(outcomes)+int(r.Count))
		if outcomes, err = (draw.Local{}).Prizes(w.context(), outcomes, by.rules, &of, r); err != nil {
			return err
		}
	}
	h.metrics.generated(remote.Prize, len(outcomes))
	if fresh { // a key may belong to a campaign, whose next prizes are secret
		h.metrics.decided(by.rules, by.named, outcomes)
	}
	w.Header()["Cache-Control"] = h.noStore
	return h.answer(w, http.StatusOK, &remote.AwardAnswer{
		Rules: by.rules.Name, RulesSHA256: by.rules.SHA256(),
		Outcomes: remote.Outcomes{Texts: by.texts, Accounts: accounts, List: outcomes},
	})
}

// decider returns the rules for a request.
func (h prizesHandler) decider(request *remote.AwardRequest) (*decider, error) {
	if request.RulesYAML != "" {
		by, err := h.sent.get(request.RulesYAML)
		if err != nil {
			return nil, remote.At("/rules_yaml", err)
		}
		return by, nil
	}
	by, err := h.rules.find(request.Rules)
	if err != nil {
		return nil, remote.At("/rules", err)
	}
	if sha256 := request.RulesSHA256; sha256 != "" && sha256 != by.rules.SHA256() {
		return nil, remote.At("/rules_sha256", &otherRulesError{by.rules, sha256})
	}
	return by, nil
}

// otherRulesError is returned if the SHA-256 in a request differs from the SHA-256 of the
// rules with the name in the request.
type otherRulesError struct {
	rules  *prize.Rules
	sha256 string
}

func (e *otherRulesError) Error() string {
	return "unknown rules: the SHA-256 of " + e.rules.Name + " is " + e.rules.SHA256() + ", not " + excerpt.Of(e.sha256)
}

func (e *otherRulesError) Unwrap() error { return prize.ErrUnknownRules }

// ruleCache keeps the compiled rules that callers have sent most recently.
type ruleCache struct {
	mu   sync.Mutex
	list []*decider // the most recently used rules are last
}

// maxSentRules is the maximum number of sent rules to keep.
const maxSentRules = 32

func newRuleCache() *ruleCache { return &ruleCache{} }

// get returns the compiled rules for the text of a rules file. If the text has mistakes,
// it returns a [prize.FileError].
func (c *ruleCache) get(text string) (*decider, error) {
	sum := sha256.Sum256([]byte(text))
	name := hex.EncodeToString(sum[:])
	if d := c.find(name); d != nil {
		return d, nil
	}
	// Two callers may compile the same text at the same time; the results are equal.
	rules, err := prize.Parse("rules_yaml", []byte(text))
	if err != nil {
		return nil, err
	}
	d := newDecider(rules, false)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.list) >= maxSentRules {
		c.list = slices.Delete(c.list, 0, 1)
	}
	c.list = append(c.list, d)
	return d, nil
}

func (c *ruleCache) find(sha256 string) *decider {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.list, func(d *decider) bool { return d.rules.SHA256() == sha256 })
	if i < 0 {
		return nil
	}
	d := c.list[i]
	c.list = append(slices.Delete(c.list, i, i+1), d)
	return d
}
