package serve

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/remote"
)

const campaignsPath = "/v1/campaigns"

func (s *Server) campaignRoutes(a *api) []route {
	name := pathParameter("campaign", "Name of the campaign.")
	whole := reflect.TypeFor[campaign.Campaign]()
	changes := append(bodyRefusals(), http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict)
	listed := pageParameters(textParameter("state", "Only those in this state: draft, open or closed."))
	export := append(name, textParameter("format", "json or csv; json where it is left out."), flagParameter("entrants", "Whether it tells who played, for the administrator alone."))
	with := func(handle promoted) func(*exchange, *http.Request) error { return s.promoting(a, handle) }
	return []route{
		{
			method: http.MethodGet, path: campaignsPath, name: "list-campaigns", summary: "List campaigns, the newest first", query: listed,
			answer: reflect.TypeFor[campaign.Page](), refusals: []int{http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
			handle: with(func(p *campaign.Promoter, x *exchange, r *http.Request) error {
				return s.listCampaigns(a, p, x, r, listed)
			}),
		},
		{
			method: http.MethodPost, path: campaignsPath, name: "create-campaign", summary: "Make a draft", admin: true,
			request: reflect.TypeFor[campaign.Plan](), created: whole, refusals: changes,
			handle: with(func(p *campaign.Promoter, x *exchange, r *http.Request) error { return s.createCampaign(a, p, x, r) }),
		},
		{
			method: http.MethodGet, path: campaignsPath + "/{campaign}", name: "get-campaign", summary: "A campaign, with its rules", query: name,
			answer: whole, refusals: []int{http.StatusNotFound, http.StatusServiceUnavailable},
			handle: with(func(p *campaign.Promoter, x *exchange, r *http.Request) error { return s.getCampaign(a, p, x, r) }),
		},
		{
			method: http.MethodPatch, path: campaignsPath + "/{campaign}", name: "change-campaign", summary: "Change parts of a campaign, open it or close it", admin: true, query: name,
			request: reflect.TypeFor[remote.CampaignChange](), answer: whole, refusals: changes,
			handle: with(func(p *campaign.Promoter, x *exchange, r *http.Request) error {
				return s.changeCampaign(a, p, x, r, true)
			}),
		},
		{
			method: http.MethodPut, path: campaignsPath + "/{campaign}", name: "edit-campaign", summary: "Replace what was decided about a campaign", admin: true, query: name,
			request: reflect.TypeFor[remote.CampaignChange](), answer: whole, refusals: changes,
			handle: with(func(p *campaign.Promoter, x *exchange, r *http.Request) error {
				return s.changeCampaign(a, p, x, r, false)
			}),
		},
		{
			method: http.MethodDelete, path: campaignsPath + "/{campaign}", name: "delete-campaign", summary: "Remove a draft", admin: true, query: name, empty: true,
			refusals: []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict, http.StatusServiceUnavailable},
			handle:   with(func(p *campaign.Promoter, x *exchange, r *http.Request) error { return s.deleteCampaign(a, p, x, r) }),
		},
		{
			method: http.MethodGet, path: campaignsPath + "/{campaign}/odds", name: "campaign-odds", summary: "The exact odds of a campaign", query: name,
			answer: reflect.TypeFor[draw.Odds](), refusals: []int{http.StatusNotFound, http.StatusServiceUnavailable},
			handle: with(func(p *campaign.Promoter, x *exchange, r *http.Request) error { return s.campaignOdds(a, p, x, r) }),
		},
		{
			method: http.MethodGet, path: campaignsPath + "/{campaign}/export", name: "export-campaign", summary: "All draws of a campaign, for verification or for spreadsheets", query: export,
			kind: "application/json", refusals: []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
			handle: with(func(p *campaign.Promoter, x *exchange, r *http.Request) error {
				return s.exportCampaign(p, x, r, export)
			}),
		},
	}
}

func (s *Server) getCampaign(a *api, p *campaign.Promoter, x *exchange, r *http.Request) error {
	c, err := p.Campaign(x.context(), r.PathValue("campaign"))
	if err != nil {
		return err
	}
	return a.answer(x, http.StatusOK, c)
}

func (s *Server) deleteCampaign(a *api, p *campaign.Promoter, x *exchange, r *http.Request) error {
	if err := p.Delete(x.context(), r.PathValue("campaign")); err != nil {
		return err
	}
	return a.done(x)
}

// done answers that something was done and there is nothing to say about it.
func (a *api) done(x *exchange) error {
	x.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) listCampaigns(a *api, p *campaign.Promoter, x *exchange, r *http.Request, listed []parameter) error {
	q, err := readQuery(r, listed)
	if err != nil {
		return err
	}
	switch state := campaign.State(q.text("state")); state {
	case "", campaign.Draft, campaign.Open, campaign.Closed:
	default:
		return parameterProblem("state", "%q is none, expected %s, %s or %s", clip(string(state)), campaign.Draft, campaign.Open, campaign.Closed)
	}
	page, err := p.Campaigns(x.context(), campaign.List{State: campaign.State(q.text("state")), Cursor: q.text("cursor"), Limit: int(q.number("limit"))})
	if err != nil {
		return err
	}
	return a.answer(x, http.StatusOK, page)
}

