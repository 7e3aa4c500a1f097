package serve

import (
	"context"
	"net/http"
	"net/url"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/wire"
)

const (
	campaignsPath = "/v1/campaigns"
	campaignPath  = campaignsPath + "/{campaign}"
)

// campaignInput contains the name of a campaign from the path.
type campaignInput struct {
	Campaign string `path:"campaign" doc:"Name of the campaign."`
}

// campaignsHandler contains the handlers for operations on campaigns.
type campaignsHandler struct{ *backend }

func (a *api) registerCampaigns() {
	h := campaignsHandler{a.backend}
	publicOperation(a, huma.Operation{
		Method: http.MethodGet, Path: campaignsPath, OperationID: "list-campaigns", Summary: "List campaigns, newest first",
		Errors: []int{http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, listCampaigns)
	createOperation(a, huma.Operation{
		Method: http.MethodPost, Path: campaignsPath, OperationID: "create-campaign", Summary: "Create a draft campaign",
		Errors: bodyErrors(http.StatusNotFound, http.StatusConflict),
	}, func(c campaign.Campaign) string { return campaignsPath + "/" + url.PathEscape(c.Name) }, h.createCampaign)
	publicOperation(a, huma.Operation{
		Method: http.MethodGet, Path: campaignPath, OperationID: "get-campaign", Summary: "Get a campaign with its rules",
		Errors: []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}, func(ctx context.Context, c caller, in *campaignInput) (campaign.Campaign, error) {
		return c.Campaign(ctx, in.Campaign)
	})
	patchOperation(a, huma.Operation{
		Method: http.MethodPatch, Path: campaignPath, OperationID: "change-campaign", Summary: "Change parts of a campaign, or open or close it",
		Errors: bodyErrors(http.StatusNotFound, http.StatusConflict),
	}, h.changeCampaign)
	jsonOperation(a, huma.Operation{
		Method: http.MethodPut, Path: campaignPath, OperationID: "edit-campaign", Summary: "Replace the plan of a campaign",
		Errors: bodyErrors(http.StatusNotFound, http.StatusConflict),
	}, h.editCampaign)
	adminOperation(a, huma.Operation{
		Method: http.MethodDelete, Path: campaignPath, OperationID: "delete-campaign", Summary: "Delete a draft or the demo campaign",
		Errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusServiceUnavailable},
	}, func(ctx context.Context, admin *campaign.Admin, in *campaignInput) (struct{}, error) {
		return struct{}{}, admin.Delete(ctx, in.Campaign)
	})
	publicOperation(a, huma.Operation{
		Method: http.MethodGet, Path: campaignPath + "/odds", OperationID: "campaign-odds", Summary: "Get the exact odds of a campaign",
		Errors: []int{http.StatusNotFound, http.StatusServiceUnavailable},
	}, func(ctx context.Context, c caller, in *campaignInput) (draw.Odds, error) {
		return c.Odds(ctx, in.Campaign)
	})
	publicOperation(a, huma.Operation{
		Method: http.MethodGet, Path: campaignPath + "/export", OperationID: "export-campaign", Summary: "Export all draws of a campaign for verification or for spreadsheets",
		Responses: ok(jsonContent(nil)),
		Errors:    []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable},
	}, exportsHandler{a.backend, &exportCache{}}.export)
}

type listCampaignsInput struct {
	Cursor string `query:"cursor" doc:"The value of next on the previous page. Omit it for the first page."`
	Limit  int    `query:"limit" doc:"Maximum number of items; 50 by default." minimum:"1" maximum:"1000"`
	State  string `query:"state" doc:"Only campaigns in this state." enum:"draft,open,closed"`
}

func listCampaigns(ctx context.Context, c caller, in *listCampaignsInput) (wire.CampaignPage, error) {
	list, next, err := c.Campaigns(ctx, campaign.CampaignQuery{Paging: campaign.Paging{Cursor: in.Cursor, Limit: in.Limit}, State: campaign.State(in.State)})
	return wire.CampaignPage{Campaigns: list, Next: next}, err
}

