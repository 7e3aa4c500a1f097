package site

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/remote"
)

// home is the list of open campaigns, the page of the only one, or free play.
func (s *Site) home(w http.ResponseWriter, r *http.Request) error {
	open, err := s.open(r.Context())
	if err != nil {
		return err
	}
	switch len(open) {
	case 0:
		return s.tryFresh(w, r)
	case 1:
		return s.showPlay(w, r, http.StatusOK, open[0].Name, &form{})
	}
	return s.show(w, r, http.StatusOK, "campaigns", "Play", open)
}

// open lists the campaigns that are open. Without campaigns there are none.
func (s *Site) open(ctx context.Context) ([]campaign.Campaign, error) {
	if s.cfg.Campaigns == nil {
		return nil, nil
	}
	list, _, err := s.cfg.Campaigns.Campaigns(ctx, campaign.CampaignQuery{Paging: campaign.Paging{Limit: campaign.MaxPage}, State: campaign.Open})
	return slices.DeleteFunc(list, func(c campaign.Campaign) bool {
		return errors.Is(c.Playable(s.cfg.Now()), campaign.ErrEnded)
	}), err
}

// pastView is a list of campaigns, and where it goes on.
type pastView struct {
	remote.CampaignPage
	Older bool // whether it is not the first page
}

// campaigns lists all that are public, those that have ended included: what they gave
// stays for everybody to check.
func (s *Site) campaigns(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.Campaigns == nil {
		return errNoPage
	}
	before := r.URL.Query().Get("before")
	list, next, err := s.cfg.Campaigns.Campaigns(r.Context(), campaign.CampaignQuery{Paging: campaign.Paging{Cursor: before}})
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, "campaigns-all", "Campaigns", pastView{remote.CampaignPage{Campaigns: list, Next: next}, before != ""})
}

// form is what a visitor filled in, and what is wrong with it.
type form struct {
	campaign.Person
	Field, Problem string // the field that is wrong, empty for none
}

// playView is the page of a campaign.
type playView struct {
	Campaign campaign.Campaign
	Form     *form
	Once     string         // the once-only key of the form
	Played   *campaign.Draw // what the visitor's key was used for already, nil for nothing
	Closed   string         // why nobody can play now, empty where they can
}

func (s *Site) playPage(w http.ResponseWriter, r *http.Request) error {
	return s.showPlay(w, r, http.StatusOK, r.PathValue("campaign"), &form{})
}

func (s *Site) showPlay(w http.ResponseWriter, r *http.Request, status int, name string, f *form) error {
	c, err := s.campaign(r.Context(), name)
	if err != nil {
		return err
	}
	v := playView{Campaign: c, Form: f}
	if err := c.Playable(s.cfg.Now()); err != nil {
		v.Closed = sentence(err.Error())
	}
	v.Once = onceCookie(r, name)
	if v.Once == "" {
		v.Once = newOnce()
		setOnce(w, r, name, v.Once)
	} else if played, err := s.cfg.Campaigns.PlayOfKey(r.Context(), keyOf(v.Once)); err == nil && played.Campaign == name {
		v.Played = &played
	} else if err != nil && !errors.Is(err, campaign.ErrNotFound) {
		return err
	}
	return s.show(w, r, status, "play", c.Title, v)
}

func (s *Site) campaign(ctx context.Context, name string) (campaign.Campaign, error) {
	if s.cfg.Campaigns == nil {
		return campaign.Campaign{}, errNoPage
	}
	return s.cfg.Campaigns.Campaign(ctx, name)
}

// The once-only key of a visitor lives in a cookie of the campaign's pages and in the
// form: all tabs share it, and without cookies the form still has it.
const onceName = "once"

func newOnce() string { return strings.ToLower(rand.Text()) }

// keyOf keeps the keys of visitors apart from those of the API.
func keyOf(once string) string { return "site " + once }

func isOnce(text string) bool {
	return len(text) == len(newOnce()) && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

func onceCookie(r *http.Request, name string) string {
	cookie, err := r.Cookie(onceName + "-" + name)
	if err != nil || !isOnce(cookie.Value) {
		return ""
	}
	return cookie.Value
}

// onceDays is how long a browser keeps a key.
const onceDays = 400

func setOnce(w http.ResponseWriter, r *http.Request, name, once string) {
	http.SetCookie(w, &http.Cookie{
		Name: onceName + "-" + name, Value: once, Path: "/", MaxAge: onceDays * 24 * 60 * 60,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: isSecure(r),
	})
}

// isSecure says whether a visitor came by HTTPS. The server in front of the site
// leaves the header only where it comes from a proxy that is trusted.
func isSecure(r *http.Request) bool {
	return r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"
}

// play makes the draw and leads to its page.
func (s *Site) play(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("campaign")
	if s.cfg.Campaigns == nil {
		return errNoPage
	}
	if err := r.ParseForm(); err != nil {
		return errors.Join(errForm, err)
	}
	f := &form{Person: campaign.Person{FirstName: r.PostFormValue("first_name"), LastName: r.PostFormValue("last_name"), Email: r.PostFormValue("email")}}
	once := r.PostFormValue(onceName)
	if !isOnce(once) {
		if once = onceCookie(r, name); once == "" {
			return s.showPlay(w, r, http.StatusUnprocessableEntity, name, f)
		}
	}
	d, err := s.cfg.Campaigns.Play(r.Context(), campaign.Play{Campaign: name, Person: &f.Person, Key: keyOf(once)})
	var wrong *campaign.FieldError
	switch {
	case errors.Is(err, campaign.ErrKeyReused):
		if d, err = s.cfg.Campaigns.PlayOfKey(r.Context(), keyOf(once)); err != nil {
			return err
		}
	case errors.As(err, &wrong):
		f.Field, f.Problem = wrong.Field, sentence(wrong.Err.Error())
		return s.showPlay(w, r, http.StatusUnprocessableEntity, name, f)
	case err != nil:
		return err
	}
	http.Redirect(w, r, "/d/"+d.ID, http.StatusSeeOther)
	return nil
}

// again gives the visitor a new key, for another play or another person.
func (s *Site) again(w http.ResponseWriter, r *http.Request) error {
	c, err := s.campaign(r.Context(), r.PathValue("campaign"))
	if err != nil {
		return err
	}
	setOnce(w, r, c.Name, newOnce())
	http.Redirect(w, r, "/c/"+c.Name, http.StatusSeeOther)
	return nil
}

// resultView is a visitor's own page.
type resultView struct {
	Draw     campaign.Draw
	Campaign campaign.Campaign
	Chances  []chance
}

func (s *Site) result(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.Campaigns == nil {
		return errNoPage
	}
	d, err := s.cfg.Campaigns.Draw(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	c, err := s.cfg.Campaigns.Campaign(r.Context(), d.Campaign)
	if err != nil {
		return err
	}
	odds, err := s.cfg.Campaigns.AccountOdds(r.Context(), d.Campaign, d.Whole)
	if err != nil {
		return err
	}
	w.Header().Set("X-Robots-Tag", "noindex")
	title := "No prize this time"
	switch {
	case d.Void != nil:
		title = "This draw is void"
	case d.Prize != nil:
		title = "You won " + d.Prize.Name
	}
	return s.show(w, r, http.StatusOK, "result", title, resultView{d, c, chances(odds)})
}
