package serve

import (
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/remote"
)

// promoted is a handler that needs the promoter of the request.
type promoted func(p *campaign.Promoter, x *exchange, r *http.Request) error

// promoting has a handler called with the promoter that the request may use.
func (s *Server) promoting(a *api, handle promoted) func(*exchange, *http.Request) error {
	return func(x *exchange, r *http.Request) error {
		p, err := s.promoterFor(x, r)
		if err != nil {
			return err
		}
		x.Header()["Cache-Control"] = a.noStore
		return handle(p, x, r)
	}
}

func (s *Server) storedDrawRoutes(a *api) []route {
	id := pathParameter("id", "The ID of the draw.")
	one := reflect.TypeFor[campaign.Draw]()
	changes := append(bodyRefusals(), http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict)
	listed := pageParameters(
		textParameter("campaign", "Name of the campaign; it can't be left out."),
		textParameter("prize", "Only those that won this prize."),
		textParameter("account", "Only those whose account number begins so."),
		textParameter("status", "Only those that are unclaimed, claimed or voided."),
		parameter{name: "entrant", in: "query", doc: "Only those of this entrant.", kind: reflect.TypeFor[int](), least: 1},
		flagParameter("won", "Only those that won something."),
		flagParameter("oldest", "The oldest first instead of the newest."),
	)
	void := append(id, textParameter("reason", "Why the draw is void."))
	return []route{
		{
			method: http.MethodGet, path: "/v1/draws", name: "list-draws", summary: "List the draws of a campaign", admin: true, query: listed,
			answer: reflect.TypeFor[campaign.DrawPage](), refusals: []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
			handle: s.promoting(a, func(p *campaign.Promoter, x *exchange, r *http.Request) error { return s.listDraws(a, p, x, r, listed) }),
		},
		{
			method: http.MethodGet, path: "/v1/draws/{id}", name: "get-draw", summary: "A draw of a campaign", query: id,
			answer: one, refusals: []int{http.StatusNotFound, http.StatusServiceUnavailable},
			handle: s.promoting(a, func(p *campaign.Promoter, x *exchange, r *http.Request) error {
				d, err := p.Draw(x.context(), r.PathValue("id"))
				if err != nil {
					return err
				}
				return a.answer(x, http.StatusOK, d)
			}),
		},
		{
			method: http.MethodPatch, path: "/v1/draws/{id}", name: "mark-draw", summary: "Note that a prize was claimed, or void a draw", admin: true, query: id,
			request: reflect.TypeFor[remote.DrawChange](), answer: one, refusals: changes,
			handle: s.promoting(a, func(p *campaign.Promoter, x *exchange, r *http.Request) error { return s.markDraw(a, p, x, r) }),
		},
		{
			method: http.MethodDelete, path: "/v1/draws/{id}", name: "void-draw", summary: "Void a draw, which stays on record", admin: true, query: void,
			answer: one, refusals: []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
			handle: s.promoting(a, func(p *campaign.Promoter, x *exchange, r *http.Request) error {
				q, err := readQuery(r, void)
				if err != nil {
					return err
				}
				d, err := p.Void(x.context(), r.PathValue("id"), q.text("reason"))
				if err != nil {
					return err
				}
				return a.answer(x, http.StatusOK, d)
			}),
		},
	}
}

// play makes a draw of a campaign.
func (s *Server) play(a *api, x *exchange, r *http.Request, request *remote.DrawsRequest) error {
	if s.promoter == nil {
		return campaign.Errorf(campaign.ErrNotFound, "there are no campaigns here")
	}
	if err := request.Check(); err != nil {
		return err
	}
	p, err := s.promoterFor(x, r)
	if err != nil {
		return err
	}
	key, err := onceKey(r.Header)
	if err != nil {
		return err
	}
	d, err := p.Play(x.context(), request.Play(key))
	if err != nil {
		return err
	}
	x.Header()["Cache-Control"] = a.noStore
	x.Header().Set("Location", "/v1/draws/"+url.PathEscape(d.ID))
	return a.answer(x, http.StatusCreated, d)
}

// onceKey reads the header Idempotency-Key: a string in quotes, as
// draft-ietf-httpapi-idempotency-key-header has it, or a bare one.
func onceKey(h http.Header) (string, error) {
	values := h["Idempotency-Key"]
	if len(values) == 0 {
		return "", nil
	}
	wrong := func(reason string) error {
		return problem(http.StatusBadRequest, "Idempotency-Key: %s, expected a string of 1 to %d printable ASCII characters, such as \"8e03978e-40d5-43dd-bc93-6894a57f9324\"", reason, campaign.MaxKey)
	}
	if len(values) > 1 {
		return "", wrong("it is there " + strconv.Itoa(len(values)) + " times")
	}
	key := strings.TrimSpace(values[0])
	if inner, quoted := strings.CutPrefix(key, `"`); quoted {
		inner, closed := strings.CutSuffix(inner, `"`)
		if !closed {
			return "", wrong("its quotes do not end")
		}
		key = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(inner)
	}
	if key == "" || len(key) > campaign.MaxKey || strings.ContainsFunc(key, func(c rune) bool { return c < ' ' || c > '~' }) {
		return "", wrong("it can't be used")
	}
	return key, nil
}

func (s *Server) listDraws(a *api, p *campaign.Promoter, x *exchange, r *http.Request, listed []parameter) error {
	q, err := readQuery(r, listed)
	if err != nil {
		return err
	}
	if q.text("campaign") == "" {
		return parameterProblem("campaign", "it is missing, expected the name of a campaign")
	}
	page, err := p.Draws(x.context(), campaign.DrawList{
		Campaign: q.text("campaign"), Cursor: q.text("cursor"), Limit: int(q.number("limit")), Oldest: q.is("oldest"), Won: q.is("won"),
		Prize: q.text("prize"), Entrant: q.number("entrant"), Account: q.text("account"), Status: campaign.DrawStatus(q.text("status")),
	})
	if err != nil {
		return err
	}
	return a.answer(x, http.StatusOK, page)
}

func (s *Server) markDraw(a *api, p *campaign.Promoter, x *exchange, r *http.Request) error {
	buffer := a.buffers.get()
	defer a.buffers.put(buffer)
	var change remote.DrawChange
	if err := a.decode(x, r, buffer, &change); err != nil {
		return err
	}
	ctx, id := x.context(), r.PathValue("id")
	var d campaign.Draw
	var err error
	switch {
	case (change.Claim == nil) == (change.Void == nil):
		return remote.Invalid("/claim", "expected one of claim and void")
	case change.Void != nil:
		d, err = p.Void(ctx, id, *change.Void)
	case *change.Claim:
		d, err = p.Claim(ctx, id, change.Note)
	default:
		d, err = p.Unclaim(ctx, id)
	}
	if err != nil {
		return err
	}
	return a.answer(x, http.StatusOK, d)
}
