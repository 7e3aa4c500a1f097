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

// How long the steps of a request may take.
const (
	headerTime = 5 * time.Second
	readTime   = 15 * time.Second
	writeTime  = time.Minute
	idleTime   = 2 * time.Minute
	maxHeader  = 32 << 10 // bytes
)

// quietTime is how long no request must have been under way before connections are
// closed: one may have been sent on a connection that looks idle here.
const quietTime = 500 * time.Millisecond

// stillTaking is the part of the drain time that requests are still taken in, if
// they keep coming.
const stillTaking = 4 // a quarter

// Serve answers requests on a listener until the context ends. Then readiness
// goes, requests under way are finished, and nil is returned; it is an error
// where they take longer than the drain time.
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

// drain ends a server when its requests are answered.
func (s *Server) drain(server *http.Server) error {
	s.cfg.Log.Info("draining", slog.Duration("at_most", s.cfg.DrainTime))
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.DrainTime)
	defer cancel()
	s.draining.Store(true)
	s.calmDown(s.cfg.DrainTime / stillTaking)
	if err := server.Shutdown(ctx); err != nil {
		_ = server.Close() // the error is that of Shutdown
		return fmt.Errorf("requests were still under way after %v: %w", s.cfg.DrainTime, err)
	}
	s.cfg.Log.Info("drained")
	return nil
}

// calmDown waits until requests have stopped coming, for some time at most. Those who
// watch the readiness see that the server is about to end, and callers on open
// connections are told so by the next answer that they get.
func (s *Server) calmDown(atMost time.Duration) {
	const look = 10 * time.Millisecond
	for waited, quiet := time.Duration(0), time.Duration(0); quiet < quietTime && waited < atMost; waited += look {
		before := s.begun.Load()
		time.Sleep(look)
		quiet += look
		if s.underWay.Load() > 0 || s.begun.Load() != before {
			quiet = 0
		}
	}
}
