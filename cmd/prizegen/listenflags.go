package main

import (
	"errors"
	"net"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/serve"
)

// listenFlags say which service a process is and where it can be reached.
type listenFlags struct {
	role   *value[serve.Role]
	listen *value[string]
	cert   *string
}

func newListenFlags(cmd *cobra.Command) listenFlags {
	var f listenFlags
	f.role = newValue("role", string(serve.All), serve.ParseRole)
	cmd.Flags().Var(f.role, "role", "which service to be: all, core, text, number, prize")
	complete(cmd, "role", "all", "core", "text", "number", "prize")
	f.listen = &value[string]{kind: "address", parse: parseListen}
	cmd.Flags().Var(f.listen, "listen", "address and port to listen on (default 127.0.0.1 and the port of the role)")
	f.cert = cmd.Flags().String("tls-cert", "", "serve HTTPS with the certificates of this PEM `file`, read again when it changes")
	return f
}

// parseListen reads an address to listen on: a port may stand alone, and one that is
// left out is that of the role.
func parseListen(text string) (string, error) {
	if _, err := strconv.ParseUint(text, 10, 16); err == nil {
		text = "127.0.0.1:" + text
	}
	_, port, err := net.SplitHostPort(text)
	if err == nil && port != "" {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return "", errors.New("expected an address and a port such as 127.0.0.1:8080, :8080 for all networks, or : for all networks and the port of the role")
	}
	return text, nil
}

// address is where to listen.
func (f listenFlags) address() string {
	host, port := "127.0.0.1", ""
	if f.listen.value != "" {
		host, port, _ = net.SplitHostPort(f.listen.value) // parseListen has seen that it can be split
	}
	if port == "" {
		port = strconv.Itoa(f.role.value.Port())
	}
	return net.JoinHostPort(host, port)
}

// loopback is the URL of the process for callers on the same machine.
func (f listenFlags) loopback() string {
	host, port, _ := net.SplitHostPort(f.address())
	switch ip := net.ParseIP(host); {
	case host == "" || ip != nil && ip.IsUnspecified() && ip.To4() != nil:
		host = "127.0.0.1"
	case ip != nil && ip.IsUnspecified():
		host = "::1"
	}
	scheme := "http"
	if *f.cert != "" {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}
