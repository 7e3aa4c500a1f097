package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"syscall"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/serve"
)

// listenFlags are the flags for the role and the addresses of a server.
type listenFlags struct {
	role   *settings.Value[serve.Role]
	listen *settings.Value[string]
	cert   *settings.Value[string]
	health *settings.Value[string]
}

func newListenFlags(a *app, cmd *cobra.Command) listenFlags {
	return listenFlags{
		role:   settings.Define[serve.Role](a.table, cmd, "role"),
		listen: settings.Define[string](a.table, cmd, "listen"),
		cert:   settings.Define[string](a.table, cmd, "tls-cert"),
		health: settings.Define[string](a.table, cmd, "health-listen"),
	}
}

// address returns the address to listen on.
func (f listenFlags) address() string {
	host, port := "127.0.0.1", ""
	if f.listen.Get() != "" {
		host, port, _ = net.SplitHostPort(f.listen.Get()) // cannot fail, because the setting was checked
	}
	if port == "" {
		port = strconv.Itoa(f.role.Get().Port())
	}
	return net.JoinHostPort(host, port)
}

// loopback returns the URL of the server's health checks for callers on the same machine.
// hasCert states whether the server has a service certificate.
func (f listenFlags) loopback(hasCert bool) string {
	role := f.role.Get()
	address, hasTLS := f.address(), f.cert.Get() != "" || hasCert && role != serve.Core && role != serve.All
	if f.health.Get() != "" {
		address, hasTLS = f.health.Get(), false
	}
	host, port, _ := net.SplitHostPort(address)
	switch ip := net.ParseIP(host); {
	case host == "" || ip != nil && ip.IsUnspecified() && ip.To4() != nil:
		host = "127.0.0.1"
	case ip != nil && ip.IsUnspecified():
		host = "::1"
	}
	scheme := "http"
	if hasTLS {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// open returns the socket that systemd passed, or opens one.
func (f listenFlags) open(ctx context.Context) (net.Listener, error) {
	if listener, err := systemdListener(); err != nil || listener != nil {
		return listener, err
	}
	return listen(ctx, f.address(), "--listen")
}

// listen opens a socket. flag is the flag for its address.
func listen(ctx context.Context, address, flag string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err == nil {
		return listener, nil
	}
	err = fmt.Errorf("listen on %s: %w", address, errors.Unwrap(err))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, hintError{err, "another program uses this port, perhaps another prizegen; choose another port with " + flag}
	}
	return nil, err
}

// isLocal reports whether only this machine can reach a server at an address.
func isLocal(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	return !ok || tcp.IP.IsLoopback() // a Unix socket is always local
}

// serverURL returns the URL of a server for callers on the same machine.
func serverURL(listener net.Listener, tls bool) string {
	scheme := "http://"
	if tls {
		scheme = "https://"
	}
	host, port, err := net.SplitHostPort(listener.Addr().String())
	if err == nil && net.ParseIP(host).IsUnspecified() {
		return scheme + net.JoinHostPort("localhost", port)
	}
	return scheme + listener.Addr().String()
}

// systemdListener returns the socket that systemd passed to this process (socket
// activation), or nil. While the process restarts, connections wait in the queue of this
// socket instead of being refused.
func systemdListener() (net.Listener, error) {
	listeners, err := activation.Listeners()
	if err != nil || len(listeners) == 0 {
		return nil, err
	}
	if len(listeners) > 1 {
		return nil, fmt.Errorf("systemd passed %d sockets; the socket unit must have exactly one ListenStream=", len(listeners))
	}
	if listeners[0] == nil {
		return nil, errors.New("the socket from systemd does not listen; the socket unit must have ListenStream=")
	}
	return listeners[0], nil
}

// notifySystemd reports a change of state to systemd if the unit asks for it
// (Type=notify).
func notifySystemd(ctx context.Context, log *slog.Logger, state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		log.WarnContext(ctx, "cannot notify systemd", slog.String("state", state), slog.Any("error", err))
	}
}
