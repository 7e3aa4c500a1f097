package serve

import (
	"net/http"
	"strconv"
	"time"
)

// securityHeaders adds security headers to all responses, including errors and redirects.
// Handlers can replace them, as the site does.
type securityHeaders struct {
	// These values are the same in all responses.
	noSniff, policy, referrer []string
	hsts                      []string // nil if the header is not sent
}

// newSecurityHeaders returns the headers of a server. Browsers use only HTTPS for maxAge
// after a response over HTTPS; 0 or less means that they are not told to.
func newSecurityHeaders(maxAge time.Duration) *securityHeaders {
	s := &securityHeaders{
		noSniff:  []string{"nosniff"},
		policy:   []string{"default-src 'none'; frame-ancestors 'none'"},
		referrer: []string{"no-referrer"},
	}
	if maxAge > 0 {
		s.hsts = []string{"max-age=" + strconv.FormatInt(int64(maxAge/time.Second), 10) + "; includeSubDomains"}
	}
	return s
}

// handler returns a handler that sets the headers before it calls next. It must be behind
// [Proxies.behind], which removes forged proxy headers.
func (s *securityHeaders) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["X-Content-Type-Options"], h["Content-Security-Policy"], h["Referrer-Policy"] = s.noSniff, s.policy, s.referrer
		if s.hsts != nil && (r.TLS != nil || r.Header.Get(forwardedProto) == "https") {
			h["Strict-Transport-Security"] = s.hsts
		}
		next.ServeHTTP(w, r)
	})
}
