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

func (a *api) registerPrizes() {
	s := a.server
	a.raw(huma.Operation{
		Method: http.MethodPost, Path: "/v1/prize", OperationID: "award-prizes", Summary: "Decide what account numbers win",
		RequestBody: &huma.RequestBody{Required: true, Content: jsonContent(schemaOf[remote.AwardRequest](a))},
		Responses:   ok(jsonContent(schemaOf[remote.AwardAnswer](a))),
		Errors:      bodyErrors(),
	}, s.award)
	register(a, huma.Operation{
		Method: http.MethodGet, Path: "/v1/prize/rules/{name}", OperationID: "get-rules", Summary: "The text of deployed rules",
		Responses: ok(jsonContent(schemaOf[remote.RulesAnswer](a))), Errors: []int{http.StatusNotFound},
	}, s.getRules)
}

type rulesInput struct {
	Name string `path:"name" doc:"Name of the rules."`
}

func (s *Server) getRules(_ context.Context, in *rulesInput) (*output, error) {
	d, err := s.rules.find(in.Name)
	if err != nil {
		p, _ := remote.ProblemOf(err)
		p.Status = http.StatusNotFound
		return nil, p
	}
	return &output{body: remote.RulesAnswer{
		Rules: d.rules.Name, RulesSHA256: d.rules.SHA256(), RulesYAML: string(d.rules.Source()),
	}}, nil
}

// award decides what account numbers win. It is a raw handler for the sake of
// BenchmarkComposed.
func (s *Server) award(w *responseRecorder, r *http.Request) error {
	buffer := s.buffers.get()
	defer s.buffers.put(buffer)
	var request remote.AwardRequest
	if err := s.decode(w, r, buffer, &request); err != nil {
		return err
	}
	draws, fresh, err := request.Draws()
	if err != nil {
		return err
	}
	if fresh {
		draws[0].Key = freshKey()
	}
	release, err := s.reserve(w.context(), request.Accounts.Len())
	if err != nil {
		return err
	}
	defer release()
	by, err := s.decider(&request)
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
	s.metrics.decided(by, outcomes)
	w.Header()["Cache-Control"] = s.noStore
	return s.answer(w, http.StatusOK, &remote.AwardAnswer{
		Rules: by.rules.Name, RulesSHA256: by.rules.SHA256(),
		Outcomes: remote.Outcomes{Texts: by.texts, Accounts: accounts, List: outcomes},
	})
}

// decider returns the rules of a request.
func (s *Server) decider(request *remote.AwardRequest) (*decider, error) {
	if request.RulesYAML != "" {
		by, err := s.sentRules.get(request.RulesYAML)
		if err != nil {
			return nil, remote.At("/rules_yaml", err)
		}
		return by, nil
	}
	by, err := s.rules.find(request.Rules)
	if err != nil {
		return nil, remote.At("/rules", err)
	}
	if sha256 := request.RulesSHA256; sha256 != "" && sha256 != by.rules.SHA256() {
		return nil, remote.At("/rules_sha256", otherRules(by.rules, sha256))
	}
	return by, nil
}

func otherRules(rules *prize.Rules, sha256 string) error {
	return &otherRulesError{rules, sha256}
}

// otherRulesError is returned if the rules of a name are not those of the caller.
type otherRulesError struct {
	rules  *prize.Rules
	sha256 string
}

func (e *otherRulesError) Error() string {
	return "unknown rules: the SHA-256 of " + e.rules.Name + " is " + e.rules.SHA256() + ", not " + excerpt.Of(e.sha256)
}

func (e *otherRulesError) Unwrap() error { return prize.ErrUnknownRules }
