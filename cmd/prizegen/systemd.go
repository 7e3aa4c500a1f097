package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
)

// handedOver gives the socket that systemd listens on for this process (socket
// activation), nil where there is none. Visitors who come during a restart wait in
// it instead of being refused.
func handedOver() (net.Listener, error) {
	listeners, err := activation.Listeners()
	if err != nil || len(listeners) == 0 {
		return nil, err
	}
	if len(listeners) > 1 {
		return nil, fmt.Errorf("systemd hands over %d sockets, expected one ListenStream= in the socket unit", len(listeners))
	}
	if listeners[0] == nil {
		return nil, errors.New("the socket that systemd hands over can't be listened on, expected ListenStream= in the socket unit")
	}
	return listeners[0], nil
}

// tellManager tells systemd of a change of state, where it waits for that
// (Type=notify). Nobody else hears of it.
func tellManager(ctx context.Context, log *slog.Logger, state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		log.WarnContext(ctx, "systemd can't be told", slog.String("state", state), slog.Any("error", err))
	}
}
