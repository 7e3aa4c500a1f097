package serve

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/remote"
)

func (a *api) registerChanges() {
	adminOperation(a, huma.Operation{
		Method: http.MethodGet, Path: "/v1/changes", OperationID: "list-changes", Summary: "The audit trail, the newest first",
		Errors: []int{http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, listChanges)
}

type listChangesInput struct {
	Cursor  string `query:"cursor" doc:"The ID of the last change of the page before; left out for the first page."`
	Limit   int    `query:"limit" doc:"How many at most; 50 by default." minimum:"1" maximum:"1000"`
	Subject string `query:"subject" doc:"Only changes of this campaign, draw or entrant."`
}

func listChanges(ctx context.Context, admin *campaign.Admin, in *listChangesInput) (remote.ChangesAnswer, error) {
	page := campaign.Paging{Cursor: in.Cursor, Limit: in.Limit}
	if _, err := page.Position(); err != nil {
		return remote.ChangesAnswer{}, parameterProblem("cursor", "must be the ID of a change, got %q", excerpt.Of(in.Cursor))
	}
	changes, err := admin.Changes(ctx, campaign.ChangeQuery{Paging: page, Subject: in.Subject})
	return remote.ChangesAnswer{Changes: append([]campaign.Change{}, changes...)}, err
}
