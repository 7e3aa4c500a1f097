package serve

import (
	"context"
	"net/http"
	"reflect"
	"strconv"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/remote"
)

const entrantsPath = "/v1/entrants"

func (s *Server) entrantRoutes(a *api) []route {
	id := pathParameter("id", "The ID of the entrant.")
	one := reflect.TypeFor[campaign.Entrant]()
	refusals := []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusServiceUnavailable}
	changes := append(bodyRefusals(), http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict)
	listed := pageParameters(textParameter("search", "Only those whose last name or email address begins so."))
	trail := pageParameters(textParameter("subject", "Only those about it."))
	edit := s.promoting(a, func(p *campaign.Promoter, x *exchange, r *http.Request) error { return s.editEntrant(a, p, x, r) })
	return []route{
		{
			method: http.MethodGet, path: entrantsPath, name: "list-entrants", summary: "List entrants, the newest first", admin: true, query: listed,
			answer: reflect.TypeFor[campaign.EntrantPage](), refusals: refusals,
			handle: s.promoting(a, func(p *campaign.Promoter, x *exchange, r *http.Request) error {
				return s.listEntrants(a, p, x, r, listed)
			}),
		},
		{
			method: http.MethodPost, path: entrantsPath, name: "add-entrant", summary: "Add an entrant", admin: true,
			request: reflect.TypeFor[campaign.Person](), created: one, refusals: changes,
			handle: s.promoting(a, func(p *campaign.Promoter, x *exchange, r *http.Request) error { return s.addEntrant(a, p, x, r) }),
		},
		{
			method: http.MethodPost, path: entrantsPath + "/import", name: "import-entrants", summary: "Add many entrants, all or none", admin: true,
			request: reflect.TypeFor[remote.ImportRequest](), answer: reflect.TypeFor[remote.ImportAnswer](), refusals: changes,
			handle: s.promoting(a, func(p *campaign.Promoter, x *exchange, r *http.Request) error { return s.importEntrants(a, p, x, r) }),
		},
		{
			method: http.MethodGet, path: entrantsPath + "/{id}", name: "get-entrant", summary: "An entrant", admin: true, query: id, answer: one, refusals: refusals,
			handle: s.promoting(a, func(p *campaign.Promoter, x *exchange, r *http.Request) error { return s.getEntrant(a, p, x, r) }),
		},
		{
			method: http.MethodPatch, path: entrantsPath + "/{id}", name: "change-entrant", summary: "Change parts of an entrant", admin: true, query: id,
			request: reflect.TypeFor[campaign.Person](), answer: one, refusals: changes, handle: edit,
		},
		{
			method: http.MethodPut, path: entrantsPath + "/{id}", name: "edit-entrant", summary: "Replace the names and the address of an entrant", admin: true, query: id,
			request: reflect.TypeFor[campaign.Person](), answer: one, refusals: changes, handle: edit,
		},
		{
			method: http.MethodDelete, path: entrantsPath + "/{id}", name: "delete-entrant", summary: "Erase an entrant; the draws stay", admin: true, query: id, empty: true, refusals: refusals,
			handle: s.promoting(a, func(p *campaign.Promoter, x *exchange, r *http.Request) error { return s.deleteEntrant(a, p, x, r) }),
		},
		{
			method: http.MethodGet, path: "/v1/changes", name: "list-changes", summary: "The audit trail, the newest first", admin: true, query: trail,
			answer: reflect.TypeFor[remote.ChangesAnswer](), refusals: refusals,
			handle: s.promoting(a, func(p *campaign.Promoter, x *exchange, r *http.Request) error {
				return s.listChanges(a, p, x, r, trail)
			}),
		},
	}
}

func entrantID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, campaign.Errorf(campaign.ErrNotFound, "there is no entrant %q", clip(r.PathValue("id")))
	}
	return id, nil
}

func (s *Server) listEntrants(a *api, p *campaign.Promoter, x *exchange, r *http.Request, listed []parameter) error {
	q, err := readQuery(r, listed)
	if err != nil {
		return err
	}
	page, err := p.Entrants(x.context(), campaign.EntrantList{Cursor: q.text("cursor"), Limit: int(q.number("limit")), Search: q.text("search")})
	if err != nil {
		return err
	}
	return a.answer(x, http.StatusOK, page)
}

func (s *Server) getEntrant(a *api, p *campaign.Promoter, x *exchange, r *http.Request) error {
	id, err := entrantID(r)
	if err != nil {
		return err
	}
	e, err := p.Entrant(x.context(), id)
	if err != nil {
		return err
	}
	return a.answer(x, http.StatusOK, e)
}

func (s *Server) deleteEntrant(a *api, p *campaign.Promoter, x *exchange, r *http.Request) error {
	id, err := entrantID(r)
	if err == nil {
		err = p.DeleteEntrant(x.context(), id)
	}
	if err != nil {
		return err
	}
	return a.done(x)
}

func (s *Server) addEntrant(a *api, p *campaign.Promoter, x *exchange, r *http.Request) error {
	buffer := a.buffers.get()
	defer a.buffers.put(buffer)
	var person campaign.Person
	if err := a.decode(x, r, buffer, &person); err != nil {
		return err
	}
	e, err := p.AddEntrant(x.context(), person)
	if err != nil {
		return err
	}
	x.Header().Set("Location", entrantsPath+"/"+strconv.FormatInt(e.ID, 10))
	return a.answer(x, http.StatusCreated, e)
}

func (s *Server) importEntrants(a *api, p *campaign.Promoter, x *exchange, r *http.Request) error {
	buffer := a.buffers.get()
	defer a.buffers.put(buffer)
	var request remote.ImportRequest
	if err := a.decode(x, r, buffer, &request); err != nil {
		return err
	}
	added, err := p.ImportEntrants(x.context(), request.Entrants)
	if err != nil {
		return err
	}
	return a.answer(x, http.StatusOK, remote.ImportAnswer{Added: added})
}

// editEntrant changes an entrant. A PATCH leaves what it does not name as it is.
func (s *Server) editEntrant(a *api, p *campaign.Promoter, x *exchange, r *http.Request) error {
	buffer := a.buffers.get()
	defer a.buffers.put(buffer)
	id, err := entrantID(r)
	if err != nil {
		return err
	}
	edit := p.EditEntrant
	var person campaign.Person
	if r.Method == http.MethodPatch {
		was, err := p.Entrant(x.context(), id)
		if err != nil {
			return err
		}
		person = was.Person
		edit = func(ctx context.Context, id int64, person campaign.Person) (campaign.Entrant, error) {
			return p.EditEntrantFrom(ctx, id, was.Person, person)
		}
	}
	if err := a.decode(x, r, buffer, &person); err != nil {
		return err
	}
	e, err := edit(x.context(), id, person)
	if err != nil {
		return err
	}
	return a.answer(x, http.StatusOK, e)
}

func (s *Server) listChanges(a *api, p *campaign.Promoter, x *exchange, r *http.Request, trail []parameter) error {
	q, err := readQuery(r, trail)
	if err != nil {
		return err
	}
	before, err := strconv.ParseInt("0"+q.text("cursor"), 10, 64)
	if err != nil {
		return parameterProblem("cursor", "%q is none, expected the id of a change", clip(q.text("cursor")))
	}
	changes, err := p.Changes(x.context(), campaign.ChangeQuery{Before: before, Subject: q.text("subject"), Limit: int(q.number("limit"))})
	if err != nil {
		return err
	}
	return a.answer(x, http.StatusOK, remote.ChangesAnswer{Changes: append([]campaign.Change{}, changes...)})
}
