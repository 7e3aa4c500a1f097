package serve

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/wire"
)

const (
	entrantsPath = "/v1/entrants"
	entrantPath  = entrantsPath + "/{id}"
)

func (a *api) registerEntrants() {
	errs := []int{http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusServiceUnavailable}
	changeErrs := bodyErrors(http.StatusNotFound, http.StatusConflict)
	viewerOperation(a, huma.Operation{
		Method: http.MethodGet, Path: entrantsPath, OperationID: "list-entrants", Summary: "List entrants, newest first",
		Errors: errs,
	}, listEntrants)
	createOperation(a, huma.Operation{
		Method: http.MethodPost, Path: entrantsPath, OperationID: "add-entrant", Summary: "Add an entrant", Errors: changeErrs,
	}, func(e campaign.Entrant) string { return entrantsPath + "/" + strconv.FormatInt(e.ID, 10) }, addEntrant)
	jsonOperation(a, huma.Operation{
		Method: http.MethodPost, Path: entrantsPath + "/import", OperationID: "import-entrants", Summary: "Add many entrants, either all or none",
		Errors: changeErrs,
	}, importEntrants)
	viewerOperation(a, huma.Operation{
		Method: http.MethodGet, Path: entrantPath, OperationID: "get-entrant", Summary: "Get an entrant", Errors: errs,
	}, getEntrant)
	patchOperation(a, huma.Operation{
		Method: http.MethodPatch, Path: entrantPath, OperationID: "change-entrant", Summary: "Change parts of an entrant", Errors: changeErrs,
	}, changeEntrant)
	jsonOperation(a, huma.Operation{
		Method: http.MethodPut, Path: entrantPath, OperationID: "edit-entrant", Summary: "Replace the names and the email address of an entrant", Errors: changeErrs,
	}, editEntrant)
	adminOperation(a, huma.Operation{
		Method: http.MethodDelete, Path: entrantPath, OperationID: "delete-entrant", Summary: "Erase the personal data of an entrant, but keep the draws", Errors: errs,
	}, deleteEntrant)
}

// entrantInput contains the ID of an entrant from the path.
type entrantInput struct {
	ID string `path:"id" doc:"The ID of the entrant."`
}

// parseEntrantID parses the ID of an entrant. For a malformed ID, the error wraps
// [campaign.ErrNotFound].
func parseEntrantID(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, campaign.Errorf(campaign.ErrNotFound, "there is no entrant %q", excerpt.Of(text))
	}
	return id, nil
}

type listEntrantsInput struct {
	Cursor string `query:"cursor" doc:"The value of next on the previous page. Omit it for the first page."`
	Limit  int    `query:"limit" doc:"Maximum number of items; 50 by default." minimum:"1" maximum:"1000"`
	Search string `query:"search" doc:"Only entrants whose last name or email address starts with this string."`
}

func listEntrants(ctx context.Context, viewer *campaign.Viewer, in *listEntrantsInput) (wire.EntrantPage, error) {
	list, next, err := viewer.Entrants(ctx, campaign.EntrantQuery{Paging: campaign.Paging{Cursor: in.Cursor, Limit: in.Limit}, Search: in.Search})
	return wire.EntrantPage{Entrants: append([]campaign.Entrant{}, list...), Next: next}, err
}

func getEntrant(ctx context.Context, viewer *campaign.Viewer, in *entrantInput) (campaign.Entrant, error) {
	id, err := parseEntrantID(in.ID)
	if err != nil {
		return campaign.Entrant{}, err
	}
	return viewer.Entrant(ctx, id)
}

func deleteEntrant(ctx context.Context, admin *campaign.Admin, in *entrantInput) (struct{}, error) {
	id, err := parseEntrantID(in.ID)
	if err != nil {
		return struct{}{}, err
	}
	return struct{}{}, admin.DeleteEntrant(ctx, id)
}

func addEntrant(ctx context.Context, admin *campaign.Admin, person *campaign.Person) (campaign.Entrant, error) {
	return admin.AddEntrant(ctx, *person)
}

func importEntrants(ctx context.Context, admin *campaign.Admin, _ *struct{}, request *wire.ImportRequest) (wire.ImportResponse, error) {
	added, err := admin.ImportEntrants(ctx, request.Entrants)
	return wire.ImportResponse{Added: added}, err
}

func editEntrant(ctx context.Context, admin *campaign.Admin, in *entrantInput, person *campaign.Person) (campaign.Entrant, error) {
	id, err := parseEntrantID(in.ID)
	if err != nil {
		return campaign.Entrant{}, err
	}
	return admin.EditEntrant(ctx, id, *person)
}

func changeEntrant(ctx context.Context, admin *campaign.Admin, in *entrantInput, apply func(*campaign.Person) error) (campaign.Entrant, error) {
	id, err := parseEntrantID(in.ID)
	if err != nil {
		return campaign.Entrant{}, err
	}
	before, err := admin.Entrant(ctx, id)
	if err != nil {
		return campaign.Entrant{}, err
	}
	person := before.Person
	if err := apply(&person); err != nil {
		return campaign.Entrant{}, err
	}
	return admin.EditEntrantFrom(ctx, id, before.Person, person)
}
