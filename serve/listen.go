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

	"github.com/prizegen/prizegen/pkg/certs"
)

// quietTime is how long no new request must arrive before connections are closed. A request
// may be on its way even on a connection that seems idle.
const quietTime = 500 * time.Millisecond

// acceptShare limits how long new requests are accepted while the server drains: for at
// most the drain time divided by acceptShare.
const acceptShare = 4

// Serve handles requests on a listener until the context is done. Then the server reports
// that it is not ready, and finishes the requests in progress. Serve returns an error if
// they take longer than the drain time.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       s.backend.cfg.ReadTime,
		WriteTimeout:      writeTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.backend.log.Handler(), slog.LevelDebug),

		DisableGeneralOptionsHandler: true, // its responses have no security headers
	}
	listener, err := s.secure(listener)
	if err != nil {
		return err
	}
	if s.backend.campaigns != nil && s.backend.cfg.Welcome {
		go s.backend.welcome(ctx)
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

// secure returns a listener that uses TLS if the server has a certificate, and otherwise
// returns listener.
func (s *Server) secure(listener net.Listener) (net.Listener, error) {
	identity := s.backend.cfg.Identity
	if s.backend.cfg.TLSCert != "" {
		var err error
		if identity, err = certs.Load(certs.Files{Cert: s.backend.cfg.TLSCert, Key: s.backend.cfg.TLSKey}, s.backend.log); err != nil {
			return nil, errors.Join(err, listener.Close())
		}
	} else if identity == nil || s.backend.cfg.Role.has(Core) {
		return listener, nil
	}
	if s.backend.cfg.TLSCert == "" && s.backend.cfg.Services.AllowPlainHTTP {
		return newEitherListener(listener, identity.Server()), nil
	}
	return tls.NewListener(listener, identity.Server()), nil
}

// ServeHealth serves only /healthz, /readyz and /metrics, on a listener without TLS, until
// the context is done.
func (s *Server) ServeHealth(ctx context.Context, listener net.Listener) error {
	return s.serveMore(ctx, listener, writeTime, s.health)
}

// serveMore serves a handler on an additional listener without TLS until the context is done.
func (s *Server) serveMore(ctx context.Context, listener net.Listener, writeTime time.Duration, handler http.Handler) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTime, ReadTimeout: s.backend.cfg.ReadTime, WriteTimeout: writeTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(s.backend.log.Handler(), slog.LevelDebug),

		DisableGeneralOptionsHandler: true, // its responses have no security headers
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); ctx.Err() == nil {
		return fmt.Errorf("serve %s: %w", listener.Addr(), err)
	}
	return nil
}

// drain shuts down a server once its requests have been answered.
func (s *Server) drain(server *http.Server) error {
	s.backend.log.Info("draining", slog.Duration("at_most", s.backend.cfg.DrainTime))
	ctx, cancel := context.WithTimeout(context.Background(), s.backend.cfg.DrainTime)
	defer cancel()
	s.backend.traffic.draining.Store(true)
	s.awaitQuiet(s.backend.cfg.DrainTime / acceptShare)
	if err := server.Shutdown(ctx); err != nil {
		_ = server.Close() // Shutdown returns this error
		return fmt.Errorf("requests were still in progress after %v: %w", s.backend.cfg.DrainTime, err)
	}
	s.backend.log.Info("drained")
	return nil
}

// awaitQuiet waits until no more requests arrive, but no longer than atMost. Meanwhile,
// load balancers notice that the server is not ready, and responses close their
// connections.
func (s *Server) awaitQuiet(atMost time.Duration) {
	const interval = 10 * time.Millisecond
	for waited, quiet := time.Duration(0), time.Duration(0); quiet < quietTime && waited < atMost; waited += interval {
		before := s.backend.traffic.begun.Load()
		time.Sleep(interval)
		quiet += interval
		if s.backend.traffic.underWay.Load() > 0 || s.backend.traffic.begun.Load() != before {
			quiet = 0
		}
	}
}
