package site

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// drawsView is a page of the draws of a campaign.
type drawsView struct {
	Campaign campaign.Campaign
	Draws    []campaign.Draw
	List     campaign.DrawQuery
	Once     string // the once-only key of a draw by the administrator
	More     more
}

func (s *Site) adminDraws(w http.ResponseWriter, r *http.Request) error {
	c, err := s.admin.campaigns.Campaign(r.Context(), r.PathValue("campaign"))
	if err != nil {
		return err
	}
	query := r.URL.Query()
	list := campaign.DrawQuery{
		Paging: campaign.Paging{Cursor: query.Get("cursor")}, Campaign: c.Name, Account: query.Get("account"), Prize: query.Get("prize"),
		Won: query.Get("won") == "true", Status: query.Get("status"),
	}
	if text := query.Get("entrant"); text != "" {
		if list.Entrant, err = strconv.ParseInt(text, 10, 64); err != nil {
			return errNoPage
		}
	}
	draws, next, err := s.admin.campaigns.Draws(r.Context(), list)
	if err != nil {
		return err
	}
	v := drawsView{Campaign: c, Draws: draws, List: list, Once: newOnce(), More: pagesOf(r, next)}
	return s.showAdmin(w, r, http.StatusOK, "draws", "Draws of "+c.Title, v)
}

// adminPlay draws for an entrant, or for nobody.
func (s *Site) adminPlay(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errors.Join(errForm, err)
	}
	once := r.PostFormValue(onceName)
	if !isOnce(once) {
		return errForm
	}
	play := campaign.Play{Campaign: r.PathValue("campaign"), Key: "admin " + once}
	if text := r.PostFormValue("entrant"); text != "" {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil || id < 1 {
			return campaign.Errorf(campaign.ErrInvalid, "%.40q is not the number of an entrant", text)
		}
		play.EntrantID = id
	}
	d, err := s.admin.campaigns.Play(r.Context(), play)
	if err != nil {
		return err
	}
	return s.done(w, r, drawPath(d.ID), "The draw was made.")
}

func drawPath(id string) string { return "/admin/draws/" + url.PathEscape(id) }

func (s *Site) adminDraw(w http.ResponseWriter, r *http.Request) error {
	return s.showDraw(w, r, http.StatusOK, "")
}

// drawView is the page of a draw.
type drawView struct {
	Draw    campaign.Draw
	Problem string // with what was to be noted
}

func (s *Site) showDraw(w http.ResponseWriter, r *http.Request, status int, problem string) error {
	d, err := s.admin.campaigns.Draw(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.showAdmin(w, r, status, "draw", "Draw "+d.Whole, drawView{d, problem})
}

// markDraw notes that a prize was handed over, takes that back, or voids a draw.
func (s *Site) markDraw(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errors.Join(errForm, err)
	}
	ctx, id, note := r.Context(), r.PathValue("id"), r.PostFormValue("note")
	var err error
	var notice string
	switch r.PathValue("mark") {
	case "claim":
		_, err = s.admin.campaigns.Claim(ctx, id, note)
		notice = "The prize was handed over."
	case "unclaim":
		_, err = s.admin.campaigns.Unclaim(ctx, id)
		notice = "The prize was not handed over."
	case "void":
		_, err = s.admin.campaigns.Void(ctx, id, note)
		notice = "The draw is void. It stays on record."
	default:
		return errNoPage
	}
	if _, problem, ok := wrongField(err); ok {
		return s.showDraw(w, r, http.StatusUnprocessableEntity, problem)
	}
	if err != nil {
		return err
	}
	return s.done(w, r, drawPath(id), notice)
}

// exportCSV writes the draws of a campaign for spreadsheets.
func (s *Site) exportCSV(w http.ResponseWriter, r *http.Request) error {
	return s.export(w, r, "csv", "text/csv; charset=utf-8")
}

// exportJSON writes a campaign and its draws for verification.
func (s *Site) exportJSON(w http.ResponseWriter, r *http.Request) error {
	return s.export(w, r, "json", "application/json")
}

func (s *Site) export(w http.ResponseWriter, r *http.Request, ending, kind string) error {
	c, err := s.admin.campaigns.Campaign(r.Context(), r.PathValue("campaign"))
	if err != nil {
		return err
	}
	download(w, kind, c.Name+"."+ending)
	write := s.admin.campaigns.Export
	if ending == "csv" {
		write = s.admin.campaigns.ExportCSV
	}
	return s.streamed(r, write(r.Context(), c.Name, w, campaign.ExportOptions{Entrants: r.URL.Query().Get("entrants") == "true"}))
}
