package site

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/serve/ratelimit"
)

// homePage lists the open campaigns.
type homePage struct {
	Campaigns []campaign.Campaign
}

// showHome lists the open campaigns. If only one is open, it shows that campaign's page. If
// none is open, it shows free play.
func (s *Site) showHome(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.Campaigns == nil {
		return s.showFreePlay(w, r)
	}
	list, _, err := s.cfg.Campaigns.Campaigns(r.Context(), campaign.CampaignQuery{Paging: campaign.Paging{Limit: campaign.MaxPage}, State: campaign.Open})
	if err != nil {
		return err
	}
	open := slices.DeleteFunc(list, func(c campaign.Campaign) bool {
		return errors.Is(c.Playable(s.cfg.Now()), campaign.ErrEnded)
	})
	switch len(open) {
	case 0:
		return s.showFreePlay(w, r)
	case 1:
		return s.showPlayPage(w, r, http.StatusOK, playPage{}, open[0].Name)
	}
	return s.pages.show(w, r, http.StatusOK, "campaigns", "Play", homePage{open})
}

// campaignsPage is a page of the list of all campaigns, including closed ones.
type campaignsPage struct {
	Campaigns []campaign.Campaign
	Next      string // cursor for the next page; empty if this is the last page
	Older     bool   // whether this is not the first page
}

func (s *Site) showCampaigns(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.Campaigns == nil {
		return errNoPage
	}
	before := r.URL.Query().Get("before")
	list, next, err := s.cfg.Campaigns.Campaigns(r.Context(), campaign.CampaignQuery{Paging: campaign.Paging{Cursor: before}})
	if err != nil {
		return err
	}
	return s.pages.show(w, r, http.StatusOK, "campaigns-all", "Campaigns", campaignsPage{list, next, before != ""})
}

// campaign returns the campaign named in the path.
func (s *Site) campaign(r *http.Request) (campaign.Campaign, error) {
	if s.cfg.Campaigns == nil {
		return campaign.Campaign{}, errNoPage
	}
	return s.cfg.Campaigns.Campaign(r.Context(), r.PathValue("campaign"))
}

// playPage is the page of a campaign with the form to play.
type playPage struct {
	Campaign        campaign.Campaign
	campaign.Person // as filled in
	fieldError
	Once   string         // the once-only key of the form
	Played *campaign.Draw // the draw that was made with the visitor's key; nil if none was
	Closed string         // why nobody can play now; empty if people can play
}

// fieldError describes an invalid value in a form.
type fieldError struct {
	Field   string // name of the field; empty for the form as a whole
	Problem string // empty if there is no error
}

func (s *Site) showPlay(w http.ResponseWriter, r *http.Request) error {
	return s.showPlayPage(w, r, http.StatusOK, playPage{}, r.PathValue("campaign"))
}

// showPlayPage adds a campaign and the visitor's once-only key to page, and shows it.
func (s *Site) showPlayPage(w http.ResponseWriter, r *http.Request, status int, page playPage, name string) error {
	if s.cfg.Campaigns == nil {
		return errNoPage
	}
	var err error
	if page.Campaign, err = s.cfg.Campaigns.Campaign(r.Context(), name); err != nil {
		return err
	}
	page.Closed = whyClosed(&page.Campaign, s.cfg.Now())
	page.Once = onceCookie(r, name)
	if page.Once == "" {
		page.Once = newOnce()
		setOnceCookie(w, r, name, page.Once)
	} else if played, err := s.cfg.Campaigns.PlayOfKey(r.Context(), page.Once); err == nil && played.Campaign == name {
		page.Played = &played
	} else if err != nil && !errors.Is(err, campaign.ErrNotFound) {
		return err
	}
	return s.pages.show(w, r, status, "play", page.Campaign.Title, page)
}

// whyClosed returns the reason why nobody can play in a campaign now, or "" if people can
// play.
func whyClosed(c *campaign.Campaign, now time.Time) string {
	err := c.Playable(now)
	opens, ended := c.OpensAt, c.ClosesAt
	if c.State == campaign.Closed {
		ended = c.ClosedAt
	}
	switch {
	case err == nil:
		return ""
	case errors.Is(err, campaign.ErrEnded) && ended != nil:
		return fmt.Sprintf("“%s” ended on %s.", c.Title, when(*ended, now))
	case errors.Is(err, campaign.ErrNotOpen) && opens != nil:
		return fmt.Sprintf("“%s” opens on %s.", c.Title, when(*opens, now))
	}
	return visitorMessage(err)
}

