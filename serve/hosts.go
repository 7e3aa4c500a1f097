package serve

import (
	"errors"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// Hosts are the names and addresses by which clients may call a server, in lower case and
// without ports. If it is empty, clients may use any name.
type Hosts []string

// ParseHosts parses names and addresses separated by commas, such as
// play.example.org,192.0.2.1,[2001:db8::1].
func ParseHosts(list string) (Hosts, error) {
	var all Hosts
	for part := range strings.SplitSeq(list, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		host, err := parseHost(part)
		if err != nil {
			return nil, errors.New("must be names or addresses without ports, separated by commas, such as play.example.org,192.0.2.1")
		}
		all = append(all, host)
	}
	return all, nil
}

// parseHost returns a name in ASCII, or an address without brackets.
func parseHost(text string) (string, error) {
	inner, opened := strings.CutPrefix(text, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	if address, err := netip.ParseAddr(inner); err == nil && address.Zone() == "" && opened == closed && (!opened || address.Is6()) {
		return address.String(), nil
	}
	return idna.Lookup.ToASCII(strings.TrimSuffix(text, "."))
}

// has reports whether the Host header of a request names one of the hosts.
func (h Hosts) has(header string) bool {
	host := header
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		host = host[:i]
	}
	host = strings.TrimSuffix(host, ".")
	if inner, bracketed := strings.CutPrefix(host, "["); bracketed {
		address, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		if err != nil {
			return false
		}
		host = address.String()
	}
	return slices.ContainsFunc(h, func(name string) bool { return strings.EqualFold(name, host) })
}
