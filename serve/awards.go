package serve

import (
	"net/http"
	"reflect"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
)

func (s *Server) prizeRoutes(a *api) []route {
	return []route{
		{
			method: http.MethodPost, path: "/v1/prize", name: "award-prizes",
			summary: "Decide what account numbers win",
			request: reflect.TypeFor[remote.AwardRequest](), answer: reflect.TypeFor[remote.AwardAnswer](), refusals: bodyRefusals(),
			handle: func(x *exchange, r *http.Request) error { return s.award(a, x, r) },
		},
		{
			method: http.MethodGet, path: "/v1/prize/rules/{name}", name: "get-rules",
			summary: "The text of deployed rules",
			query:   []parameter{{name: "name", in: "path", doc: "Name of the rules.", kind: reflect.TypeFor[string]()}},
			answer:  reflect.TypeFor[remote.RulesAnswer](), refusals: []int{http.StatusNotFound},
			handle: func(x *exchange, r *http.Request) error {
				d, err := s.rules.find(r.PathValue("name"))
				if err != nil {
					p, _ := remote.ProblemOf(err)
					p.Status = http.StatusNotFound
					return p
				}
				return a.answer(x, http.StatusOK, &remote.RulesAnswer{
					Rules: d.rules.Name, RulesSHA256: d.rules.SHA256(), RulesYAML: string(d.rules.Source()),
				})
			},
		},
		s.statusRoute(a, Prize),
	}
}

func (s *Server) award(a *api, x *exchange, r *http.Request) error {
	buffer := a.buffers.get()
	defer a.buffers.put(buffer)
	var request remote.AwardRequest
	if err := a.decode(x, r, buffer, &request); err != nil {
		return err
	}
	draws, fresh, err := request.Draws()
	if err != nil {
		return err
	}
	if fresh {
		draws[0].Key = freshKey()
	}
	release, err := s.reserve(x.context(), request.Accounts.Len())
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
		some := accounts.Slice(len(outcomes), len(outcomes)+int(r.Count))
		if outcomes, err = (draw.Local{}).Prizes(x.context(), outcomes, by.rules, &some, r); err != nil {
			return err
		}
	}
	s.metrics.decided(by, outcomes)
	x.Header()["Cache-Control"] = a.noStore
	return a.answer(x, http.StatusOK, &remote.AwardAnswer{
		Rules: by.rules.Name, RulesSHA256: by.rules.SHA256(),
		Outcomes: remote.Outcomes{Texts: by.texts, Accounts: accounts, List: outcomes},
	})
}

// decider finds the rules of a request.
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

// otherRulesError is that rules of a name are not those that the caller means.
type otherRulesError struct {
	rules  *prize.Rules
	sha256 string
}

func (e *otherRulesError) Error() string {
	return "unknown rules: those called " + e.rules.Name + " here have the SHA-256 " + e.rules.SHA256() + ", not " + clip(e.sha256)
}

func (e *otherRulesError) Unwrap() error { return prize.ErrUnknownRules }
