package serve

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// How many wrong tokens are looked at. Nobody who has the right one is kept waiting
// by those who guess.
const (
	guessesASecond = 5
	guessesAtOnce  = 50
)

// promoterFor gives the promoter that a request may use: the public's, or with the
// right token the administrator's. A wrong token is refused.
func (s *Server) promoterFor(x *exchange, r *http.Request) (*campaign.Promoter, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return s.promoter, nil
	}
	scheme, token, _ := strings.Cut(header, " ")
	if s.cfg.AdminToken != "" && strings.EqualFold(scheme, "Bearer") && sameText(token, s.cfg.AdminToken) {
		return s.promoter.As("api"), nil
	}
	if !s.guesses.Allow() {
		x.Header().Set("Retry-After", "1")
		return nil, problem(http.StatusTooManyRequests, "too many wrong tokens were tried, wait a moment")
	}
	return nil, campaign.Errorf(campaign.ErrForbidden, "the token is wrong, expected Authorization: Bearer and the token of the administrator")
}

// sameText compares texts in a time that tells nothing about them.
func sameText(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
