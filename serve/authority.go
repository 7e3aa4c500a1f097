package serve

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/remote"
)

// campaigns has the operations on campaigns for both the public and the administrator.
type campaigns interface {
	Campaign(ctx context.Context, name string) (campaign.Campaign, error)
	Campaigns(ctx context.Context, q campaign.CampaignQuery) (list []campaign.Campaign, next string, err error)
	Draw(ctx context.Context, id string) (campaign.Draw, error)
	Odds(ctx context.Context, name string) (draw.Odds, error)
	Play(ctx context.Context, play campaign.Play) (campaign.Draw, error)
}

// caller is the sender of a request: the public or the administrator.
type caller struct {
	campaigns
	admin *campaign.Admin // nil for the public
	w     *responseRecorder
}

type callerKey struct{}

// tokenScheme is the name of the bearer token in the document.
const tokenScheme = "token"

// authenticate adds the caller to the context. It refuses wrong tokens, and the public if
// the operation is for the administrator.
func (a *api) authenticate(ctx huma.Context, next func(huma.Context)) {
	s, w, r := unwrap(ctx)
	c, err := s.caller(r)
	if err == nil && c.admin == nil && len(ctx.Operation().Security) > 0 {
		err = remote.ErrForbidden
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	w.Header()["Cache-Control"] = s.noStore
	c.w = w
	next(huma.WithValue(ctx, callerKey{}, c))
}

// The rate limit of wrong tokens. Requests with the right token have no limit.
const (
	wrongTokensPerSecond = 5
	wrongTokensBurst     = 50
)

// errTooManyTokens is returned for wrong tokens over the limit.
var errTooManyTokens = errors.New("too many wrong tokens")

// caller returns the caller of a request, or an error if the token is wrong.
func (s *Server) caller(r *http.Request) (caller, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return caller{campaigns: s.campaigns}, nil
	}
	scheme, token, _ := strings.Cut(header, " ")
	if s.cfg.AdminToken != "" && strings.EqualFold(scheme, "Bearer") && equal(token, s.cfg.AdminToken) {
		admin := s.campaigns.Admin("api")
		return caller{campaigns: admin, admin: admin}, nil
	}
	if !s.wrongTokens.Allow() {
		return caller{}, errTooManyTokens
	}
	return caller{}, campaign.Errorf(remote.ErrForbidden, "the token is wrong; send the administrator's as Authorization: Bearer TOKEN")
}

// equal reports whether a and b are equal, in constant time.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
