package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// growthStored measures how the times of a play and of the site's pages change as the
// number of stored draws grows.
func growthStored(ctx context.Context, l *lab) (section, error) {
	most := int64(1_000_000)
	switch {
	case l.long:
		most = 10_000_000
	case l.quick:
		most = 100_000
	}
	file := l.file("stored.db")
	var lines []line
	t := table{columns: []string{"request"}}
	for rows := int64(1000); rows <= most; rows *= 10 {
		middle, err := fill(ctx, file, rows)
		if err != nil {
			return section{}, err
		}
		took, err := l.visit(ctx, file, middle)
		if err != nil {
			return section{}, fmt.Errorf("with %d draws: %w", rows, err)
		}
		t.columns = append(t.columns, group(float64(rows)))
		for i, v := range took {
			if len(lines) <= i {
				lines = append(lines, line{name: v.name})
				t.rows = append(t.rows, []string{v.name})
			}
			lines[i].points = append(lines[i].points, point{float64(rows), v.millis})
			t.rows[i] = append(t.rows[i], figure(v.millis))
		}
	}
	return section{
		title:  "Growing number of stored draws",
		about:  "This section measures a play and several pages of the site, which are requested over one connection. `prizegen serve` uses SQLite, and its campaign has a different entrant for each draw. The table shows the median time of sequential requests in ms, by the number of stored draws.",
		tables: []table{t},
		charts: []lineChart{{title: "A play and pages by stored draws", x: "draws stored", y: "ms", lines: lines}},
	}, nil
}

// filled is the name of the campaign to play in; load.lua contains the same name.
const filled = "welcome"

// fill makes draws until the database file contains the given number. It returns a draw
// from the middle.
func fill(ctx context.Context, file string, rows int64) (campaign.Draw, error) {
	p, err := openPromotion(ctx, file, filled, 1024) // large batches, because nobody is waiting
	if err != nil {
		return campaign.Draw{}, err
	}
	defer p.close()
	c, err := p.Campaign(ctx, filled)
	if err != nil {
		return campaign.Draw{}, err
	}
	var next atomic.Int64
	next.Store(c.Plays)
	var running sync.WaitGroup
	errs := make([]error, 2000)
	for i := range errs {
		running.Go(func() {
			for n := next.Add(1); n <= rows && errs[i] == nil; n = next.Add(1) {
				errs[i] = p.play(ctx, fmt.Sprint("fill-", n))
			}
		})
	}
	running.Wait()
	if err := errors.Join(errs...); err != nil {
		return campaign.Draw{}, err
	}
	draws, _, err := p.Draws(ctx, campaign.DrawQuery{Paging: campaign.Paging{Cursor: strconv.FormatInt(rows/2, 10), Limit: 1}, Campaign: filled})
	if err == nil && len(draws) == 0 {
		err = errors.New("no draw in the middle")
	}
	if err != nil {
		return campaign.Draw{}, err
	}
	return draws[0], nil
}

// visited is the median time for a page.
type visited struct {
	name   string
	millis float64
}

// visit measures a play, and then several pages one after the other.
func (l *lab) visit(ctx context.Context, file string, middle campaign.Draw) ([]visited, error) {
	core, err := l.startOurs(ctx, "all", "--db", file)
	if err != nil {
		return nil, err
	}
	defer core.stop()
	v := &visitor{url: core.url}
	if err := v.login(ctx); err != nil {
		return nil, err
	}
	draws := "/admin/campaigns/" + filled + "/draws"
	all := []visited{{name: "play"}}
	took, err := v.typical(func() error { return v.play(ctx, l.mark()) })
	if err != nil {
		return nil, err
	}
	all[0].millis = took
	for _, page := range []struct{ name, path string }{
		{"campaign", "/c/" + filled},
		{"result", "/d/" + middle.ID},
		{"winners", "/c/" + filled + "/winners"},
		{"fairness", "/c/" + filled + "/fairness"},
		{"live", "/c/" + filled + "/live"},
		{"admin: draws", draws},
		{"admin: draws, middle", draws + "?cursor=" + strconv.FormatUint(middle.Index, 10)},
		{"admin: draws, account", draws + "?account=" + middle.Whole},
		{"admin: draws, rare prize", draws + "?prize=" + url.QueryEscape("£100.00")},
		{"admin: entrants, search", "/admin/entrants?search=" + url.QueryEscape("lee fill-77")},
	} {
		took, err := v.typical(func() error { return v.get(ctx, page.path) })
		if err != nil {
			return nil, fmt.Errorf("%s: %w", page.path, err)
		}
		all = append(all, visited{page.name, took})
	}
	return all, nil
}

// visitor sends requests to a core on one connection.
type visitor struct {
	url, cookie string
}

// typical calls send repeatedly. It returns the median time of a call in milliseconds.
func (v *visitor) typical(send func() error) (float64, error) {
	var took []float64
	for range 100 {
		started := time.Now()
		if err := send(); err != nil {
			return 0, err
		}
		took = append(took, millis(time.Since(started)))
	}
	return median(took), nil
}

func (v *visitor) login(ctx context.Context) error {
	form := strings.NewReader(url.Values{"password": {adminPassword}}.Encode())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, v.url+"/admin/login", form)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if len(response.Cookies()) == 0 {
		return fmt.Errorf("log in: %s", response.Status)
	}
	v.cookie = response.Cookies()[0].Name + "=" + response.Cookies()[0].Value
	return nil
}

func (v *visitor) get(ctx context.Context, path string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, v.url+path, http.NoBody)
	if err != nil {
		return err
	}
	request.Header.Set("Cookie", v.cookie)
	return v.do(request, http.StatusOK)
}

func (v *visitor) play(ctx context.Context, key string) error {
	body := fmt.Sprintf(`{"campaign":%q,"entrant":{"first_name":"Ann","last_name":"Lee %s"}}`, filled, key)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, v.url+"/v1/draws", strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", key)
	return v.do(request, http.StatusCreated)
}

func (v *visitor) do(request *http.Request, want int) error {
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != want {
		err = fmt.Errorf("%s: %.200s", response.Status, text)
	}
	return errors.Join(err, response.Body.Close())
}
