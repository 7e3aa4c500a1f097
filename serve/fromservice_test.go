package serve

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestFromService checks which requests count as coming from a service. A proxy's
// certificate does not count as the visitor's, even if the proxy is not trusted.
func TestFromService(t *testing.T) {
	verified := &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{{}}}}
	for name, test := range map[string]struct {
		state     *tls.ConnectionState
		forwarded string
		want      bool
	}{
		"no TLS":                      {nil, "", false},
		"TLS without a certificate":   {&tls.ConnectionState{}, "", false},
		"a certificate":               {verified, "", true},
		"the certificate of a proxy":  {verified, "203.0.113.5", false},
		"a proxy without a visitor":   {verified, " ", false},
		"a proxy without certificate": {&tls.ConnectionState{}, "203.0.113.5", false},
	} {
		t.Run(name, func(t *testing.T) {
			request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/prize", http.NoBody)
			if request.TLS = test.state; test.forwarded != "" {
				request.Header.Set(forwardedFor, test.forwarded)
			}
			var got bool
			Proxies{}.behind(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got = (&responseRecorder{ResponseWriter: w, request: r}).fromService()
			})).ServeHTTP(httptest.NewRecorder(), request)
			if got != test.want {
				t.Errorf("fromService: got %v, want %v", got, test.want)
			}
			if test.state == verified && len(verified.VerifiedChains) != 1 {
				t.Error("connection state after the request: got it changed, want it unchanged")
			}
		})
	}
}
