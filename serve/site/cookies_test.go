package site_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// TestCookiesOfThisHost checks that cookies over HTTPS begin with __Host- and have what this
// requires, and that cookies over HTTP do not.
func TestCookiesOfThisHost(t *testing.T) {
	s := newServer(t)
	s.openCampaign(t, campaign.Plan{Name: "summer"})
	for scheme, prefix := range map[string]string{"https": "__Host-", "http": ""} {
		v := s.visitor(t)
		v.header.Set("X-Forwarded-Proto", scheme)
		for _, p := range []page{v.get("/c/summer"), v.post("/c/summer/again"), v.post("/admin/login", "password", adminPassword)} {
			cookies := p.Cookies()
			if len(cookies) != 1 {
				t.Errorf("%s over %s: got cookies %v, want one", p.Request.URL, scheme, cookies)
				continue
			}
			c := cookies[0]
			if name, isHost := strings.CutPrefix(c.Name, "__Host-"); isHost != (prefix != "") || name != "once-summer" && name != "prizegen-admin" {
				t.Errorf("%s over %s: got the cookie name %q, want it to begin with %q", p.Request.URL, scheme, c.Name, prefix)
			}
			if prefix != "" && (!c.Secure || c.Path != "/" || c.Domain != "") || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
				t.Errorf("%s over %s: got cookie %v, want it secure, with path / and without a domain", p.Request.URL, scheme, c)
			}
		}
	}
}

// TestPlantedKey plants a once-only key in the cookies of a visitor over HTTPS, as another
// host of the domain or somebody on the network can. It checks that the visitor does not play
// with it, because the attacker, who knows the key, would see the draw.
func TestPlantedKey(t *testing.T) {
	s := newServer(t)
	s.openCampaign(t, campaign.Plan{Name: "summer"})
	const planted = "aaaaaaaaaaaaaaaaaaaaaaaaaa"
	victim := s.visitor(t)
	victim.header.Set("X-Forwarded-Proto", "https")
	victim.header.Set("Cookie", "once-summer="+planted)
	if p := victim.get("/c/summer"); strings.Contains(p.text, planted) || len(p.Cookies()) != 1 {
		t.Errorf("page with a planted cookie: got cookies %v and page %s, want a new key", p.Cookies(), p.text)
	}
	victim.post("/c/summer/play", ann()...)
	attacker := s.visitor(t)
	attacker.header.Set("X-Forwarded-Proto", "https")
	attacker.header.Set("Cookie", "once-summer="+planted+"; __Host-once-summer="+planted)
	if p := attacker.get("/c/summer"); strings.Contains(p.text, "/d/") || strings.Contains(p.text, "You have played") {
		t.Errorf("page with the planted key after the victim's play: got %s, want no draw", p.text)
	}
}

// TestKeyOfSomebodyElse checks that a visitor who sends the used key of another visitor, but
// other details, does not learn the other's draw.
func TestKeyOfSomebodyElse(t *testing.T) {
	s := newServer(t)
	s.openCampaign(t, campaign.Plan{Name: "summer"})
	const once = "bbbbbbbbbbbbbbbbbbbbbbbbbb"
	form := append([]string{"once", once}, ann()...)
	first := s.visitor(t).post("/c/summer/play", form...)
	where := first.Header.Get("Location")
	if first.StatusCode != http.StatusSeeOther || where == "" {
		t.Fatalf("play: got %s, want a redirect to the draw", first.Status)
	}
	other := s.visitor(t).post("/c/summer/play", "once", once, "first_name", "Mallory", "last_name", "Moe")
	if other.StatusCode != http.StatusConflict || strings.Contains(other.text, where) || strings.Contains(other.text, s.draws(t, "summer")[0].Whole) {
		t.Errorf("the same key with other names: got %s to %q with %s, want 409 without the draw", other.Status, other.Header.Get("Location"), other.text)
	}
	if again := s.visitor(t).post("/c/summer/play", form...); again.Header.Get("Location") != where {
		t.Errorf("the same form again: got %s to %q, want a redirect to %s", again.Status, again.Header.Get("Location"), where)
	}
}
