package serve

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are the networks of the trusted proxies in front of a server.
type Proxies []netip.Prefix

// ParseProxies parses networks and addresses separated by commas, such as
// 10.0.0.0/8,::1.
func ParseProxies(list string) (Proxies, error) {
	var all Proxies
	for part := range strings.SplitSeq(list, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		network, err := netip.ParsePrefix(part)
		if err != nil {
			var address netip.Addr
			if address, err = netip.ParseAddr(part); err == nil {
				network = netip.PrefixFrom(address, address.BitLen())
			}
		}
		if err != nil || network.Addr().Zone() != "" {
			return nil, errors.New("must be networks or addresses separated by commas, such as 10.0.0.0/8,127.0.0.1")
		}
		all = append(all, network.Masked())
	}
	return all, nil
}

// has reports whether an address is a proxy.
func (p Proxies) has(address netip.Addr) bool {
	for _, network := range p {
		if network.Contains(address) {
			return true
		}
	}
	return false
}

// A proxy describes the visitor in these headers. The header of RFC 7239 is ignored.
const (
	forwardedFor   = "X-Forwarded-For"
	forwardedProto = "X-Forwarded-Proto"
)

// visitor returns the address that a request comes from. This is the last address in the
// list that is not a proxy, because earlier addresses may be forged. If there is none,
// visitor returns peer.
func (p Proxies) visitor(peer netip.Addr, forwarded []string) netip.Addr {
	from := peer
	list := strings.Split(strings.Join(forwarded, ","), ",")
	for i := len(list) - 1; i >= 0 && p.has(from); i-- {
		next, ok := parseForwarded(strings.TrimSpace(list[i]))
		if !ok {
			break
		}
		from = next.Unmap().WithZone("")
	}
	return from
}

// parseForwarded parses an address to which a proxy may have added the port: 203.0.113.5,
// 203.0.113.5:4431, 2001:db8::1, [2001:db8::1] or [2001:db8::1]:443.
func parseForwarded(text string) (address netip.Addr, ok bool) {
	if inner, bracketed := strings.CutPrefix(text, "["); bracketed {
		if inner, bracketed = strings.CutSuffix(inner, "]"); bracketed {
			address, err := netip.ParseAddr(inner)
			return address, err == nil && address.Is6()
		}
	}
	if address, err := netip.ParseAddr(text); err == nil {
		return address, true
	}
	withPort, err := netip.ParseAddrPort(text)
	return withPort.Addr(), err == nil
}

// behind sets the remote address of requests to the visitor's address. It removes proxy
// headers from requests that do not come from a proxy.
func (p Proxies) behind(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil && len(r.Header[forwardedFor]) > 0 {
			state := *r.TLS
			state.VerifiedChains = nil // the certificate belongs to the proxy, not to the visitor
			r.TLS = &state
		}
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		address := peer.Addr().Unmap().WithZone("")
		if err != nil || !p.has(address) {
			delete(r.Header, forwardedFor)
			delete(r.Header, forwardedProto)
		} else if visitor := p.visitor(address, r.Header[forwardedFor]); visitor != address {
			r.RemoteAddr = net.JoinHostPort(visitor.String(), "0") // the port is not known
		}
		next.ServeHTTP(w, r)
	})
}
