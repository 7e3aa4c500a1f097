// Package certs provides TLS configurations with certificates from PEM files, and reloads
// the files when they change.
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
	CA   string // certificate authority of the peers; may be empty
	Cert string // certificate of the process, and any intermediate certificates
	Key  string // private key of the certificate
}

// Identity is the certificate of a process and the certificate authority of its peers. An
// Identity is safe for concurrent use.
type Identity struct {
	files Files
	log   *slog.Logger

	mu      sync.Mutex
	current material
	stamp   string    // result of stat when the files were last read
	checked time.Time // when the files were last checked
}

// material is the content of the files.
type material struct {
	pair   *tls.Certificate
	peers  *x509.CertPool // the authority; nil if there is none
	public *x509.CertPool // the authority and those of the system; nil if peers is nil
}

// checkInterval is the minimum time between two checks of the files.
const checkInterval = time.Second

// Load returns an identity with the content of the files. It logs changes of the files to
// log.
func Load(files Files, log *slog.Logger) (*Identity, error) {
	i := &Identity{files: files, log: log}
	stamp, err := i.stat()
	if err != nil {
		return nil, err
	}
	return i, i.read(stamp)
}

// stat returns a string that changes whenever the files change.
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

// get returns the current content of the files. If the new files are invalid, it logs the
// error once and keeps returning the old content.
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
			i.log.Info("reloaded the TLS certificate", slog.String("file", i.files.Cert))
		}
	}
	if err != nil {
		i.stamp = stamp
		i.log.Error("keeping the old TLS certificate", slog.Any("error", err))
	}
	return i.current
}

// Server returns the TLS configuration for a server. If the identity has a certificate
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

// Client returns the TLS configuration for one connection to a server. The server must have
// a certificate from the authority of the identity or, if trustPublic is set, from an
// authority that the system trusts. The connection uses HTTP/1.1, because HTTP/2 would hide
// the reason if the server rejects the certificate, and is not faster within a data centre.
func (i *Identity) Client(server string, trustPublic bool) *tls.Config {
	m := i.get()
	roots := m.peers
	if trustPublic {
		roots = m.public
	}
	return &tls.Config{ServerName: server, Certificates: []tls.Certificate{*m.pair}, RootCAs: roots, NextProtos: []string{"http/1.1"}}
}
