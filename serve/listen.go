package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// quietTime is the time without new requests after which connections are closed. A request
// may be on its way even on a connection that seems idle.
const quietTime = 500 * time.Millisecond

// acceptShare limits how long new requests are accepted while the server drains: for at
// most the drain time divided by acceptShare.
const acceptShare = 4

// Serve handles requests on a listener until the context is done. It then reports that it
// is not ready and finishes the requests in progress. Serve returns an error if they take
// longer than the drain time.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       s.backend.cfg.ReadTime,
		WriteTimeout:      writeTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.backend.log.Handler(), slog.LevelDebug),
	}
	if s.backend.cfg.TLSCert != "" {
		pair, err := newKeyPair(s.backend.cfg.TLSCert, s.backend.cfg.TLSKey, s.backend.log)
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		server.TLSConfig = &tls.Config{GetCertificate: pair.get, NextProtos: []string{"h2", "http/1.1"}}
		listener = tls.NewListener(listener, server.TLSConfig)
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

// drain shuts a server down after its requests have been answered.
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

// awaitQuiet waits until no more requests arrive. Meanwhile load balancers notice that
// the server is not ready, and responses close their connections.
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

// keyPair is a certificate and its key. It reads their files again when they change.
type keyPair struct {
	cert, key string // paths of the files
	log       *slog.Logger

	mu      sync.Mutex
	pair    *tls.Certificate
	stamp   string // state of the files when they were last read
	checked time.Time
}

// checkInterval is the minimum time between two checks of the files.
const checkInterval = time.Second

func newKeyPair(cert, key string, log *slog.Logger) (*keyPair, error) {
	k := &keyPair{cert: cert, key: key, log: log}
	stamp, err := k.stat()
	if err != nil {
		return nil, err
	}
	return k, k.read(stamp)
}

// stat returns a string that changes when the files change.
func (k *keyPair) stat() (string, error) {
	stamp := ""
	for _, name := range []string{k.cert, k.key} {
		info, err := os.Stat(name)
		if err != nil {
			return "", fmt.Errorf("read the TLS certificate and key: %w", err)
		}
		stamp += fmt.Sprint(info.ModTime().UnixNano(), info.Size(), " ")
	}
	return stamp, nil
}

func (k *keyPair) read(stamp string) error {
	pair, err := tls.LoadX509KeyPair(k.cert, k.key)
	if err != nil {
		return fmt.Errorf("read the TLS certificate %s and its key %s: %w", k.cert, k.key, err)
	}
	k.pair, k.stamp = &pair, stamp
	return nil
}

// get returns the certificate for a connection. If the changed files are invalid, it logs
// that once and returns the old certificate.
func (k *keyPair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Since(k.checked) < checkInterval {
		return k.pair, nil
	}
	k.checked = time.Now()
	stamp, err := k.stat()
	if err == nil && stamp != k.stamp {
		if err = k.read(stamp); err == nil {
			k.log.Info("read the changed TLS certificate", slog.String("file", k.cert))
		}
	}
	if err != nil {
		k.stamp = stamp
		k.log.Error("keeping the old TLS certificate", slog.Any("error", err))
	}
	return k.pair, nil
}
