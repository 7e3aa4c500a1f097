package serve

import (
	"net/http"

	"github.com/prizegen/prizegen/serve/ratelimit"
)

// limit counts a request. It returns an error if there are too many of its class from its
// address, unless it has an API token.
func (b *backend) limit(c ratelimit.Class, r *http.Request) error {
	refused := b.limits.Allow(c, ratelimit.AddrOf(r))
	if refused == nil {
		return nil
	}
	if c, err := b.caller(r); err != nil || c.authority != nil {
		return err
	}
	return refused
}
