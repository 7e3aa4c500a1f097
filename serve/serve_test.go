package serve_test

import (
	"context"
	"net"
	"sync"
	"testing"

	"github.com/prizegen/prizegen/serve"
)

// serveUntilEnd serves on a free port until end is called. end returns the error of Serve.
func serveUntilEnd(t testing.TB, cfg serve.Config) (address string, end func() error) {
	t.Helper()
	return callUntilEnd(t, cfg, (*serve.Server).Serve)
}

// callUntilEnd calls a method that serves on a listener, with a listener on a free port,
// until end is called. end returns the error of the method.
func callUntilEnd(t testing.TB, cfg serve.Config, method func(*serve.Server, context.Context, net.Listener) error) (address string, end func() error) {
	t.Helper()
	s, err := serve.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- method(s, ctx, listener) }()
	end = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { _ = end() })
	return listener.Addr().String(), end
}
