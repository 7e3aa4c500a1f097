package serve

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/wire"
)

const (
	drawsPath = "/v1/draws"
	drawPath  = drawsPath + "/{id}"
)

func (a *api) registerStoredDraws() {
	errs := []int{http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusServiceUnavailable}
	viewerOperation(a, huma.Operation{
		Method: http.MethodGet, Path: drawsPath, OperationID: "list-draws", Summary: "List the draws of a campaign",
		Errors: errs,
	}, listDraws)
	publicOperation(a, huma.Operation{
		Method: http.MethodGet, Path: drawPath, OperationID: "get-draw", Summary: "Get a draw of a campaign",
		Errors: []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}, func(ctx context.Context, c caller, in *drawInput) (campaign.Draw, error) {
		return c.Draw(ctx, in.ID)
	})
	jsonOperation(a, huma.Operation{
		Method: http.MethodPatch, Path: drawPath, OperationID: "mark-draw", Summary: "Record that a prize was claimed, or void a draw",
		Errors: bodyErrors(http.StatusNotFound, http.StatusConflict),
	}, markDraw)
	adminOperation(a, huma.Operation{
		Method: http.MethodDelete, Path: drawPath, OperationID: "void-draw", Summary: "Void a draw, which stays on record",
		Errors: append(errs, http.StatusConflict),
	}, func(ctx context.Context, admin *campaign.Admin, in *voidDrawInput) (campaign.Draw, error) {
		return admin.Void(ctx, in.ID, in.Reason)
	})
}

type drawInput struct {
	ID string `path:"id" doc:"The ID of the draw."`
}

type voidDrawInput struct {
	ID     string `path:"id" doc:"The ID of the draw."`
	Reason string `query:"reason" doc:"The reason why the draw is void."`
}

type listDrawsInput struct {
	Cursor   string `query:"cursor" doc:"The value of next on the previous page. Omit it for the first page."`
	Limit    int    `query:"limit" doc:"Maximum number of items; 50 by default." minimum:"1" maximum:"1000"`
	Campaign string `query:"campaign" doc:"Name of the campaign." required:"true"`
	Prize    string `query:"prize" doc:"Only draws that won this prize."`
	Account  string `query:"account" doc:"Only draws whose account number starts with this string."`
	Status   string `query:"status" doc:"Only draws with this status: unclaimed, claimed or voided."`
	Entrant  int64  `query:"entrant" doc:"Only draws of this entrant." minimum:"1"`
	Won      bool   `query:"won" doc:"Only draws that won a prize."`
	Oldest   bool   `query:"oldest" doc:"List the oldest draws first instead of the newest."`
}

func listDraws(ctx context.Context, viewer *campaign.Viewer, in *listDrawsInput) (wire.DrawPage, error) {
	list, next, err := viewer.Draws(ctx, campaign.DrawQuery{
		Paging: campaign.Paging{Cursor: in.Cursor, Limit: in.Limit}, Campaign: in.Campaign, Oldest: in.Oldest, Won: in.Won,
		Prize: in.Prize, Entrant: in.Entrant, Account: in.Account, Status: in.Status,
	})
	return wire.DrawPage{Draws: list, Next: next}, err
}

func markDraw(ctx context.Context, admin *campaign.Admin, in *drawInput, change *wire.DrawChange) (campaign.Draw, error) {
	switch {
	case (change.Claim == nil) == (change.Void == nil):
		return campaign.Draw{}, wire.Invalid("/claim", "must contain either claim or void")
	case change.Void != nil:
		return admin.Void(ctx, in.ID, *change.Void)
	case *change.Claim:
		return admin.Claim(ctx, in.ID, change.Note)
	}
	return admin.Unclaim(ctx, in.ID)
}