// onceName is the name of the form field with the visitor's once-only key. The key is also
// in a cookie, which all tabs share. Browsers without cookies still send the form field.
const onceName = "once"

func newOnce() string { return strings.ToLower(rand.Text()) }

// isOnce reports whether text has the form of a key from newOnce.
func isOnce(text string) bool {
	return len(text) == len(newOnce()) && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// onceCookie returns the visitor's once-only key for a campaign, or "" if there is none.
func onceCookie(r *http.Request, campaignName string) string {
	if once := cookieOf(r, onceName+"-"+campaignName); isOnce(once) {
		return once
	}
	return ""
}

// onceDays is how many days a browser keeps a once-only key.
const onceDays = 400

func setOnceCookie(w http.ResponseWriter, r *http.Request, campaignName, once string) {
	setCookie(w, r, &http.Cookie{Name: onceName + "-" + campaignName, Value: once, Path: "/", MaxAge: onceDays * 24 * 60 * 60})
}

// play makes the visitor's draw and redirects to its page. If the key has been used before,
// it redirects to the earlier draw, unless somebody else made it.
func (s *Site) play(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.Campaigns == nil {
		return errNoPage
	}
	name := r.PathValue("campaign")
	person, err := readPerson(r)
	if err != nil {
		return err
	}
	once := r.PostFormValue(onceName)
	if !isOnce(once) {
		if once = onceCookie(r, name); once == "" {
			return s.showPlayPage(w, r, http.StatusUnprocessableEntity, playPage{Person: person}, name)
		}
	}
	var d campaign.Draw
	err = s.cfg.Limits.Play(r.Context(), ratelimit.AddrOf(r), name, func() (err error) {
		d, err = s.cfg.Campaigns.Play(r.Context(), campaign.Play{Campaign: name, Person: &person, Key: once, FromSite: true})
		return err
	})
	var invalid *campaign.FieldError
	var limited *ratelimit.Refusal
	switch {
	case errors.As(err, &limited):
		setRetryAfter(w, limited)
		page := playPage{Person: person, fieldError: fieldError{Problem: "Too many people are playing at the moment. Wait " + limited.Delay() + ", then press Play again."}}
		return s.showPlayPage(w, r, http.StatusTooManyRequests, page, name)
	case errors.As(err, &invalid):
		page := playPage{Person: person, fieldError: fieldError{invalid.Field, sentence(invalid.Err.Error())}}
		return s.showPlayPage(w, r, http.StatusUnprocessableEntity, page, name)
	case err != nil:
		return err
	}
	http.Redirect(w, r, "/d/"+d.ID, http.StatusSeeOther)
	return nil
}

// readPerson reads a person from a form.
func readPerson(r *http.Request) (campaign.Person, error) {
	if err := r.ParseForm(); err != nil {
		return campaign.Person{}, errors.Join(errForm, err)
	}
	return campaign.Person{FirstName: r.PostFormValue("first_name"), LastName: r.PostFormValue("last_name"), Email: r.PostFormValue("email")}, nil
}

// playAgain replaces the visitor's once-only key, so that the visitor or somebody else
// can play again.
func (s *Site) playAgain(w http.ResponseWriter, r *http.Request) error {
	c, err := s.campaign(r)
	if err != nil {
		return err
	}
	setOnceCookie(w, r, c.Name, newOnce())
	http.Redirect(w, r, "/c/"+c.Name, http.StatusSeeOther)
	return nil
}

// resultPage shows a visitor's own draw.
type resultPage struct {
	Draw     campaign.Draw
	Campaign campaign.Campaign
	Chances  []chance // chances of the draw's account number
}

func (s *Site) showResult(w http.ResponseWriter, r *http.Request) error {
	if s.cfg.Campaigns == nil {
		return errNoPage
	}
	ctx := r.Context()
	d, err := s.cfg.Campaigns.Draw(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	c, err := s.cfg.Campaigns.Campaign(ctx, d.Campaign)
	if err != nil {
		return err
	}
	odds, err := s.cfg.Campaigns.AccountOdds(ctx, d.Campaign, d.Whole)
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
	return s.pages.show(w, r, http.StatusOK, "result", title, resultPage{d, c, chances(odds)})
}
