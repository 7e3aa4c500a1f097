package site

import (
	"encoding/csv"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/spreadsheet"
)

// entrantsView is a page of the list of entrants.
type entrantsView struct {
	Entrants []campaign.Entrant
	Search   string
	Form     form // of a new one
	More     more
}

func (s *Site) adminEntrants(w http.ResponseWriter, r *http.Request) error {
	return s.listEntrants(w, r, http.StatusOK, form{})
}

func (s *Site) listEntrants(w http.ResponseWriter, r *http.Request, status int, f form) error {
	query := r.URL.Query()
	v := entrantsView{Search: query.Get("search"), Form: f}
	list, next, err := s.admin.campaigns.Entrants(r.Context(), campaign.EntrantQuery{Paging: campaign.Paging{Cursor: query.Get("cursor")}, Search: v.Search})
	if err != nil {
		return err
	}
	v.Entrants, v.More = list, pagesOf(r, next)
	return s.showAdmin(w, r, status, "entrants", "Entrants", v)
}

// personOf reads a person from a form.
func personOf(r *http.Request) (campaign.Person, error) {
	if err := r.ParseForm(); err != nil {
		return campaign.Person{}, errors.Join(errForm, err)
	}
	return campaign.Person{FirstName: r.PostFormValue("first_name"), LastName: r.PostFormValue("last_name"), Email: r.PostFormValue("email")}, nil
}

func (s *Site) addEntrant(w http.ResponseWriter, r *http.Request) error {
	person, err := personOf(r)
	if err != nil {
		return err
	}
	e, err := s.admin.campaigns.AddEntrant(r.Context(), person)
	if field, problem, ok := wrongField(err); ok {
		return s.listEntrants(w, r, http.StatusUnprocessableEntity, form{person, field, problem})
	}
	if err != nil {
		return err
	}
	return s.done(w, r, entrantPath(e.ID), "The entrant was added.")
}

func entrantPath(id int64) string { return "/admin/entrants/" + strconv.FormatInt(id, 10) }

// entrantView is the page of an entrant.
type entrantView struct {
	Entrant campaign.Entrant
	Form    form
}

// entrantID is the entrant that an address names.
func entrantID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil || id < 1 {
		return 0, errNoPage
	}
	return id, nil
}

func (s *Site) adminEntrant(w http.ResponseWriter, r *http.Request) error {
	return s.showEntrant(w, r, http.StatusOK, nil)
}

func (s *Site) showEntrant(w http.ResponseWriter, r *http.Request, status int, f *form) error {
	id, err := entrantID(r)
	if err != nil {
		return err
	}
	e, err := s.admin.campaigns.Entrant(r.Context(), id)
	if err != nil {
		return err
	}
	if f == nil {
		f = &form{Person: e.Person}
	}
	return s.showAdmin(w, r, status, "entrant", e.FirstName+" "+e.LastName, entrantView{e, *f})
}

func (s *Site) editEntrant(w http.ResponseWriter, r *http.Request) error {
	id, err := entrantID(r)
	if err != nil {
		return err
	}
	person, err := personOf(r)
	if err != nil {
		return err
	}
	_, err = s.admin.campaigns.EditEntrant(r.Context(), id, person)
	if field, problem, ok := wrongField(err); ok {
		return s.showEntrant(w, r, http.StatusUnprocessableEntity, &form{person, field, problem})
	}
	if err != nil {
		return err
	}
	return s.done(w, r, entrantPath(id), "The entrant was saved.")
}

func (s *Site) deleteEntrant(w http.ResponseWriter, r *http.Request) error {
	id, err := entrantID(r)
	if err != nil {
		return err
	}
	if err := s.admin.campaigns.DeleteEntrant(r.Context(), id); err != nil {
		return err
	}
	return s.done(w, r, "/admin/entrants", "The entrant's personal data was erased. The draws stay, and can be verified as before.")
}

// entrantsCSV writes all entrants, or those that are searched for, for spreadsheets.
func (s *Site) entrantsCSV(w http.ResponseWriter, r *http.Request) error {
	q := campaign.EntrantQuery{Paging: campaign.Paging{Limit: campaign.MaxPage}, Search: r.URL.Query().Get("search")}
	list, next, err := s.admin.campaigns.Entrants(r.Context(), q)
	if err != nil {
		return err
	}
	download(w, "text/csv; charset=utf-8", "entrants.csv")
	out := csv.NewWriter(w)
	_ = out.Write([]string{"id", "first_name", "last_name", "email", "plays", "created_at"}) // the error is that of Flush
	for {
		for _, e := range list {
			_ = out.Write([]string{
				strconv.FormatInt(e.ID, 10), spreadsheet.Cell(e.FirstName), spreadsheet.Cell(e.LastName), spreadsheet.Cell(e.Email),
				strconv.FormatInt(e.PlayCount(), 10), e.CreatedAt.Format(time.RFC3339),
			})
		}
		out.Flush()
		if q.Cursor = next; q.Cursor == "" || out.Error() != nil {
			return s.streamed(r, out.Error())
		}
		if list, next, err = s.admin.campaigns.Entrants(r.Context(), q); err != nil {
			return s.streamed(r, err)
		}
	}
}
