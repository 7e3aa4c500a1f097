package main

import (
	"context"
	"log/slog"
	"net"
	"sync"

	"github.com/prizegen/prizegen/serve"
)

// serveMore serves the health and the profiles of a server on addresses of their own, if there
// are any, until stop is called.
func serveMore(ctx context.Context, server *serve.Server, o serveOptions, log *slog.Logger) (stop func(), err error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // continues while the server drains
	var serving sync.WaitGroup
	stop = func() { cancel(); serving.Wait() }
	start := func(address, flag string, handle func(context.Context, net.Listener) error) (net.Listener, error) {
		listener, err := listen(ctx, address, flag)
		if err != nil {
			return nil, err
		}
		serving.Go(func() {
			if err := handle(ctx, listener); err != nil {
				log.ErrorContext(ctx, "an additional address has failed", slog.String("setting", flag), slog.Any("error", err))
			}
		})
		return listener, nil
	}
	if address := o.health.Get(); address != "" {
		listener, err := start(address, "--health-listen", server.ServeHealth)
		if err != nil {
			stop()
			return nil, err
		}
		log.InfoContext(ctx, "serving health and metrics", slog.String("url", serverURL(listener, false)))
	}
	if address := o.debug.Get(); address != "" {
		listener, err := start(address, "--debug-listen", server.ServeDebug)
		if err != nil {
			stop()
			return nil, err
		}
		log.InfoContext(ctx, "serving metrics and profiles", slog.String("url", serverURL(listener, false)))
		if !isLocal(listener.Addr()) {
			log.WarnContext(ctx, "other machines can reach the profiles, which slow the server down and reveal how it works; use a loopback address for --debug-listen")
		}
	}
	return stop, nil
}