func (h campaignsHandler) createCampaign(ctx context.Context, admin *campaign.Admin, plan *campaign.Plan) (campaign.Campaign, error) {
	complete, err := h.deployed.complete(ctx, *plan)
	if err != nil {
		return campaign.Campaign{}, err
	}
	return admin.Create(ctx, complete)
}

// editCampaign replaces the plan of a campaign. It returns an error if the request contains
// a state.
func (h campaignsHandler) editCampaign(ctx context.Context, admin *campaign.Admin, in *campaignInput, change *wire.CampaignChange) (campaign.Campaign, error) {
	if change.State != "" {
		return campaign.Campaign{}, stateAndMore()
	}
	return h.editPlan(ctx, admin, in.Campaign, change)
}

// changeCampaign changes parts of a campaign's plan, or its state.
func (h campaignsHandler) changeCampaign(ctx context.Context, admin *campaign.Admin, in *campaignInput, apply func(*wire.CampaignChange) error) (campaign.Campaign, error) {
	before, err := admin.Campaign(ctx, in.Campaign)
	if err != nil {
		return campaign.Campaign{}, err
	}
	change := &wire.CampaignChange{Plan: before.Plan(), Version: before.Version}
	// Decoding overwrites the times to which the plan points, so these must be copies.
	change.OpensAt, change.ClosesAt = copyTime(change.OpensAt), copyTime(change.ClosesAt)
	if err := apply(change); err != nil {
		return campaign.Campaign{}, err
	}
	if change.State != "" {
		return changeState(ctx, admin, in.Campaign, change.State, reflect.DeepEqual(change.Plan, before.Plan()))
	}
	if change.Rules != "" && change.RulesYAML == before.RulesYAML {
		change.RulesYAML = ""
	}
	return h.editPlan(ctx, admin, in.Campaign, change)
}

// editPlan replaces the plan of a campaign.
func (h campaignsHandler) editPlan(ctx context.Context, admin *campaign.Admin, name string, change *wire.CampaignChange) (campaign.Campaign, error) {
	plan, err := h.deployed.complete(ctx, change.Plan)
	if err != nil {
		return campaign.Campaign{}, err
	}
	if plan.Name == "" {
		plan.Name = name
	}
	return admin.Edit(ctx, name, change.Version, plan)
}

// changeState opens or closes a campaign. alone reports whether state is the only member of
// the request; otherwise changeState returns an error.
func changeState(ctx context.Context, admin *campaign.Admin, name string, state campaign.State, alone bool) (campaign.Campaign, error) {
	switch {
	case !alone:
		return campaign.Campaign{}, stateAndMore()
	case state == campaign.Open:
		return admin.Open(ctx, name)
	case state == campaign.Closed:
		return admin.Close(ctx, name)
	}
	return campaign.Campaign{}, wire.Invalid("/state", "must be open or closed, got %q", excerpt.Of(string(state)))
}

func stateAndMore() error {
	return wire.Invalid("/state", "the state cannot be changed together with other members")
}

func copyTime(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	same := *at
	return &same
}

func (a *api) registerChanges() {
	viewerOperation(a, huma.Operation{
		Method: http.MethodGet, Path: "/v1/changes", OperationID: "list-changes", Summary: "List the changes in the audit trail, newest first",
		Errors: []int{http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, listChanges)
}

type listChangesInput struct {
	Cursor  string `query:"cursor" doc:"The ID of the last change on the previous page. Omit it for the first page."`
	Limit   int    `query:"limit" doc:"Maximum number of items; 50 by default." minimum:"1" maximum:"1000"`
	Subject string `query:"subject" doc:"Only changes to this campaign, draw or entrant."`
}

func listChanges(ctx context.Context, viewer *campaign.Viewer, in *listChangesInput) (wire.ChangesResponse, error) {
	page := campaign.Paging{Cursor: in.Cursor, Limit: in.Limit}
	if _, err := page.Position(); err != nil {
		return wire.ChangesResponse{}, parameterProblem("cursor", "must be the ID of a change, got %q", excerpt.Of(in.Cursor))
	}
	changes, err := viewer.Changes(ctx, campaign.ChangeQuery{Paging: page, Subject: in.Subject})
	return wire.ChangesResponse{Changes: append([]campaign.Change{}, changes...)}, err
}
