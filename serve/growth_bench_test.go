package serve_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/store/storetest"
	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/servertest"
)

// rowsVariable is the name of the environment variable for the number of draws in the large
// database.
const rowsVariable = "PRIZEGEN_BENCH_ROWS"

// BenchmarkGrowth makes plays and requests each page of the site, with 1,000 stored draws
// and with PRIZEGEN_BENCH_ROWS draws (100,000 by default; three million in make soak). The
// times should not grow with the number of draws.
func BenchmarkGrowth(b *testing.B) {
	many := 100_000
	if text := os.Getenv(rowsVariable); text != "" {
		var err error
		if many, err = strconv.Atoi(text); err != nil {
			b.Fatal(rowsVariable, ": ", err)
		}
	}
	for _, store := range benchStores {
		for _, rows := range []int{1000, many} {
			b.Run(fmt.Sprintf("%s/rows=%d", store.name, rows), func(b *testing.B) {
				benchmarkGrown(b, store.address(b), int64(rows))
			})
		}
	}
}

func benchmarkGrown(b *testing.B, address string, rows int64) {
	db := storetest.Open(b, address)
	s := servertest.Start(b, serve.All, servertest.Quiet, func(c *serve.Config) {
		c.Store, c.Access, c.Sessions, c.AdminToken, c.AdminPassword = db, db.Access(), db.Sessions(), servertest.Token, benchPassword
	})
	s.OpenCampaign(b, "bench")
	middle := fill(b, campaign.New(campaign.Config{Store: db, Generator: draw.Local{}}).Admin("bench"), rows)
	cookie := "Cookie: " + login(b, s) + "\r\n"
	v, err := newVisitor(b.Context(), s)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = v.Close() })
	b.Run("play", func(b *testing.B) {
		for b.Loop() {
			rows++
			if err := v.play("bench", rows); err != nil {
				b.Fatal(err)
			}
		}
	})
	draws := "/admin/campaigns/bench/draws"
	for _, page := range []struct{ name, path string }{
		{"campaign", "/c/bench"},
		{"result", "/d/" + middle.ID},
		{"winners", "/c/bench/winners"},
		{"odds", "/c/bench/odds"},
		{"fairness", "/c/bench/fairness"},
		{"live", "/c/bench/live"},
		{"admin-campaign", "/admin/campaigns/bench"},
		{"admin-draws", draws},
		{"admin-draws-middle", draws + "?cursor=" + strconv.FormatUint(middle.Index, 10)},
		{"admin-draws-account", draws + "?account=" + middle.Whole},
		{"admin-draws-prefix", draws + "?account=" + middle.Whole[:2]},
		{"admin-draws-prize", draws + "?prize=" + url.QueryEscape(rarest)},
		{"admin-draws-unclaimed", draws + "?status=unclaimed"},
		{"admin-draws-claimed", draws + "?status=claimed"},
		{"admin-draws-voided", draws + "?status=voided"},
		{"admin-entrants", "/admin/entrants"},
		{"admin-entrants-search", "/admin/entrants?search=" + url.QueryEscape("lee 77")},
		{"admin-changes", "/admin/changes"},
	} {
		b.Run(page.name, func(b *testing.B) {
			for b.Loop() {
				if err := v.get(page.path, cookie); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// rarest is the prize with the lowest chance.
const rarest = "£100.00"

// fill makes the given number of draws. It returns one from the middle.
func fill(b *testing.B, p *campaign.Admin, rows int64) campaign.Draw {
	b.Helper()
	var next atomic.Int64
	each(b, 512, func() error {
		for n := next.Add(1); n <= rows; n = next.Add(1) {
			if _, err := p.Play(b.Context(), campaign.Play{
				Campaign: "bench", Key: fmt.Sprint("fill-", n), Person: &campaign.Person{FirstName: "Ann", LastName: fmt.Sprint("Lee ", n)},
			}); err != nil {
				return err
			}
		}
		return nil
	})
	draws, _, err := p.Draws(b.Context(), campaign.DrawQuery{Paging: campaign.Paging{Cursor: strconv.FormatInt(rows/2, 10), Limit: 1}, Campaign: "bench"})
	if err != nil || len(draws) != 1 {
		b.Fatalf("draw from the middle: got %v, error %v; want one draw", draws, err)
	}
	return draws[0]
}

const benchPassword = "a password for benchmarks"

// login logs in and returns the administrator's session cookie.
func login(b *testing.B, s *servertest.Server) string {
	b.Helper()
	form := url.Values{"password": {benchPassword}}.Encode()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.URL+"/admin/login", strings.NewReader(form))
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	if len(answer.Cookies()) == 0 {
		b.Fatalf("log in: got %s without a cookie, want a session cookie", answer.Status)
	}
	cookie := answer.Cookies()[0]
	return cookie.Name + "=" + cookie.Value
}
