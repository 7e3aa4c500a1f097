package site

import (
	"errors"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
)

// campaignPages serves the promoter's pages about campaigns.
type campaignPages struct{ *admin }

func (p campaignPages) routes() map[string]handler {
	return map[string]handler{
		"GET /admin/campaigns":                    p.showList,
		"POST /admin/campaigns":                   asOperator(p.create),
		"GET /admin/campaigns/new":                asOperator(p.showNew),
		"GET /admin/campaigns/{campaign}":         p.showCampaign,
		"GET /admin/campaigns/{campaign}/edit":    asOperator(p.showEdit),
		"POST /admin/campaigns/{campaign}/edit":   asOperator(p.edit),
		"POST /admin/campaigns/{campaign}/{step}": asOperator(p.step),
	}
}

// adminCampaignsPage is a page of the list of campaigns.
type adminCampaignsPage struct {
	Campaigns []campaign.Campaign
	State     campaign.State // show only campaigns in this state; empty means all
	More      pager
}

func (p campaignPages) showList(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	page := adminCampaignsPage{State: campaign.State(query.Get("state"))}
	switch page.State {
	case "", campaign.Draft, campaign.Open, campaign.Closed:
	default:
		return errNoPage
	}
	list, next, err := viewerOf(r).Campaigns(r.Context(), campaign.CampaignQuery{Paging: campaign.Paging{Cursor: query.Get("cursor")}, State: page.State})
	if err != nil {
		return err
	}
	page.Campaigns, page.More = list, newPager(r, next)
	return p.show(w, r, http.StatusOK, "campaigns", "Campaigns", page)
}

// adminCampaignPage shows a campaign.
type adminCampaignPage struct {
	campaign.Campaign
	Problem string // why a step was refused
}

func (p campaignPages) showCampaign(w http.ResponseWriter, r *http.Request) error {
	return p.showCampaignPage(w, r, http.StatusOK, "")
}

func (p campaignPages) showCampaignPage(w http.ResponseWriter, r *http.Request, status int, problem string) error {
	c, err := p.campaign(r)
	if err != nil {
		return err
	}
	return p.show(w, r, status, "campaign", c.Title, adminCampaignPage{c, problem})
}

// campaign returns the campaign named in the path.
func (a *admin) campaign(r *http.Request) (campaign.Campaign, error) {
	return viewerOf(r).Campaign(r.Context(), r.PathValue("campaign"))
}

func campaignPath(name string) string { return "/admin/campaigns/" + name }

// step opens, closes or deletes a campaign.
func (p campaignPages) step(w http.ResponseWriter, r *http.Request, admin *campaign.Admin) error {
	ctx, name := r.Context(), r.PathValue("campaign")
	to := campaignPath(name)
	var notice string
	refused, err := p.confirm(w, r)
	if err != nil {
		return err
	}
	if refused != nil {
		return p.showCampaignPage(w, r, refused.status, refused.problem)
	}
	switch r.PathValue("step") {
	case "open":
		_, err = admin.Open(ctx, name)
		notice = "The campaign is open. Its rules, formats and stock are now fixed, and the commitment to its seed is public."
	case "close":
		_, err = admin.Close(ctx, name)
		notice = "The campaign is closed. Its seed is public, so anyone can repeat its draws."
	case "delete":
		err = admin.Delete(ctx, name)
		to, notice = "/admin/campaigns", "The campaign "+name+" was deleted."
	default:
		return errNoPage
	}
	if err != nil {
		return err
	}
	return p.done(w, r, to, notice)
}

// editPage is the form that creates or changes a campaign.
type editPage struct {
	campaign.Plan // as filled in
	fieldError
	Mistakes []prize.Mistake // in the rules
	New      bool            // whether the form creates a campaign
	State    campaign.State
	Version  int64  // version of the campaign in the form
	Opens    string // OpensAt as a form value
	Closes   string // ClosesAt as a form value
	Plays    string // MaxPlays as filled in; empty for no limit

	// The odds, if the promoter asked for them.
	Chances []chance
	Win     chance // chance of winning any prize
	Cost    string // expected cost of a draw
	Unfit   string // why the campaign cannot be opened; empty if it can
}

// newEditPage returns the form that changes a campaign.
func newEditPage(c *campaign.Campaign) *editPage {
	page := &editPage{State: c.State, Version: c.Version, Plan: c.Plan(), Opens: formTime(c.OpensAt), Closes: formTime(c.ClosesAt)}
	if c.MaxPlays > 0 {
		page.Plays = strconv.FormatInt(c.MaxPlays, 10)
	}
	return page
}

// showNew shows a new form, which contains the deployed rules and formats.
func (p campaignPages) showNew(w http.ResponseWriter, r *http.Request, _ *campaign.Admin) error {
	text, number, rules, err := p.cfg.Free.Deployed(r.Context())
	if err != nil {
		return err
	}
	plan := campaign.Plan{TextFormat: text.String(), NumberFormat: number.String(), RulesYAML: string(rules.Source())}
	return p.showForm(w, r, http.StatusOK, &editPage{New: true, State: campaign.Draft, Plan: plan})
}

func (p campaignPages) showEdit(w http.ResponseWriter, r *http.Request, _ *campaign.Admin) error {
	c, err := p.campaign(r)
	if err != nil {
		return err
	}
	return p.showForm(w, r, http.StatusOK, newEditPage(&c))
}

func (p campaignPages) showForm(w http.ResponseWriter, r *http.Request, status int, page *editPage) error {
	title := "New campaign"
	if !page.New {
		title = "Edit " + page.Name
	}
	return p.show(w, r, status, "edit", title, page)
}

