package serve

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/prizegen/prizegen/pkg/access"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/wire"
)

// campaigns contains the operations on campaigns, both for the public and for
// administrators.
type campaigns interface {
	Campaign(ctx context.Context, name string) (campaign.Campaign, error)
	Campaigns(ctx context.Context, q campaign.CampaignQuery) (list []campaign.Campaign, next string, err error)
	Draw(ctx context.Context, id string) (campaign.Draw, error)
	Odds(ctx context.Context, name string) (draw.Odds, error)
	ExportTag(ctx context.Context, name string) (string, error)
	Play(ctx context.Context, play campaign.Play) (campaign.Draw, error)
}

// caller is the sender of a request: the public, or whoever has a token.
type caller struct {
	campaigns
	authority *access.Authority // nil if the caller is the public
	w         *responseRecorder
}

// permits returns an error if the caller does not have at least the needed role; empty
// means that everybody may do it.
func (c caller) permits(needed access.Role) error {
	switch {
	case needed == "":
		return nil
	case c.authority == nil:
		return wire.ErrForbidden
	}
	return c.authority.Permits(needed)
}

// isOperator reports whether the caller may run campaigns.
func (c caller) isOperator() bool { return c.permits(access.RoleOperator) == nil }

// Play makes a play of the public or, with a token, of an operator.
func (c caller) Play(ctx context.Context, play campaign.Play) (campaign.Draw, error) {
	if c.authority == nil {
		return c.campaigns.Play(ctx, play)
	}
	admin, err := c.authority.Admin()
	if err != nil {
		return campaign.Draw{}, err
	}
	return admin.Play(ctx, play)
}

type callerKey struct{}

// authenticate returns a middleware that adds the caller to the context. It refuses
// requests with a wrong token, and callers without the needed role.
func (a *api) authenticate(needed access.Role) func(ctx huma.Context, next func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		w, r := unwrap(ctx)
		c, err := a.backend.caller(r)
		if err == nil {
			err = c.permits(needed)
		}
		if err != nil {
			a.backend.refuse(w, err)
			return
		}
		w.Header()["Cache-Control"] = a.backend.noStore
		c.w = w
		next(huma.WithValue(ctx, callerKey{}, c))
	}
}

// caller returns the caller of a request, or an error if the token is wrong.
func (b *backend) caller(r *http.Request) (caller, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return caller{campaigns: b.campaigns}, nil
	}
	scheme, token, _ := strings.Cut(header, " ")
	err := access.ErrToken
	if b.access != nil && strings.EqualFold(scheme, "Bearer") {
		var who access.Identity
		if who, err = b.access.IdentifyToken(r.Context(), token); err == nil {
			authority := access.NewAuthority(who, b.campaigns, b.access)
			return caller{campaigns: authority.Viewer(), authority: authority}, nil
		}
	}
	switch {
	case !errors.Is(err, access.ErrToken):
		return caller{}, err
	case !b.wrongTokens.Allow():
		return caller{}, errTooManyTokens
	}
	return caller{}, campaign.Errorf(wire.ErrForbidden, "the token is wrong; send a token as Authorization: Bearer TOKEN")
}

// isOperator reports whether the sender of a request may run campaigns. It returns an error
// if the token is wrong.
func (b *backend) isOperator(r *http.Request) (bool, error) {
	c, err := b.caller(r)
	return c.isOperator(), err
}
