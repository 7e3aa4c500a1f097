package serve

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

// TestOnlyProxiesAreTrusted sends proxy headers from proxies and from other addresses.
func TestOnlyProxiesAreTrusted(t *testing.T) {
	proxies, err := ParseProxies("10.0.0.0/8, 127.0.0.1,fd00::/8")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		peer      string
		forwarded []string
		from      string
		trusted   bool
	}{
		"no proxy":                         {"192.0.2.9:99", nil, "192.0.2.9:99", false},
		"a forged header":                  {"192.0.2.9:99", []string{"198.51.100.1"}, "192.0.2.9:99", false},
		"a proxy":                          {"10.1.2.3:99", []string{"192.0.2.9"}, "192.0.2.9:0", true},
		"a forged address through a proxy": {"10.1.2.3:99", []string{"198.51.100.1, 192.0.2.9"}, "192.0.2.9:0", true},
		"a forged first header":            {"10.1.2.3:99", []string{"198.51.100.1", "192.0.2.9"}, "192.0.2.9:0", true},
		"a forged proxy":                   {"10.1.2.3:99", []string{"10.9.9.9,192.0.2.9"}, "192.0.2.9:0", true},
		"two proxies":                      {"127.0.0.1:99", []string{"192.0.2.9, 10.1.2.3"}, "192.0.2.9:0", true},
		"a proxy itself":                   {"10.1.2.3:99", nil, "10.1.2.3:99", true},
		"nonsense":                         {"10.1.2.3:99", []string{"192.0.2.9, <script>"}, "10.1.2.3:99", true},
		"nonsense before a proxy":          {"127.0.0.1:99", []string{"x, 10.1.2.3"}, "10.1.2.3:0", true},
		"only proxies":                     {"127.0.0.1:99", []string{"10.1.2.3"}, "10.1.2.3:0", true},
		"IPv6":                             {"[fd00::1]:99", []string{"2001:db8::5"}, "[2001:db8::5]:0", true},
		"IPv4 mapped to IPv6":              {"[::ffff:10.1.2.3]:99", []string{"::ffff:192.0.2.9"}, "192.0.2.9:0", true},
		"IPv4 with a port":                 {"10.1.2.3:99", []string{"203.0.113.5:4431"}, "203.0.113.5:0", true},
		"another port":                     {"10.1.2.3:99", []string{"203.0.113.6:4431"}, "203.0.113.6:0", true},
		"IPv6 with a port":                 {"10.1.2.3:99", []string{"[2001:db8::1]:443"}, "[2001:db8::1]:0", true},
		"IPv6 in brackets":                 {"10.1.2.3:99", []string{"[2001:db8::1]"}, "[2001:db8::1]:0", true},
		"mapped IPv4 with a port":          {"10.1.2.3:99", []string{"[::ffff:203.0.113.5]:4431"}, "203.0.113.5:0", true},
		"IPv6 with a zone and a port":      {"10.1.2.3:99", []string{"[fe80::1%eth0]:443"}, "[fe80::1]:0", true},
		"a forged address with a port":     {"10.1.2.3:99", []string{"198.51.100.1:80, 203.0.113.5:4431"}, "203.0.113.5:0", true},
		"proxies with ports":               {"127.0.0.1:99", []string{"203.0.113.5:4431, 10.1.2.3:5, [fd00::1]:6"}, "203.0.113.5:0", true},
		"a port out of range":              {"10.1.2.3:99", []string{"203.0.113.5:65536"}, "10.1.2.3:99", true},
		"an empty port":                    {"10.1.2.3:99", []string{"203.0.113.5:"}, "10.1.2.3:99", true},
		"a named port":                     {"10.1.2.3:99", []string{"203.0.113.5:http"}, "10.1.2.3:99", true},
		"IPv4 in brackets":                 {"10.1.2.3:99", []string{"[203.0.113.5]"}, "10.1.2.3:99", true},
		"IPv4 in brackets with a port":     {"10.1.2.3:99", []string{"[203.0.113.5]:80"}, "10.1.2.3:99", true},
		"half a bracket":                   {"10.1.2.3:99", []string{"[2001:db8::1"}, "10.1.2.3:99", true},
		"a name":                           {"10.1.2.3:99", []string{"unknown"}, "10.1.2.3:99", true},
		"an obfuscated name":               {"10.1.2.3:99", []string{"_hidden:1"}, "10.1.2.3:99", true},
		"nothing":                          {"10.1.2.3:99", []string{"", ","}, "10.1.2.3:99", true},
		"mapped IPv4 from outside":         {"[::ffff:192.0.2.9]:99", []string{"198.51.100.1"}, "[::ffff:192.0.2.9]:99", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			r.RemoteAddr = test.peer
			r.Header[forwardedFor] = test.forwarded
			r.Header.Set(forwardedProto, "https")
			var from, proto string
			proxies.behind(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				from, proto = r.RemoteAddr, r.Header.Get(forwardedProto)
			})).ServeHTTP(httptest.NewRecorder(), r)
			if from != test.from || (proto == "https") != test.trusted {
				t.Errorf("got address %s, protocol %q, want %s, trusted: %t", from, proto, test.from, test.trusted)
			}
		})
	}
}

// FuzzParseProxies parses any list and determines the visitor from any header.
func FuzzParseProxies(f *testing.F) {
	for _, list := range []string{"", "10.0.0.0/8", "::1,10.0.0.1", "10.0.0.0/33", "fe80::1%eth0", "example.org", ",,"} {
		f.Add(list, "192.0.2.9")
	}
	for _, forwarded := range []string{"203.0.113.5:4431", "[2001:db8::1]:443, 10.0.0.1:1", "[::ffff:10.0.0.1]", "[", "]:1", "[]", "[fe80::1%]:1", ":1", "unknown"} {
		f.Add("10.0.0.0/8,::1", forwarded)
	}
	f.Fuzz(func(t *testing.T, list, forwarded string) {
		proxies, err := ParseProxies(list)
		if err != nil {
			return
		}
		for _, network := range proxies {
			if !network.IsValid() || !proxies.has(network.Addr()) {
				t.Errorf("ParseProxies(%q) = %v, want valid networks with their own addresses", list, proxies)
			}
			if visitor := proxies.visitor(network.Addr().Unmap(), []string{forwarded}); !visitor.IsValid() || visitor.Is4In6() || visitor.Zone() != "" {
				t.Errorf("proxies %q, forwarded %q: got the visitor's address %v, want one without a zone", list, forwarded, visitor)
			}
		}
		// A port changes nothing.
		address, ok := parseForwarded(forwarded)
		if !ok {
			return
		}
		if again, ok := parseForwarded(netip.AddrPortFrom(address, 4431).String()); !ok || again != address {
			t.Errorf("forwarded %q: got %v with a port, want %v", forwarded, again, address)
		}
	})
}