func (s *Server) createCampaign(a *api, p *campaign.Promoter, x *exchange, r *http.Request) error {
	buffer := a.buffers.get()
	defer a.buffers.put(buffer)
	var plan campaign.Plan
	if err := a.decode(x, r, buffer, &plan); err != nil {
		return err
	}
	plan, err := s.complete(x.context(), plan)
	if err != nil {
		return err
	}
	c, err := p.Create(x.context(), plan)
	if err != nil {
		return err
	}
	x.Header().Set("Location", campaignsPath+"/"+url.PathEscape(c.Name))
	return a.answer(x, http.StatusCreated, c)
}

// complete fills in what a plan leaves out with what is deployed.
func (s *Server) complete(ctx context.Context, plan campaign.Plan) (campaign.Plan, error) {
	if plan.Rules != "" && plan.RulesYAML != "" {
		return plan, remote.Invalid("/rules_yaml", "rules_yaml can't stand beside rules")
	}
	if plan.TextFormat == "" {
		format, err := s.deployed.textFormat(ctx)
		if err != nil {
			return plan, err
		}
		plan.TextFormat = format.String()
	}
	if plan.NumberFormat == "" {
		format, err := s.deployed.numberFormat(ctx)
		if err != nil {
			return plan, err
		}
		plan.NumberFormat = format.String()
	}
	if plan.RulesYAML == "" {
		rules, err := s.deployed.rules(ctx, plan.Rules)
		if err != nil {
			return plan, remote.At("/rules", err)
		}
		plan.RulesYAML = string(rules.Source())
	}
	plan.Rules = ""
	return plan, nil
}

// changeCampaign changes a campaign. partly says whether what is left out stays.
func (s *Server) changeCampaign(a *api, p *campaign.Promoter, x *exchange, r *http.Request, partly bool) error {
	buffer := a.buffers.get()
	defer a.buffers.put(buffer)
	ctx, name := x.context(), r.PathValue("campaign")
	was, err := p.Campaign(ctx, name)
	if err != nil {
		return err
	}
	var change remote.CampaignChange
	if partly {
		change.Plan, change.Version = was.Plan(), was.Version
	}
	before := was.Plan() // with times of its own, which decoding writes to
	before.OpensAt, before.ClosesAt = copyTime(before.OpensAt), copyTime(before.ClosesAt)
	if err := a.decode(x, r, buffer, &change); err != nil {
		return err
	}
	if change.Rules != "" && change.RulesYAML == before.RulesYAML {
		change.RulesYAML = ""
	}
	var c campaign.Campaign
	switch {
	case change.State == "":
		plan, completeErr := s.complete(ctx, change.Plan)
		if completeErr != nil {
			return completeErr
		}
		if plan.Name == "" {
			plan.Name = name
		}
		c, err = p.Edit(ctx, name, change.Version, plan)
	case !partly || !reflect.DeepEqual(change.Plan, before):
		return remote.Invalid("/state", "it can't be changed together with anything else")
	case change.State == campaign.Open:
		c, err = p.Open(ctx, name)
	case change.State == campaign.Closed:
		c, err = p.Close(ctx, name)
	default:
		return remote.Invalid("/state", "%q can't be reached, expected open or closed", clip(string(change.State)))
	}
	if err != nil {
		return err
	}
	return a.answer(x, http.StatusOK, c)
}

func (s *Server) campaignOdds(a *api, p *campaign.Promoter, x *exchange, r *http.Request) error {
	odds, err := p.Odds(x.context(), r.PathValue("campaign"))
	if err != nil {
		return err
	}
	return a.answer(x, http.StatusOK, odds)
}

func (s *Server) exportCampaign(p *campaign.Promoter, x *exchange, r *http.Request, export []parameter) error {
	q, err := readQuery(r, export)
	if err != nil {
		return err
	}
	name, options := r.PathValue("campaign"), campaign.ExportOptions{Entrants: q.is("entrants")}
	// What can be wrong is found out before the answer begins.
	c, err := p.Campaign(x.context(), name)
	if err != nil {
		return err
	}
	write, kind, extension := p.Export, "application/json", "json"
	switch q.text("format") {
	case "", "json":
	case "csv":
		write, kind, extension = p.ExportCSV, "text/csv; charset=utf-8", "csv"
	default:
		return parameterProblem("format", "%q is none, expected json or csv", clip(q.text("format")))
	}
	if options.Entrants && p == s.promoter {
		return campaign.ErrForbidden
	}
	h := x.Header()
	h.Set("Content-Type", kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Disposition", `attachment; filename="prizegen-`+c.Name+"."+extension+`"`)
	if err := write(x.context(), name, x, options); err != nil {
		if x.status == 0 {
			h.Del("Content-Disposition")
			return err
		}
		s.cfg.Log.WarnContext(x.context(), "an export broke off", slog.Any("error", err))
		panic(http.ErrAbortHandler) // so that it is not taken for a whole one
	}
	return nil
}

func copyTime(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	same := *at
	return &same
}
