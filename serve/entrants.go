package serve

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/remote"
)

const (
	entrantsPath = "/v1/entrants"
	entrantPath  = entrantsPath + "/{id}"
)

func (a *api) registerEntrants() {
	errs := []int{http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusServiceUnavailable}
	changeErrs := bodyErrors(http.StatusNotFound, http.StatusConflict)
	adminOperation(a, huma.Operation{
		Method: http.MethodGet, Path: entrantsPath, OperationID: "list-entrants", Summary: "List entrants, the newest first",
		RejectUnknownQueryParameters: true, Errors: errs,
	}, listEntrants)
	adminOperation(a, huma.Operation{
		Method: http.MethodPost, Path: entrantsPath, OperationID: "add-entrant", Summary: "Add an entrant",
		DefaultStatus: http.StatusCreated, Errors: changeErrs,
	}, addEntrant)
	adminOperation(a, huma.Operation{
		Method: http.MethodPost, Path: entrantsPath + "/import", OperationID: "import-entrants", Summary: "Add many entrants, all or none",
		Errors: changeErrs,
	}, importEntrants)
	adminOperation(a, huma.Operation{
		Method: http.MethodGet, Path: entrantPath, OperationID: "get-entrant", Summary: "An entrant", Errors: errs,
	}, getEntrant)
	adminOperation(a, huma.Operation{
		Method: http.MethodPatch, Path: entrantPath, OperationID: "change-entrant", Summary: "Change parts of an entrant", Errors: changeErrs,
	}, changeEntrant)
	adminOperation(a, huma.Operation{
		Method: http.MethodPut, Path: entrantPath, OperationID: "edit-entrant", Summary: "Replace the names and the address of an entrant", Errors: changeErrs,
	}, editEntrant)
	adminOperation(a, huma.Operation{
		Method: http.MethodDelete, Path: entrantPath, OperationID: "delete-entrant", Summary: "Erase an entrant; the draws stay", Errors: errs,
	}, deleteEntrant)
}

// entrantInput names an entrant in the path.
type entrantInput struct {
	ID string `path:"id" doc:"The ID of the entrant."`
}

// parseEntrantID parses the ID of an entrant. A malformed one is [campaign.ErrNotFound].
func parseEntrantID(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, campaign.Errorf(campaign.ErrNotFound, "there is no entrant %q", excerpt.Of(text))
	}
	return id, nil
}

type listEntrantsInput struct {
	Cursor string `query:"cursor" doc:"The next of the page before; left out for the first page."`
	Limit  int    `query:"limit" doc:"How many at most; 50 by default." minimum:"1" maximum:"1000"`
	Search string `query:"search" doc:"Only those whose last name or email address begins with this."`
}

func listEntrants(ctx context.Context, admin *campaign.Admin, in *listEntrantsInput) (*output[remote.EntrantPage], error) {
	list, next, err := admin.Entrants(ctx, campaign.EntrantQuery{Paging: campaign.Paging{Cursor: in.Cursor, Limit: in.Limit}, Search: in.Search})
	return respond(remote.EntrantPage{Entrants: append([]campaign.Entrant{}, list...), Next: next}, err)
}

func getEntrant(ctx context.Context, admin *campaign.Admin, in *entrantInput) (*output[campaign.Entrant], error) {
	id, err := parseEntrantID(in.ID)
	if err != nil {
		return nil, err
	}
	return respond(admin.Entrant(ctx, id))
}

func deleteEntrant(ctx context.Context, admin *campaign.Admin, in *entrantInput) (*struct{}, error) {
	id, err := parseEntrantID(in.ID)
	if err != nil {
		return nil, err
	}
	return nil, admin.DeleteEntrant(ctx, id)
}

type addEntrantInput struct{ jsonBody[campaign.Person] }

func addEntrant(ctx context.Context, admin *campaign.Admin, in *addEntrantInput) (*created[campaign.Entrant], error) {
	e, err := admin.AddEntrant(ctx, in.body)
	if err != nil {
		return nil, err
	}
	return &created[campaign.Entrant]{entrantsPath + "/" + strconv.FormatInt(e.ID, 10), e}, nil
}

type importEntrantsInput struct{ jsonBody[remote.ImportRequest] }

func importEntrants(ctx context.Context, admin *campaign.Admin, in *importEntrantsInput) (*output[remote.ImportAnswer], error) {
	added, err := admin.ImportEntrants(ctx, in.body.Entrants)
	return respond(remote.ImportAnswer{Added: added}, err)
}

type editEntrantInput struct {
	ID string `path:"id" doc:"The ID of the entrant."`
	jsonBody[campaign.Person]
}

func editEntrant(ctx context.Context, admin *campaign.Admin, in *editEntrantInput) (*output[campaign.Entrant], error) {
	id, err := parseEntrantID(in.ID)
	if err != nil {
		return nil, err
	}
	return respond(admin.EditEntrant(ctx, id, in.body))
}

type changeEntrantInput struct {
	ID string `path:"id" doc:"The ID of the entrant."`
	jsonPatch[campaign.Person]
}

func changeEntrant(ctx context.Context, admin *campaign.Admin, in *changeEntrantInput) (*output[campaign.Entrant], error) {
	id, err := parseEntrantID(in.ID)
	if err != nil {
		return nil, err
	}
	before, err := admin.Entrant(ctx, id)
	if err != nil {
		return nil, err
	}
	person := before.Person
	if err := in.apply(&person); err != nil {
		return nil, err
	}
	return respond(admin.EditEntrantFrom(ctx, id, before.Person, person))
}
