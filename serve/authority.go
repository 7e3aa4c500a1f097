package serve

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/wire"
)

// campaigns contains the operations on campaigns, both for the public and for the
// administrator.
type campaigns interface {
	Campaign(ctx context.Context, name string) (campaign.Campaign, error)
	Campaigns(ctx context.Context, q campaign.CampaignQuery) (list []campaign.Campaign, next string, err error)
	Draw(ctx context.Context, id string) (campaign.Draw, error)
	Odds(ctx context.Context, name string) (draw.Odds, error)
	ExportTag(ctx context.Context, name string) (string, error)
	Play(ctx context.Context, play campaign.Play) (campaign.Draw, error)
}

// caller is the sender of a request: the public or the administrator.
type caller struct {
	campaigns
	admin *campaign.Admin // nil if the caller is the public
	w     *responseRecorder
}

type callerKey struct{}

// authenticate adds the caller to the context. It refuses requests with a wrong token. It
// also refuses the public if the operation is only for the administrator.
func (a *api) authenticate(ctx huma.Context, next func(huma.Context)) {
	w, r := unwrap(ctx)
	c, err := a.backend.caller(r)
	if err == nil && c.admin == nil && len(ctx.Operation().Security) > 0 {
		err = wire.ErrForbidden
	}
	if err != nil {
		a.backend.refuse(w, err)
		return
	}
	w.Header()["Cache-Control"] = a.backend.noStore
	c.w = w
	next(huma.WithValue(ctx, callerKey{}, c))
}

// caller returns the caller of a request, or an error if the token is wrong.
func (b *backend) caller(r *http.Request) (caller, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return caller{campaigns: b.campaigns}, nil
	}
	scheme, token, _ := strings.Cut(header, " ")
	if b.cfg.AdminToken != "" && strings.EqualFold(scheme, "Bearer") && equal(token, b.cfg.AdminToken) {
		admin := b.campaigns.Admin("api")
		return caller{campaigns: admin, admin: admin}, nil
	}
	if !b.wrongTokens.Allow() {
		return caller{}, errTooManyTokens
	}
	return caller{}, campaign.Errorf(wire.ErrForbidden, "the token is wrong; send the administrator's token as Authorization: Bearer TOKEN")
}

// isAdmin reports whether the administrator sends a request. It returns an error if the
// token is wrong.
func (b *backend) isAdmin(r *http.Request) (bool, error) {
	c, err := b.caller(r)
	return c.admin != nil, err
}

// equal reports whether a and b are equal, in constant time.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
