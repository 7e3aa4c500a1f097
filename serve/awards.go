package serve

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
)

// prizesHandler has the handlers of operations that decide prizes.
type prizesHandler struct{ *Server }

func (a *api) registerPrizes() {
	h := prizesHandler{a.server}
	a.raw(huma.Operation{
		Method: http.MethodPost, Path: "/v1/prize", OperationID: "award-prizes", Summary: "Decide what account numbers win",
		RequestBody: &huma.RequestBody{Required: true, Content: jsonContent(schemaOf[remote.AwardRequest](a))},
		Responses:   ok(jsonContent(schemaOf[remote.AwardAnswer](a))),
		Errors:      bodyErrors(),
	}, h.award)
	register(a, huma.Operation{
		Method: http.MethodGet, Path: "/v1/prize/rules/{name}", OperationID: "get-rules", Summary: "The text of deployed rules",
		Responses: ok(jsonContent(schemaOf[remote.RulesAnswer](a))), Errors: []int{http.StatusNotFound},
	}, h.getRules)
}

type rulesInput struct {
	Name string `path:"name" doc:"Name of the rules."`
}

func (h prizesHandler) getRules(_ context.Context, in *rulesInput) (*output, error) {
	d, err := h.rules.find(in.Name)
	if err != nil {
		p, _ := remote.ProblemOf(err)
		p.Status = http.StatusNotFound
		return nil, p
	}
	return &output{body: remote.RulesAnswer{
		Rules: d.rules.Name, RulesSHA256: d.rules.SHA256(), RulesYAML: string(d.rules.Source()),
	}}, nil
}

// award decides what account numbers win. It is a raw handler for speed; see
// BenchmarkComposed.
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
	h.metrics.decided(by, outcomes)
	w.Header()["Cache-Control"] = h.noStore
	return h.answer(w, http.StatusOK, &remote.AwardAnswer{
		Rules: by.rules.Name, RulesSHA256: by.rules.SHA256(),
		Outcomes: remote.Outcomes{Texts: by.texts, Accounts: accounts, List: outcomes},
	})
}

// decider returns the rules of a request.
func (h prizesHandler) decider(request *remote.AwardRequest) (*decider, error) {
	if request.RulesYAML != "" {
		by, err := h.sentRules.get(request.RulesYAML)
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

// otherRulesError is returned if the rules with the name in a request have another SHA-256
// than the request.
type otherRulesError struct {
	rules  *prize.Rules
	sha256 string
}

func (e *otherRulesError) Error() string {
	return "unknown rules: the SHA-256 of " + e.rules.Name + " is " + e.rules.SHA256() + ", not " + excerpt.Of(e.sha256)
}

func (e *otherRulesError) Unwrap() error { return prize.ErrUnknownRules }
