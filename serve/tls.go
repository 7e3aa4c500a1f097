package serve

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// keyPair is a certificate and its key, read again when their files change.
type keyPair struct {
	cert, key string // files
	log       *slog.Logger

	mu      sync.Mutex
	pair    *tls.Certificate
	stamp   string // of the files that the pair was read from
	checked time.Time
}

// checkEvery is how often the files are looked at, at most.
const checkEvery = time.Second

func newKeyPair(cert, key string, log *slog.Logger) (*keyPair, error) {
	k := &keyPair{cert: cert, key: key, log: log}
	stamp, err := k.look()
	if err != nil {
		return nil, err
	}
	return k, k.read(stamp)
}

// look tells what the files are like now, so that a change is seen.
func (k *keyPair) look() (string, error) {
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

// get gives the certificate for a connection. Files that can't be used leave the
// old one in place, and are told of once.
func (k *keyPair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Since(k.checked) < checkEvery {
		return k.pair, nil
	}
	k.checked = time.Now()
	stamp, err := k.look()
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
