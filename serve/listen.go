package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// The limits of the parts of a request.
const (
	headerTime = 5 * time.Second
	readTime   = 15 * time.Second
	writeTime  = time.Minute
	idleTime   = 2 * time.Minute
	maxHeader  = 32 << 10 // bytes
)

// quietTime is the time without requests after which connections are closed: a request may
// be on its way on a connection that seems idle.
const quietTime = 500 * time.Millisecond

// acceptShare is the divisor of the drain time for accepting new requests that keep coming:
// they are accepted for at most a quarter of it.
const acceptShare = 4

// Serve answers requests on a listener until the context ends. It then reports that it is
// not ready, and finishes the requests under way. Serve returns an error if they take longer
// than the drain time.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       s.cfg.ReadTime,
		WriteTimeout:      writeTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug),
	}
	if s.cfg.TLSCert != "" {
		pair, err := newKeyPair(s.cfg.TLSCert, s.cfg.TLSKey, s.cfg.Log)
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		server.TLSConfig = &tls.Config{GetCertificate: pair.get, NextProtos: []string{"h2", "http/1.1"}}
		listener = tls.NewListener(listener, server.TLSConfig)
	}
	if s.campaigns != nil && s.cfg.Welcome {
		go s.welcome(ctx)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	return s.drain(server)
}

// drain shuts a server down after its requests are answered.
func (s *Server) drain(server *http.Server) error {
	s.cfg.Log.Info("draining", slog.Duration("at_most", s.cfg.DrainTime))
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.DrainTime)
	defer cancel()
	s.draining.Store(true)
	s.awaitQuiet(s.cfg.DrainTime / acceptShare)
	if err := server.Shutdown(ctx); err != nil {
		_ = server.Close() // the error is that of Shutdown
		return fmt.Errorf("requests were still under way after %v: %w", s.cfg.DrainTime, err)
	}
	s.cfg.Log.Info("drained")
	return nil
}

// awaitQuiet waits until no more requests come. Meanwhile load balancers see that the
// server is not ready, and answers close their connections.
func (s *Server) awaitQuiet(atMost time.Duration) {
	const interval = 10 * time.Millisecond
	for waited, quiet := time.Duration(0), time.Duration(0); quiet < quietTime && waited < atMost; waited += interval {
		before := s.begun.Load()
		time.Sleep(interval)
		quiet += interval
		if s.underWay.Load() > 0 || s.begun.Load() != before {
			quiet = 0
		}
	}
}
