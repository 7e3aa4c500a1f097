package site

import (
	"net/http"
	"strconv"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// changesPage is a page of the audit trail, with the newest changes first.
type changesPage struct {
	Changes []campaign.Change
	Subject string // show only changes to this campaign, draw or entrant; empty means all
	More    pager
}

// changesPerPage is the number of changes on a page.
const changesPerPage = 50

func (a *admin) showChanges(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	paging := campaign.Paging{Cursor: query.Get("cursor"), Limit: changesPerPage}
	if _, err := paging.Position(); err != nil {
		return errNoPage
	}
	page := changesPage{Subject: query.Get("subject")}
	var err error
	page.Changes, err = viewerOf(r).Changes(r.Context(), campaign.ChangeQuery{Paging: paging, Subject: page.Subject})
	if err != nil {
		return err
	}
	next := ""
	if n := len(page.Changes); n == changesPerPage {
		next = strconv.FormatInt(page.Changes[n-1].ID, 10)
	}
	page.More = newPager(r, next)
	return a.show(w, r, http.StatusOK, "changes", "Audit trail", page)
}
