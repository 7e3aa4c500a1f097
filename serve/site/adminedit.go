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

// editView is the form of a campaign: what was filled in, what is wrong with it, and
// the odds that it would have.
type editView struct {
	New      bool
	State    campaign.State
	Version  int64
	Plan     campaign.Plan
	Opens    string // as the browser writes times
	Closes   string
	MaxPlays string

	Field, Problem string          // of what is wrong
	Mistakes       []prize.Mistake // in the rules
	Chances        []chance        // exact odds, where they were asked for
	Win            chance
	Cost           string // expected, a draw
	Unfit          string // why it could not be opened so
}

// inputTime is how browsers write times in forms:
// https://html.spec.whatwg.org/#local-date-and-time-state-(type=datetime-local).
const inputTime = "2006-01-02T15:04:05"

func inputText(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.UTC().Format(inputTime)
}

// newEditView is the form of a campaign as it stands.
func newEditView(c *campaign.Campaign) *editView {
	v := &editView{State: c.State, Version: c.Version, Plan: c.Plan(), Opens: inputText(c.OpensAt), Closes: inputText(c.ClosesAt)}
	if c.MaxPlays > 0 {
		v.MaxPlays = strconv.FormatInt(c.MaxPlays, 10)
	}
	return v
}

// newCampaign is an empty form, with the deployed rules and formats filled in.
func (s *Site) newCampaign(w http.ResponseWriter, r *http.Request) error {
	text, number, rules, err := s.cfg.Free.Deployed(r.Context())
	if err != nil {
		return err
	}
	v := &editView{New: true, State: campaign.Draft, Plan: campaign.Plan{TextFormat: text.String(), NumberFormat: number.String(), RulesYAML: string(rules.Source())}}
	return s.showEdit(w, r, http.StatusOK, v)
}

func (s *Site) showEdit(w http.ResponseWriter, r *http.Request, status int, v *editView) error {
	title := "New campaign"
	if !v.New {
		title = "Edit " + v.Plan.Name
	}
	return s.showAdmin(w, r, status, "edit", title, v)
}

func (s *Site) editPage(w http.ResponseWriter, r *http.Request) error {
	c, err := s.admin.campaigns.Campaign(r.Context(), r.PathValue("campaign"))
	if err != nil {
		return err
	}
	return s.showEdit(w, r, http.StatusOK, newEditView(&c))
}

func (s *Site) createCampaign(w http.ResponseWriter, r *http.Request) error {
	v := &editView{New: true, State: campaign.Draft}
	if err := v.read(r); err != nil {
		return s.refuseEdit(w, r, v, err)
	}
	if r.PostFormValue("preview") != "" {
		return s.preview(w, r, v)
	}
	c, err := s.admin.campaigns.Create(r.Context(), v.Plan)
	if err != nil {
		return s.refuseEdit(w, r, v, err)
	}
	return s.done(w, r, "/admin/campaigns/"+c.Name, "The draft was made. Open it when it is ready.")
}

func (s *Site) editCampaign(w http.ResponseWriter, r *http.Request) error {
	c, err := s.admin.campaigns.Campaign(r.Context(), r.PathValue("campaign"))
	if err != nil {
		return err
	}
	v := newEditView(&c)
	if err := v.read(r); err != nil {
		return s.refuseEdit(w, r, v, err)
	}
	if r.PostFormValue("preview") != "" {
		return s.preview(w, r, v)
	}
	if _, err := s.admin.campaigns.Edit(r.Context(), c.Name, v.Version, v.Plan); err != nil {
		return s.refuseEdit(w, r, v, err)
	}
	return s.done(w, r, "/admin/campaigns/"+c.Name, "The campaign was saved.")
}

// read takes up what was filled in. What can't be changed any more stays.
func (v *editView) read(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errors.Join(errForm, err)
	}
	if v.New {
		v.Plan.Name = strings.TrimSpace(r.PostFormValue("name"))
	} else if version, err := strconv.ParseInt(r.PostFormValue("version"), 10, 64); err == nil {
		v.Version = version
	}
	v.Plan.Title = r.PostFormValue("title")
	var errs []error
	if v.State == campaign.Draft {
		v.Plan.TextFormat, v.Plan.NumberFormat = r.PostFormValue("text_format"), r.PostFormValue("number_format")
		v.Plan.RulesYAML = strings.ReplaceAll(r.PostFormValue("rules_yaml"), "\r\n", "\n") // browsers send lines so
		v.Plan.RequireEmail = r.PostFormValue("require_email") != ""
		v.Opens = r.PostFormValue("opens_at")
		var err error
		v.Plan.OpensAt, err = readTime("opens_at", v.Opens, v.Plan.OpensAt)
		errs = append(errs, err)
	}
	if v.State != campaign.Closed {
		v.Closes, v.MaxPlays = r.PostFormValue("closes_at"), strings.TrimSpace(r.PostFormValue("max_plays"))
		var err error
		v.Plan.ClosesAt, err = readTime("closes_at", v.Closes, v.Plan.ClosesAt)
		errs = append(errs, err)
		v.Plan.MaxPlays = 0
		if v.MaxPlays != "" {
			if v.Plan.MaxPlays, err = strconv.ParseInt(v.MaxPlays, 10, 64); err != nil {
				errs = append(errs, &campaign.FieldError{Field: "max_plays", Err: campaign.Errorf(campaign.ErrInvalid, "expected a whole number, or nothing for any number of plays")})
			}
		}
	}
	return errors.Join(errs...)
}

// readTime reads a time of a form. Where the form still says what it was given, the
// time is what it was, to the fraction of a second that forms have no place for.
func readTime(field, text string, was *time.Time) (*time.Time, error) {
	switch text {
	case "":
		return nil, nil
	case inputText(was):
		return was, nil
	}
	for _, layout := range []string{inputTime, "2006-01-02T15:04"} {
		if at, err := time.Parse(layout, text); err == nil {
			return &at, nil
		}
	}
	return nil, &campaign.FieldError{Field: field, Err: campaign.Errorf(campaign.ErrInvalid, "expected a time such as 2026-07-01T12:00")}
}

// refuseEdit shows what is wrong with what was filled in.
func (s *Site) refuseEdit(w http.ResponseWriter, r *http.Request, v *editView, err error) error {
	var file *prize.FileError
	var ok bool
	if errors.As(err, &file) {
		v.Mistakes, v.Field = file.Mistakes, "rules_yaml"
	} else if v.Field, v.Problem, ok = wrongField(err); !ok {
		return err
	}
	if errors.Is(err, campaign.ErrExists) {
		v.Field = "name"
	}
	return s.showEdit(w, r, http.StatusUnprocessableEntity, v)
}

// preview shows the exact odds of what was filled in, and saves nothing.
func (s *Site) preview(w http.ResponseWriter, r *http.Request, v *editView) error {
	plan := v.Plan
	if v.New && plan.Name == "" {
		plan.Name = "unnamed"
	}
	odds, unfit, err := plan.Preview()
	if err != nil {
		return s.refuseEdit(w, r, v, err)
	}
	v.Chances = chances(odds)
	v.Win = winning(odds)
	v.Cost = expected(odds)
	if _, problem, ok := wrongField(unfit); ok {
		v.Unfit = problem
	}
	return s.showEdit(w, r, http.StatusOK, v)
}

// expected is what a draw costs on average.
func expected(odds draw.Odds) string {
	value, ok := new(big.Rat).SetString(odds.ExpectedValue)
	currency, err := prize.ParseCurrency(odds.Currency)
	if !ok || err != nil {
		return odds.ExpectedValue
	}
	return currency.FormatRat(value, 2)
}
