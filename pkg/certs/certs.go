// Package certs keeps certificates that are read from PEM files, and reads the files again
// when they change.
package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Files are the PEM files of an [Identity].
type Files struct {
	CA   string // the certificate authority of the peers; may be empty
	Cert string // the certificate and those between it and the authority
	Key  string // its private key
}

// Identity is the certificate of a process and the certificate authority of its peers. An
// Identity is safe for concurrent use.
type Identity struct {
	files Files
	log   *slog.Logger

	mu      sync.Mutex
	current material
	stamp   string // of the files that were read last
	checked time.Time
}

// material is the content of the files.
type material struct {
	pair   *tls.Certificate
	peers  *x509.CertPool // nil without an authority
	public *x509.CertPool // of the system, and the peers
}

// checkInterval is the minimum time between two checks of the files.
const checkInterval = time.Second

// Load reads the files of an identity.
func Load(files Files, log *slog.Logger) (*Identity, error) {
	i := &Identity{files: files, log: log}
	stamp, err := i.stat()
	if err != nil {
		return nil, err
	}
	return i, i.read(stamp)
}

// stat returns a text that changes if the files change.
func (i *Identity) stat() (string, error) {
	stamp := ""
	for _, name := range []string{i.files.CA, i.files.Cert, i.files.Key} {
		if name == "" {
			continue
		}
		info, err := os.Stat(name)
		if err != nil {
			return "", fmt.Errorf("read the TLS certificate and key: %w", err)
		}
		stamp += fmt.Sprint(info.ModTime().UnixNano(), info.Size(), " ")
	}
	return stamp, nil
}

func (i *Identity) read(stamp string) error {
	pair, err := tls.LoadX509KeyPair(i.files.Cert, i.files.Key)
	if err != nil {
		return fmt.Errorf("read the TLS certificate %s and its key %s: %w", i.files.Cert, i.files.Key, err)
	}
	m := material{pair: &pair}
	if i.files.CA != "" {
		text, err := os.ReadFile(i.files.CA)
		m.peers = x509.NewCertPool()
		if err == nil && !m.peers.AppendCertsFromPEM(text) {
			err = errors.New("the file contains no certificate")
		}
		var systemErr error
		if m.public, systemErr = x509.SystemCertPool(); systemErr != nil {
			m.public = x509.NewCertPool()
		}
		m.public.AppendCertsFromPEM(text)
		if err != nil {
			return fmt.Errorf("read the certificate authority %s: %w", i.files.CA, err)
		}
	}
	i.current, i.stamp = m, stamp
	return nil
}

// get returns the content of the files. If changed files are broken, get logs an error once
// and returns the old content.
func (i *Identity) get() material {
	i.mu.Lock()
	defer i.mu.Unlock()
	if time.Since(i.checked) < checkInterval {
		return i.current
	}
	i.checked = time.Now()
	stamp, err := i.stat()
	if stamp == i.stamp {
		return i.current
	}
	if err == nil {
		if err = i.read(stamp); err == nil {
			i.log.Info("read the changed TLS certificate", slog.String("file", i.files.Cert))
		}
	}
	if err != nil {
		i.stamp = stamp
		i.log.Error("keeping the old TLS certificate", slog.Any("error", err))
	}
	return i.current
}

// Server returns the configuration of a server. If the identity has a certificate
// authority, clients must have a certificate from it.
func (i *Identity) Server() *tls.Config {
	protocols := []string{"h2", "http/1.1"}
	return &tls.Config{
		NextProtos: protocols,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			m := i.get()
			cfg := &tls.Config{Certificates: []tls.Certificate{*m.pair}, NextProtos: protocols}
			if m.peers != nil {
				cfg.ClientAuth, cfg.ClientCAs = tls.RequireAndVerifyClientCert, m.peers
			}
			return cfg, nil
		},
	}
}

// Client returns the configuration of one connection to a server. The server must have a
// certificate from the authority of the identity or, if trustPublic is set, from one that
// the system trusts. The connection is for HTTP/1.1: if the server refuses the certificate,
// HTTP/2 hides its reason, and for calls within a data centre it is not faster.
func (i *Identity) Client(server string, trustPublic bool) *tls.Config {
	m := i.get()
	roots := m.peers
	if trustPublic {
		roots = m.public
	}
	return &tls.Config{ServerName: server, Certificates: []tls.Certificate{*m.pair}, RootCAs: roots, NextProtos: []string{"http/1.1"}}
}
