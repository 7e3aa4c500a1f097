package site

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/excerpt"
)

// drawPages serves the promoter's pages about draws.
type drawPages struct{ *admin }

func (p drawPages) routes() map[string]handler {
	return map[string]handler{
		"GET /admin/campaigns/{campaign}/draws":       p.showList,
		"POST /admin/campaigns/{campaign}/draws":      asOperator(p.play),
		"GET /admin/campaigns/{campaign}/export.csv":  p.exportCSV,
		"GET /admin/campaigns/{campaign}/export.json": p.exportJSON,
		"GET /admin/draws/{id}":                       p.showDraw,
		"POST /admin/draws/{id}/{mark}":               asOperator(p.mark),
	}
}

// drawsPage is a page of the list of a campaign's draws, newest first.
type drawsPage struct {
	Campaign campaign.Campaign
	Draws    []campaign.Draw
	List     campaign.DrawQuery // the filters
	Once     string             // once-only key of the form that makes a draw
	More     pager
}

func (p drawPages) showList(w http.ResponseWriter, r *http.Request) error {
	c, err := p.campaign(r)
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
	draws, next, err := viewerOf(r).Draws(r.Context(), list)
	if err != nil {
		return err
	}
	page := drawsPage{Campaign: c, Draws: draws, List: list, Once: newOnce(), More: newPager(r, next)}
	return p.show(w, r, http.StatusOK, "draws", "Draws of "+c.Title, page)
}

// play makes a draw for an entrant, or without an entrant.
func (p drawPages) play(w http.ResponseWriter, r *http.Request, admin *campaign.Admin) error {
	if err := r.ParseForm(); err != nil {
		return errors.Join(errForm, err)
	}
	once := r.PostFormValue(onceName)
	if !isOnce(once) {
		return errForm
	}
	play := campaign.Play{Campaign: r.PathValue("campaign"), Key: once, FromSite: true}
	if text := r.PostFormValue("entrant"); text != "" {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil || id < 1 {
			return campaign.Errorf(campaign.ErrInvalid, "%q is not the ID of an entrant", excerpt.Of(text))
		}
		play.EntrantID = id
	}
	d, err := admin.Play(r.Context(), play)
	if err != nil {
		return err
	}
	return p.done(w, r, drawPath(d.ID), "The draw was made.")
}

func drawPath(id string) string { return "/admin/draws/" + url.PathEscape(id) }

// drawPage shows a draw, with forms that claim, unclaim or void it.
type drawPage struct {
	Draw campaign.Draw
	fieldError
}

func (p drawPages) showDraw(w http.ResponseWriter, r *http.Request) error {
	return p.showDrawPage(w, r, http.StatusOK, fieldError{})
}

func (p drawPages) showDrawPage(w http.ResponseWriter, r *http.Request, status int, e fieldError) error {
	d, err := viewerOf(r).Draw(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return p.show(w, r, status, "draw", "Draw "+d.Whole, drawPage{d, e})
}

// mark claims, unclaims or voids a draw.
func (p drawPages) mark(w http.ResponseWriter, r *http.Request, admin *campaign.Admin) error {
	if err := r.ParseForm(); err != nil {
		return errors.Join(errForm, err)
	}
	ctx, id, note := r.Context(), r.PathValue("id"), r.PostFormValue("note")
	var err error
	var notice string
	switch r.PathValue("mark") {
	case "claim":
		_, err = admin.Claim(ctx, id, note)
		notice = "The prize is recorded as handed over."
	case "unclaim":
		_, err = admin.Unclaim(ctx, id)
		notice = "The prize is recorded as not handed over."
	case "void":
		refused, confirmErr := p.confirm(w, r)
		if refused != nil {
			return p.showDrawPage(w, r, refused.status, fieldError{Problem: refused.problem})
		}
		if err = confirmErr; err == nil {
			_, err = admin.Void(ctx, id, note)
		}
		notice = "The draw is void. It stays on record."
	default:
		return errNoPage
	}
	if e, ok := newFieldError(err); ok {
		return p.showDrawPage(w, r, http.StatusUnprocessableEntity, e)
	}
	if err != nil {
		return err
	}
	return p.done(w, r, drawPath(id), notice)
}

// exportCSV sends the draws of a campaign for spreadsheets.
func (p drawPages) exportCSV(w http.ResponseWriter, r *http.Request) error {
	return p.export(w, r, "csv", "text/csv; charset=utf-8")
}

// exportJSON sends a campaign and its draws for verification.
func (p drawPages) exportJSON(w http.ResponseWriter, r *http.Request) error {
	return p.export(w, r, "json", "application/json")
}

func (p drawPages) export(w http.ResponseWriter, r *http.Request, extension, contentType string) error {
	c, err := p.campaign(r)
	if err != nil {
		return err
	}
	setDownload(w.Header(), contentType, c.Name+"."+extension)
	write := viewerOf(r).Export
	if extension == "csv" {
		write = viewerOf(r).ExportCSV
	}
	return p.endDownload(r, write(r.Context(), c.Name, w, campaign.ExportOptions{Entrants: r.URL.Query().Get("entrants") == "true"}))
}
