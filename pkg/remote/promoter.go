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
	"strings"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// Promoter runs the campaigns of a core that is elsewhere. It does what
// [campaign.Promoter] does, with the same errors.
type Promoter struct {
	core  *service
	token string
}

// Promoter gives what runs the campaigns of the core. token is that of the API's
// administrator, empty for the public.
func (c *Client) Promoter(token string) *Promoter { return &Promoter{c.core, token} }

// call is a call with the token. Only what is got may be got again.
func (p *Promoter) call(method, path string, query url.Values, body any) call {
	c := call{method: method, path: path, query: query, body: body, once: method != http.MethodGet, header: map[string]string{}}
	if p.token != "" {
		c.header["Authorization"] = "Bearer " + p.token
	}
	return c
}

// ask makes a call and reads the answer into a value of its type.
func ask[T any](ctx context.Context, p *Promoter, method, path string, query url.Values, body any) (answer T, err error) {
	return answer, p.core.read(ctx, p.call(method, path, query, body), &answer)
}

const (
	campaignsPath = "/v1/campaigns"
	drawsPath     = "/v1/draws"
	entrantsPath  = "/v1/entrants"
)

// under is the path of one thing in a collection.
func under(collection, name string) string { return collection + "/" + url.PathEscape(name) }

func entrantPath(id int64) string { return under(entrantsPath, strconv.FormatInt(id, 10)) }

// Create is [campaign.Promoter.Create]. Rules and formats that are left out are those
// that are deployed.
func (p *Promoter) Create(ctx context.Context, plan campaign.Plan) (campaign.Campaign, error) {
	return ask[campaign.Campaign](ctx, p, http.MethodPost, campaignsPath, nil, plan)
}

// Campaign is [campaign.Promoter.Campaign].
func (p *Promoter) Campaign(ctx context.Context, name string) (campaign.Campaign, error) {
	return ask[campaign.Campaign](ctx, p, http.MethodGet, under(campaignsPath, name), nil, nil)
}

// Campaigns is [campaign.Promoter.Campaigns].
func (p *Promoter) Campaigns(ctx context.Context, list campaign.List) (campaign.Page, error) {
	q := pageQuery(list.Cursor, list.Limit)
	setIf(q, "state", string(list.State))
	return ask[campaign.Page](ctx, p, http.MethodGet, campaignsPath, q, nil)
}

// Edit is [campaign.Promoter.Edit].
func (p *Promoter) Edit(ctx context.Context, name string, version int64, plan campaign.Plan) (campaign.Campaign, error) {
	return ask[campaign.Campaign](ctx, p, http.MethodPut, under(campaignsPath, name), nil, CampaignChange{Plan: plan, Version: version})
}

// Open is [campaign.Promoter.Open].
func (p *Promoter) Open(ctx context.Context, name string) (campaign.Campaign, error) {
	return ask[campaign.Campaign](ctx, p, http.MethodPatch, under(campaignsPath, name), nil, map[string]any{"state": campaign.Open})
}

// Close is [campaign.Promoter.Close].
func (p *Promoter) Close(ctx context.Context, name string) (campaign.Campaign, error) {
	return ask[campaign.Campaign](ctx, p, http.MethodPatch, under(campaignsPath, name), nil, map[string]any{"state": campaign.Closed})
}

// Delete is [campaign.Promoter.Delete].
func (p *Promoter) Delete(ctx context.Context, name string) error {
	return p.core.read(ctx, p.call(http.MethodDelete, under(campaignsPath, name), nil, nil), nil)
}

// Play is [campaign.Promoter.Play]. A play without a once-only key is given one, so
// that it can be asked for again where the answer was lost.
func (p *Promoter) Play(ctx context.Context, play campaign.Play) (d campaign.Draw, err error) {
	request := DrawsRequest{Campaign: play.Campaign, Count: 1}
	if play.Person != nil || play.EntrantID != 0 {
		request.Entrant = &Player{ID: play.EntrantID}
		if play.Person != nil {
			request.Entrant.Person = *play.Person
		}
	}
	c := p.call(http.MethodPost, drawsPath, nil, request)
	if play.Key == "" {
		play.Key = rand.Text()
	}
	c.once, c.header["Idempotency-Key"] = false, strconv.Quote(play.Key)
	return d, p.core.read(ctx, c, &d)
}

// Draw is [campaign.Promoter.Draw].
func (p *Promoter) Draw(ctx context.Context, id string) (campaign.Draw, error) {
	return ask[campaign.Draw](ctx, p, http.MethodGet, under(drawsPath, id), nil, nil)
}

// Draws is [campaign.Promoter.Draws].
func (p *Promoter) Draws(ctx context.Context, list campaign.DrawList) (campaign.DrawPage, error) {
	q := pageQuery(list.Cursor, list.Limit)
	q.Set("campaign", list.Campaign)
	setIf(q, "prize", list.Prize)
	setIf(q, "account", list.Account)
	setIf(q, "status", string(list.Status))
	if list.Entrant != 0 {
		q.Set("entrant", strconv.FormatInt(list.Entrant, 10))
	}
	for name, set := range map[string]bool{"oldest": list.Oldest, "won": list.Won} {
		if set {
			q.Set(name, "true")
		}
	}
	return ask[campaign.DrawPage](ctx, p, http.MethodGet, drawsPath, q, nil)
}

