package remote

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/wire"
)

// Admin does over HTTP what [campaign.Admin] does in process, with the same errors.
type Admin struct {
	core  *service
	token string
}

// Admin returns an Admin for the campaigns of the core service. token is a promoter's
// API token. Without a token, the core allows only the calls of [campaign.Service]; all
// others return an error that wraps [wire.ErrForbidden].
func (c *Client) Admin(token string) *Admin { return &Admin{c.core, token} }

// call returns a call with the token. Only GET calls are retried.
func (a *Admin) call(method, path string, query url.Values, body any) call {
	c := call{method: method, path: path, query: query, body: body, once: method != http.MethodGet, header: map[string]string{}}
	if a.token != "" {
		c.header["Authorization"] = "Bearer " + a.token
	}
	return c
}

// ask makes a call and decodes the response.
func ask[T any](ctx context.Context, a *Admin, method, path string, query url.Values, body any) (answer T, err error) {
	return answer, a.core.read(ctx, a.call(method, path, query, body), &answer)
}

const (
	campaignsPath = "/v1/campaigns"
	drawsPath     = "/v1/draws"
	entrantsPath  = "/v1/entrants"
)

// itemPath returns the path of an item in a collection.
func itemPath(collection, name string) string { return collection + "/" + url.PathEscape(name) }

func entrantPath(id int64) string { return itemPath(entrantsPath, strconv.FormatInt(id, 10)) }

// Create is like [campaign.Admin.Create]. Rules and formats that the plan omits are the
// deployed ones.
func (a *Admin) Create(ctx context.Context, plan campaign.Plan) (campaign.Campaign, error) {
	return ask[campaign.Campaign](ctx, a, http.MethodPost, campaignsPath, nil, plan)
}

// Campaign is like [campaign.Admin.Campaign].
func (a *Admin) Campaign(ctx context.Context, name string) (campaign.Campaign, error) {
	return ask[campaign.Campaign](ctx, a, http.MethodGet, itemPath(campaignsPath, name), nil, nil)
}

// Campaigns is like [campaign.Admin.Campaigns].
func (a *Admin) Campaigns(ctx context.Context, query campaign.CampaignQuery) (list []campaign.Campaign, next string, err error) {
	q := pageQuery(query.Paging)
	setIf(q, "state", string(query.State))
	page, err := ask[wire.CampaignPage](ctx, a, http.MethodGet, campaignsPath, q, nil)
	return page.Campaigns, page.Next, err
}

// Edit is like [campaign.Admin.Edit].
func (a *Admin) Edit(ctx context.Context, name string, version int64, plan campaign.Plan) (campaign.Campaign, error) {
	return ask[campaign.Campaign](ctx, a, http.MethodPut, itemPath(campaignsPath, name), nil, wire.CampaignChange{Plan: plan, Version: version})
}

// Open is like [campaign.Admin.Open].
func (a *Admin) Open(ctx context.Context, name string) (campaign.Campaign, error) {
	return ask[campaign.Campaign](ctx, a, http.MethodPatch, itemPath(campaignsPath, name), nil, map[string]any{"state": campaign.Open})
}

// Close is like [campaign.Admin.Close].
func (a *Admin) Close(ctx context.Context, name string) (campaign.Campaign, error) {
	return ask[campaign.Campaign](ctx, a, http.MethodPatch, itemPath(campaignsPath, name), nil, map[string]any{"state": campaign.Closed})
}

// Delete is like [campaign.Admin.Delete].
func (a *Admin) Delete(ctx context.Context, name string) error {
	return a.core.read(ctx, a.call(http.MethodDelete, itemPath(campaignsPath, name), nil, nil), nil)
}

// Play is like [campaign.Admin.Play]. If the play has no once-only key, Play generates one,
// so that it can repeat the call if the response is lost.
func (a *Admin) Play(ctx context.Context, play campaign.Play) (d campaign.Draw, err error) {
	request := wire.DrawsRequest{Campaign: play.Campaign, Count: 1}
	if play.Person != nil || play.EntrantID != 0 {
		request.Entrant = &wire.Player{ID: play.EntrantID}
		if play.Person != nil {
			request.Entrant.Person = *play.Person
		}
	}
	c := a.call(http.MethodPost, drawsPath, nil, request)
	if play.Key == "" {
		play.Key = rand.Text()
	}
	c.once, c.header["Idempotency-Key"] = false, strconv.Quote(play.Key)
	return d, a.core.read(ctx, c, &d)
}

// Draw is like [campaign.Admin.Draw].
func (a *Admin) Draw(ctx context.Context, id string) (campaign.Draw, error) {
	return ask[campaign.Draw](ctx, a, http.MethodGet, itemPath(drawsPath, id), nil, nil)
}

// Draws is like [campaign.Admin.Draws].
func (a *Admin) Draws(ctx context.Context, query campaign.DrawQuery) (list []campaign.Draw, next string, err error) {
	q := pageQuery(query.Paging)
	q.Set("campaign", query.Campaign)
	setIf(q, "prize", query.Prize)
	setIf(q, "account", query.Account)
	setIf(q, "status", query.Status)
	if query.Entrant != 0 {
		q.Set("entrant", strconv.FormatInt(query.Entrant, 10))
	}
	for name, set := range map[string]bool{"oldest": query.Oldest, "won": query.Won} {
		if set {
			q.Set(name, "true")
		}
	}
	page, err := ask[wire.DrawPage](ctx, a, http.MethodGet, drawsPath, q, nil)
	return page.Draws, page.Next, err
}