func (p campaignPages) create(w http.ResponseWriter, r *http.Request, admin *campaign.Admin) error {
	page := &editPage{New: true, State: campaign.Draft}
	save := func() (campaign.Campaign, error) { return admin.Create(r.Context(), page.Plan) }
	return p.save(w, r, page, save, "The draft was saved. Open it when it is ready.")
}

func (p campaignPages) edit(w http.ResponseWriter, r *http.Request, admin *campaign.Admin) error {
	c, err := p.campaign(r)
	if err != nil {
		return err
	}
	page := newEditPage(&c)
	save := func() (campaign.Campaign, error) {
		return admin.Edit(r.Context(), c.Name, page.Version, page.Plan)
	}
	return p.save(w, r, page, save, "The campaign was saved.")
}

// save reads a form into page. Then it calls save or, if the promoter asked for the odds,
// shows the form with them.
func (p campaignPages) save(w http.ResponseWriter, r *http.Request, page *editPage, save func() (campaign.Campaign, error), notice string) error {
	if err := page.read(r); err != nil {
		return p.refuse(w, r, page, err)
	}
	if r.PostFormValue("preview") != "" {
		return p.preview(w, r, page)
	}
	c, err := save()
	if err != nil {
		return p.refuse(w, r, page, err)
	}
	return p.done(w, r, campaignPath(c.Name), notice)
}

// read reads a form into the page, except for fields that can no longer be changed.
func (page *editPage) read(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errors.Join(errForm, err)
	}
	if page.New {
		page.Name = strings.TrimSpace(r.PostFormValue("name"))
	} else if version, err := strconv.ParseInt(r.PostFormValue("version"), 10, 64); err == nil {
		page.Version = version
	}
	page.Title = r.PostFormValue("title")
	var errs []error
	if page.State == campaign.Draft {
		page.TextFormat, page.NumberFormat = r.PostFormValue("text_format"), r.PostFormValue("number_format")
		page.RulesYAML = strings.ReplaceAll(r.PostFormValue("rules_yaml"), "\r\n", "\n") // browsers send CRLF line endings
		page.RequireEmail = r.PostFormValue("require_email") != ""
		page.Opens = r.PostFormValue("opens_at")
		var err error
		page.OpensAt, err = parseFormTime("opens_at", page.Opens, page.OpensAt)
		errs = append(errs, err)
	}
	if page.State != campaign.Closed {
		page.Closes, page.Plays = r.PostFormValue("closes_at"), strings.TrimSpace(r.PostFormValue("max_plays"))
		var err error
		page.ClosesAt, err = parseFormTime("closes_at", page.Closes, page.ClosesAt)
		errs = append(errs, err)
		page.MaxPlays = 0
		if page.Plays != "" {
			if page.MaxPlays, err = strconv.ParseInt(page.Plays, 10, 64); err != nil {
				errs = append(errs, invalidField("max_plays", "use a whole number, or nothing for no limit"))
			}
		}
	}
	return errors.Join(errs...)
}

func invalidField(field, message string) error {
	return &campaign.FieldError{Field: field, Err: campaign.Errorf(campaign.ErrInvalid, "%s", message)}
}

// formTimeLayout is the layout of times in forms:
// https://html.spec.whatwg.org/#local-date-and-time-state-(type=datetime-local).
const formTimeLayout = "2006-01-02T15:04:05"

func formTime(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.UTC().Format(formTimeLayout)
}

// parseFormTime parses a time in a form. If the user has not changed the time, it returns
// before, which may contain fractions of a second.
func parseFormTime(field, text string, before *time.Time) (*time.Time, error) {
	switch text {
	case "":
		return nil, nil
	case formTime(before):
		return before, nil
	}
	for _, layout := range []string{formTimeLayout, "2006-01-02T15:04"} {
		if at, err := time.Parse(layout, text); err == nil {
			return &at, nil
		}
	}
	return nil, invalidField(field, "use a time such as 2026-07-01T12:00")
}

// refuse redisplays the form with the error messages for err. It returns any error that
// does not concern the form.
func (p campaignPages) refuse(w http.ResponseWriter, r *http.Request, page *editPage, err error) error {
	var file *prize.FileError
	if errors.As(err, &file) {
		page.Mistakes, page.Field = file.Mistakes, "rules_yaml"
		return p.showForm(w, r, http.StatusUnprocessableEntity, page)
	}
	var ok bool
	if page.fieldError, ok = newFieldError(err); !ok {
		return err
	}
	if errors.Is(err, campaign.ErrExists) {
		page.Field = "name"
	}
	return p.showForm(w, r, http.StatusUnprocessableEntity, page)
}

// preview shows the form with its odds. It saves nothing.
func (p campaignPages) preview(w http.ResponseWriter, r *http.Request, page *editPage) error {
	plan := page.Plan
	if page.New && plan.Name == "" {
		plan.Name = "unnamed"
	}
	odds, unfit, err := viewerOf(r).Preview(r.Context(), plan)
	if err != nil {
		return p.refuse(w, r, page, err)
	}
	page.Chances, page.Win, page.Cost = chances(odds), winChance(odds), expectedValue(odds)
	if e, ok := newFieldError(unfit); ok {
		page.Unfit = e.Problem
	}
	return p.showForm(w, r, http.StatusOK, page)
}

// expectedValue formats the mean cost of a draw with its currency.
func expectedValue(odds draw.Odds) string {
	value, ok := new(big.Rat).SetString(odds.ExpectedValue)
	currency, err := prize.ParseCurrency(odds.Currency)
	if !ok || err != nil {
		return odds.ExpectedValue
	}
	return currency.FormatRat(value, 2)
}
