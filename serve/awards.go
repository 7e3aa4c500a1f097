package serve

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/wire"
	"github.com/prizegen/prizegen/serve/ratelimit"
)

// prizesHandler contains the handlers for operations that award prizes.
type prizesHandler struct {
	*backend
	sent *ruleCache
}

func (a *api) registerPrizes() {
	h := prizesHandler{a.backend, &ruleCache{compile: a.backend.compile}}
	a.raw(huma.Operation{
		Method: http.MethodPost, Path: "/v1/prize", OperationID: "award-prizes", Summary: "Award prizes to account numbers",
		RequestBody: &huma.RequestBody{Required: true, Content: jsonContent(schemaOf[wire.AwardRequest](a))},
		Responses:   ok(jsonContent(schemaOf[wire.AwardResponse](a))),
		Errors:      bodyErrors(http.StatusTooManyRequests),
	}, h.award)
	register(a, huma.Operation{
		Method: http.MethodGet, Path: "/v1/prize/rules/{name}", OperationID: "get-rules", Summary: "Get a file of deployed rules",
		Responses: ok(jsonContent(schemaOf[wire.RulesResponse](a))), Errors: []int{http.StatusNotFound},
	}, h.getRules)
}

// registerCoreRules adds the operation that returns the rules that a core uses, whether the
// core awards prizes itself or calls the prize service.
func (a *api) registerCoreRules() {
	b := a.backend
	register(a, huma.Operation{
		Method: http.MethodGet, Path: "/v1/core/rules/{name}", OperationID: "get-core-rules", Summary: "Get rules that the core can use",
		Responses: ok(jsonContent(schemaOf[wire.RulesResponse](a))), Errors: []int{http.StatusNotFound, http.StatusServiceUnavailable},
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

// rulesOutput returns a response that contains the source of rules, or the error for
// missing rules.
func rulesOutput(rules *prize.Rules, err error) (*output, error) {
	if errors.Is(err, prize.ErrUnknownRules) {
		p, _ := wire.ProblemOf(err)
		p.Status = http.StatusNotFound
		return nil, p
	}
	if err != nil {
		return nil, err
	}
	return &output{body: wire.RulesResponse{Rules: rules.Name, RulesSHA256: rules.SHA256(), RulesYAML: string(rules.Source())}}, nil
}

// award awards prizes to account numbers. It is a raw handler for speed (see
// BenchmarkComposed).
func (h prizesHandler) award(w *responseRecorder, r *http.Request) error {
	buffer := h.buffers.get()
	defer h.buffers.put(buffer)
	var request wire.AwardRequest
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
	by, err := h.decider(w, r, &request)
	if err != nil {
		return err
	}
	accounts := &request.Accounts.Accounts
	release, err := h.room.reserve(w.context(), 2*accounts.Size()+accounts.Len()*(by.texts.MaxLen()+memoryOfOutcome))
	if err != nil {
		return err
	}
	defer release()
	var outcomes []prize.Outcome
	for _, r := range draws {
		of := accounts.Slice(len(outcomes), len(outcomes)+int(r.Count))
		if outcomes, err = (draw.Local{}).Prizes(w.context(), outcomes, by.rules, &of, r); err != nil {
			return err
		}
	}
	h.metrics.generated(remote.Prize, len(outcomes))
	if fresh { // only then, because a key may belong to a campaign, whose next prizes are secret
		h.metrics.decided(by.rules, by.named, outcomes)
	}
	w.Header()["Cache-Control"] = h.noStore
	return h.answer(w, http.StatusOK, &wire.AwardResponse{
		Rules: by.rules.Name, RulesSHA256: by.rules.SHA256(),
		Outcomes: wire.Outcomes{Texts: by.texts, Accounts: accounts, List: outcomes},
	})
}

// memoryOfOutcome is the memory of an outcome in bytes, without its JSON.
const memoryOfOutcome = 4

// decider returns the rules for a request. Only trusted callers may send large ones, and as
// many as they want.
func (h prizesHandler) decider(w *responseRecorder, r *http.Request, request *wire.AwardRequest) (*decider, error) {
	if request.RulesYAML != "" {
		limits, allow := prize.Trusted(), func() error { return nil }
		trusted, err := h.trusts(w, r)
		if err != nil {
			return nil, err
		}
		if !trusted {
			limits, allow = prize.Public(), func() error { return h.limits.Allow(ratelimit.Rules, ratelimit.AddrOf(r)) }
		}
		by, err := h.sent.get(w.context(), limits, request.RulesYAML, allow)
		if err != nil {
			return nil, wire.At("/rules_yaml", err)
		}
		return by, nil
	}
	by, err := h.rules.find(request.Rules)
	if err != nil {
		return nil, wire.At("/rules", err)
	}
	if sha256 := request.RulesSHA256; sha256 != "" && sha256 != by.rules.SHA256() {
		return nil, wire.At("/rules_sha256", &otherRulesError{by.rules, sha256})
	}
	return by, nil
}

// trusts reports whether a request comes from an operator or from the core that calls a prize
// service. If the service has a certificate of the services' authority, a core with TLS
// has one too. Otherwise nobody else should reach the service.
func (h prizesHandler) trusts(w *responseRecorder, r *http.Request) (bool, error) {
	if h.cfg.Role == All {
		return h.isOperator(r)
	}
	return h.cfg.Identity == nil || r.TLS == nil || w.fromService(), nil
}

// otherRulesError is the error if the SHA-256 in a request differs from that of the rules
// with the name in the request.
type otherRulesError struct {
	rules  *prize.Rules
	sha256 string
}

func (e *otherRulesError) Error() string {
	return "unknown rules: the SHA-256 of " + e.rules.Name + " is " + e.rules.SHA256() + ", not " + excerpt.Of(e.sha256)
}

func (e *otherRulesError) Unwrap() error { return prize.ErrUnknownRules }