// Claim is like [campaign.Admin.Claim].
func (a *Admin) Claim(ctx context.Context, id, note string) (campaign.Draw, error) {
	claim := true
	return ask[campaign.Draw](ctx, a, http.MethodPatch, itemPath(drawsPath, id), nil, wire.DrawChange{Claim: &claim, Note: note})
}

// Unclaim is like [campaign.Admin.Unclaim].
func (a *Admin) Unclaim(ctx context.Context, id string) (campaign.Draw, error) {
	claim := false
	return ask[campaign.Draw](ctx, a, http.MethodPatch, itemPath(drawsPath, id), nil, wire.DrawChange{Claim: &claim})
}

// Void is like [campaign.Admin.Void].
func (a *Admin) Void(ctx context.Context, id, reason string) (campaign.Draw, error) {
	return ask[campaign.Draw](ctx, a, http.MethodPatch, itemPath(drawsPath, id), nil, wire.DrawChange{Void: &reason})
}

// AddEntrant is like [campaign.Admin.AddEntrant].
func (a *Admin) AddEntrant(ctx context.Context, person campaign.Person) (campaign.Entrant, error) {
	return ask[campaign.Entrant](ctx, a, http.MethodPost, entrantsPath, nil, person)
}

// ImportEntrants is like [campaign.Admin.ImportEntrants].
func (a *Admin) ImportEntrants(ctx context.Context, people []campaign.Person) (added int, err error) {
	answer, err := ask[wire.ImportResponse](ctx, a, http.MethodPost, entrantsPath+"/import", nil, wire.ImportRequest{Entrants: people})
	if problem, ok := errors.AsType[*wire.Problem](err); ok {
		if bad := problem.BadPeople(); len(bad) > 0 {
			return 0, &campaign.ImportError{Bad: bad}
		}
	}
	return answer.Added, err
}

// Entrant is like [campaign.Admin.Entrant].
func (a *Admin) Entrant(ctx context.Context, id int64) (campaign.Entrant, error) {
	return ask[campaign.Entrant](ctx, a, http.MethodGet, entrantPath(id), nil, nil)
}

// Entrants is like [campaign.Admin.Entrants].
func (a *Admin) Entrants(ctx context.Context, query campaign.EntrantQuery) (list []campaign.Entrant, next string, err error) {
	q := pageQuery(query.Paging)
	setIf(q, "search", query.Search)
	page, err := ask[wire.EntrantPage](ctx, a, http.MethodGet, entrantsPath, q, nil)
	return page.Entrants, page.Next, err
}

// EditEntrant is like [campaign.Admin.EditEntrant].
func (a *Admin) EditEntrant(ctx context.Context, id int64, person campaign.Person) (campaign.Entrant, error) {
	return ask[campaign.Entrant](ctx, a, http.MethodPut, entrantPath(id), nil, person)
}

// DeleteEntrant is like [campaign.Admin.DeleteEntrant].
func (a *Admin) DeleteEntrant(ctx context.Context, id int64) error {
	return a.core.read(ctx, a.call(http.MethodDelete, entrantPath(id), nil, nil), nil)
}

// Changes is like [campaign.Admin.Changes].
func (a *Admin) Changes(ctx context.Context, query campaign.ChangeQuery) ([]campaign.Change, error) {
	q := pageQuery(query.Paging)
	setIf(q, "subject", query.Subject)
	answer, err := ask[wire.ChangesResponse](ctx, a, http.MethodGet, "/v1/changes", q, nil)
	return answer.Changes, err
}

// Export is like [campaign.Admin.Export].
func (a *Admin) Export(ctx context.Context, name string, w io.Writer, o campaign.ExportOptions) error {
	return a.export(ctx, name, "json", w, o)
}

// ExportCSV is like [campaign.Admin.ExportCSV].
func (a *Admin) ExportCSV(ctx context.Context, name string, w io.Writer, o campaign.ExportOptions) error {
	return a.export(ctx, name, "csv", w, o)
}

func (a *Admin) export(ctx context.Context, name, format string, w io.Writer, o campaign.ExportOptions) error {
	q := url.Values{"format": {format}}
	if o.Entrants {
		q.Set("entrants", "true")
	}
	c := a.call(http.MethodGet, itemPath(campaignsPath, name)+"/export", q, nil)
	return a.core.stream(ctx, &c, w)
}

// stream makes a call and copies the body of the response to w.
func (s *service) stream(ctx context.Context, c *call, w io.Writer) error {
	request, err := s.request(ctx, c, nil)
	if err != nil {
		return err
	}
	answer, err := s.http.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return s.unavailable(withoutURL(err))
	}
	defer answer.Body.Close()
	body := bufio.NewReader(answer.Body)
	if answer.StatusCode != http.StatusOK {
		text, err := io.ReadAll(io.LimitReader(body, maxResponse))
		if err != nil {
			return s.unavailable(withoutURL(err))
		}
		return s.callError(checkStatus(answer, text))
	}
	if _, err := io.Copy(w, body); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("the response from the %s service at %s is incomplete: %w", s.name, s.base.Redacted(), withoutURL(err))
	}
	return nil
}

func pageQuery(p campaign.Paging) url.Values {
	q := url.Values{}
	setIf(q, "cursor", p.Cursor)
	if p.Limit > 0 {
		q.Set("limit", strconv.Itoa(p.Limit))
	}
	return q
}

func setIf(q url.Values, name, value string) {
	if value != "" {
		q.Set(name, value)
	}
}