// Claim is [campaign.Promoter.Claim].
func (p *Promoter) Claim(ctx context.Context, id, note string) (campaign.Draw, error) {
	claim := true
	return ask[campaign.Draw](ctx, p, http.MethodPatch, under(drawsPath, id), nil, DrawChange{Claim: &claim, Note: note})
}

// Unclaim is [campaign.Promoter.Unclaim].
func (p *Promoter) Unclaim(ctx context.Context, id string) (campaign.Draw, error) {
	claim := false
	return ask[campaign.Draw](ctx, p, http.MethodPatch, under(drawsPath, id), nil, DrawChange{Claim: &claim})
}

// Void is [campaign.Promoter.Void].
func (p *Promoter) Void(ctx context.Context, id, reason string) (campaign.Draw, error) {
	return ask[campaign.Draw](ctx, p, http.MethodPatch, under(drawsPath, id), nil, DrawChange{Void: &reason})
}

// AddEntrant is [campaign.Promoter.AddEntrant].
func (p *Promoter) AddEntrant(ctx context.Context, person campaign.Person) (campaign.Entrant, error) {
	return ask[campaign.Entrant](ctx, p, http.MethodPost, entrantsPath, nil, person)
}

// ImportEntrants is [campaign.Promoter.ImportEntrants].
func (p *Promoter) ImportEntrants(ctx context.Context, people []campaign.Person) (added int, err error) {
	answer, err := ask[ImportAnswer](ctx, p, http.MethodPost, entrantsPath+"/import", nil, ImportRequest{people})
	if bad := badPeople(err); len(bad) > 0 {
		return 0, &campaign.ImportError{Bad: bad}
	}
	return answer.Added, err
}

// Entrant is [campaign.Promoter.Entrant].
func (p *Promoter) Entrant(ctx context.Context, id int64) (campaign.Entrant, error) {
	return ask[campaign.Entrant](ctx, p, http.MethodGet, entrantPath(id), nil, nil)
}

// Entrants is [campaign.Promoter.Entrants].
func (p *Promoter) Entrants(ctx context.Context, list campaign.EntrantList) (campaign.EntrantPage, error) {
	q := pageQuery(list.Cursor, list.Limit)
	setIf(q, "search", list.Search)
	return ask[campaign.EntrantPage](ctx, p, http.MethodGet, entrantsPath, q, nil)
}

// EditEntrant is [campaign.Promoter.EditEntrant].
func (p *Promoter) EditEntrant(ctx context.Context, id int64, person campaign.Person) (campaign.Entrant, error) {
	return ask[campaign.Entrant](ctx, p, http.MethodPut, entrantPath(id), nil, person)
}

// DeleteEntrant is [campaign.Promoter.DeleteEntrant].
func (p *Promoter) DeleteEntrant(ctx context.Context, id int64) error {
	return p.core.read(ctx, p.call(http.MethodDelete, entrantPath(id), nil, nil), nil)
}

// Changes is [campaign.Promoter.Changes].
func (p *Promoter) Changes(ctx context.Context, want campaign.ChangeQuery) ([]campaign.Change, error) {
	q := pageQuery("", want.Limit)
	setIf(q, "subject", want.Subject)
	if want.Before != 0 {
		q.Set("cursor", strconv.FormatInt(want.Before, 10))
	}
	answer, err := ask[ChangesAnswer](ctx, p, http.MethodGet, "/v1/changes", q, nil)
	return answer.Changes, err
}

// Export is [campaign.Promoter.Export].
func (p *Promoter) Export(ctx context.Context, name string, w io.Writer, o campaign.ExportOptions) error {
	return p.export(ctx, name, "json", w, o)
}

// ExportCSV is [campaign.Promoter.ExportCSV].
func (p *Promoter) ExportCSV(ctx context.Context, name string, w io.Writer, o campaign.ExportOptions) error {
	return p.export(ctx, name, "csv", w, o)
}

func (p *Promoter) export(ctx context.Context, name, format string, w io.Writer, o campaign.ExportOptions) error {
	q := url.Values{"format": {format}}
	if o.Entrants {
		q.Set("entrants", "true")
	}
	c := p.call(http.MethodGet, under(campaignsPath, name)+"/export", q, nil)
	return p.core.stream(ctx, &c, w)
}

// stream writes the body of an answer, which may be long, to w.
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
		return s.unavailable(bare(err))
	}
	defer answer.Body.Close()
	body := bufio.NewReader(answer.Body)
	if answer.StatusCode != http.StatusOK {
		text, err := io.ReadAll(io.LimitReader(body, maxAnswer))
		if err != nil {
			return s.unavailable(bare(err))
		}
		return s.explain(refusal(answer, text))
	}
	if _, err := io.Copy(w, body); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("the answer of the %s service at %s broke off: %w", s.name, s.base.Redacted(), bare(err))
	}
	return nil
}

func pageQuery(cursor string, limit int) url.Values {
	q := url.Values{}
	setIf(q, "cursor", cursor)
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	return q
}

func setIf(q url.Values, name, value string) {
	if value != "" {
		q.Set(name, value)
	}
}

// badPeople finds in an error what is wrong with people, by their places.
func badPeople(err error) map[int]error {
	var problem *Problem
	if !errors.As(err, &problem) {
		return nil
	}
	bad := make(map[int]error)
	for _, e := range problem.Errors {
		if place, err := strconv.Atoi(strings.TrimPrefix(e.Pointer, peoplePointer)); err == nil {
			bad[place] = errors.New(e.Detail)
		}
	}
	return bad
}
