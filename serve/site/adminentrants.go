package site

import (
	"encoding/csv"
	"net/http"
	"strconv"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/spreadsheet"
)

// entrantPages serves the promoter's pages about entrants.
type entrantPages struct{ *admin }

func (p entrantPages) routes() map[string]handler {
	return map[string]handler{
		"GET /admin/entrants":              p.showList,
		"POST /admin/entrants":             asOperator(p.add),
		"GET /admin/entrants.csv":          p.exportCSV,
		"GET /admin/entrants/{id}":         p.showEntrant,
		"POST /admin/entrants/{id}":        asOperator(p.edit),
		"POST /admin/entrants/{id}/delete": asOperator(p.erase),
	}
}

// entrantsPage is a page of the list of entrants, with a form that adds an entrant.
type entrantsPage struct {
	Entrants        []campaign.Entrant
	Search          string
	campaign.Person // as filled in
	fieldError
	More pager
}

func (p entrantPages) showList(w http.ResponseWriter, r *http.Request) error {
	return p.showListPage(w, r, http.StatusOK, entrantsPage{})
}

// showListPage adds the entrants that match the request to page, and shows it.
func (p entrantPages) showListPage(w http.ResponseWriter, r *http.Request, status int, page entrantsPage) error {
	query := r.URL.Query()
	page.Search = query.Get("search")
	list, next, err := viewerOf(r).Entrants(r.Context(), campaign.EntrantQuery{Paging: campaign.Paging{Cursor: query.Get("cursor")}, Search: page.Search})
	if err != nil {
		return err
	}
	page.Entrants, page.More = list, newPager(r, next)
	return p.show(w, r, status, "entrants", "Entrants", page)
}

func (p entrantPages) add(w http.ResponseWriter, r *http.Request, admin *campaign.Admin) error {
	person, err := readPerson(r)
	if err != nil {
		return err
	}
	added, err := admin.AddEntrant(r.Context(), person)
	if e, ok := newFieldError(err); ok {
		return p.showListPage(w, r, http.StatusUnprocessableEntity, entrantsPage{Person: person, fieldError: e})
	}
	if err != nil {
		return err
	}
	return p.done(w, r, entrantPath(added.ID), "The entrant was added.")
}

func entrantPath(id int64) string { return "/admin/entrants/" + strconv.FormatInt(id, 10) }

// entrantPage shows an entrant, with forms that change or erase the entrant.
type entrantPage struct {
	Entrant         campaign.Entrant
	campaign.Person // as filled in
	fieldError
}

// entrantID returns the ID of the entrant named in the path.
func entrantID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, errNoPage
	}
	return id, nil
}

// entrant returns the entrant named in the path.
func (p entrantPages) entrant(r *http.Request) (campaign.Entrant, error) {
	id, err := entrantID(r)
	if err != nil {
		return campaign.Entrant{}, err
	}
	return viewerOf(r).Entrant(r.Context(), id)
}

func (p entrantPages) showEntrant(w http.ResponseWriter, r *http.Request) error {
	entrant, err := p.entrant(r)
	if err != nil {
		return err
	}
	return p.showEntrantPage(w, r, http.StatusOK, entrantPage{Entrant: entrant, Person: entrant.Person})
}

func (p entrantPages) showEntrantPage(w http.ResponseWriter, r *http.Request, status int, page entrantPage) error {
	return p.show(w, r, status, "entrant", page.Entrant.FirstName+" "+page.Entrant.LastName, page)
}

func (p entrantPages) edit(w http.ResponseWriter, r *http.Request, admin *campaign.Admin) error {
	id, err := entrantID(r)
	if err != nil {
		return err
	}
	person, err := readPerson(r)
	if err != nil {
		return err
	}
	_, err = admin.EditEntrant(r.Context(), id, person)
	if e, ok := newFieldError(err); ok {
		entrant, err := p.entrant(r)
		if err != nil {
			return err
		}
		return p.showEntrantPage(w, r, http.StatusUnprocessableEntity, entrantPage{entrant, person, e})
	}
	if err != nil {
		return err
	}
	return p.done(w, r, entrantPath(id), "The entrant was saved.")
}

// erase deletes the personal data of an entrant.
func (p entrantPages) erase(w http.ResponseWriter, r *http.Request, admin *campaign.Admin) error {
	id, err := entrantID(r)
	if err != nil {
		return err
	}
	refused, err := p.confirm(w, r)
	if err != nil {
		return err
	}
	if refused != nil {
		entrant, err := p.entrant(r)
		if err != nil {
			return err
		}
		return p.showEntrantPage(w, r, refused.status, entrantPage{entrant, entrant.Person, fieldError{Problem: refused.problem}})
	}
	if err := admin.DeleteEntrant(r.Context(), id); err != nil {
		return err
	}
	return p.done(w, r, "/admin/entrants", "The entrant's personal data was erased. The draws are kept and can still be checked.")
}

// exportCSV sends the entrants that match the search, or all entrants, for spreadsheets.
func (p entrantPages) exportCSV(w http.ResponseWriter, r *http.Request) error {
	query := campaign.EntrantQuery{Paging: campaign.Paging{Limit: campaign.MaxPage}, Search: r.URL.Query().Get("search")}
	list, next, err := viewerOf(r).Entrants(r.Context(), query)
	if err != nil {
		return err
	}
	setDownload(w.Header(), "text/csv; charset=utf-8", "entrants.csv")
	out := csv.NewWriter(w)
	_ = out.Write([]string{"id", "first_name", "last_name", "email", "plays", "created_at"}) // out.Error returns any error
	for {
		for _, e := range list {
			_ = out.Write([]string{
				strconv.FormatInt(e.ID, 10), spreadsheet.Cell(e.FirstName), spreadsheet.Cell(e.LastName), spreadsheet.Cell(e.Email),
				strconv.FormatInt(e.PlayCount(), 10), e.CreatedAt.Format(time.RFC3339),
			})
		}
		out.Flush()
		if query.Cursor = next; query.Cursor == "" || out.Error() != nil {
			return p.endDownload(r, out.Error())
		}
		if list, next, err = viewerOf(r).Entrants(r.Context(), query); err != nil {
			return p.endDownload(r, err)
		}
	}
}
