package serve

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// keyPair is a certificate and its key. It reads them again when their files change.
type keyPair struct {
	cert, key string // files
	log       *slog.Logger

	mu      sync.Mutex
	pair    *tls.Certificate
	stamp   string // of the files that were read last
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

// stat returns a text that changes if the files change.
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

// get returns the certificate for a connection. If the changed files are broken, it
// logs that once and returns the old certificate.
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
		k.log.Error("keep the old TLS certificate", slog.Any("error", err))
	}
	return k.pair, nil
}
