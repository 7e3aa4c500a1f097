//go:build unix

package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/store/storetest"
)

// TestServeEncryptsSecrets starts servers with and without a key on a database with an open
// campaign.
func TestServeEncryptsSecrets(t *testing.T) {
	key := filepath.Join(t.TempDir(), "secrets.key")
	prizegen(t, "secrets", "new-key", key)
	const unencrypted, encrypted, some = "secrets in the database are not encrypted", "encrypted secrets in the database", "some secrets in the database are not encrypted"
	test := func(t *testing.T, address string) {
		prizegen(t, "db", "create", "--db", address)
		prizegen(t, "campaign", "create", "summer", "--rules", "generous", "--db", address)
		prizegen(t, "campaign", "open", "summer", "--db", address)
		for _, step := range []struct {
			name, listen string
			args, want   []string
		}{
			{"on this machine, without a key", "127.0.0.1:0", nil, nil},
			{"on all networks, without a key", "0.0.0.0:0", nil, []string{unencrypted}},
			{"with a key", "0.0.0.0:0", []string{"--secrets-key-file", key}, []string{map[bool]string{true: some, false: encrypted}[strings.HasPrefix(address, "postgres")]}},
			{"rotate", "", []string{"--secrets-key-file", key}, nil},
			{"with a key, again", "0.0.0.0:0", []string{"--secrets-key-file", key}, nil},
		} {
			if step.listen == "" {
				prizegen(t, append([]string{"secrets", "rotate", "--db", address}, step.args...)...)
				continue
			}
			s := startServiceWith(t, nil, step.listen, append([]string{"--db", address}, step.args...)...)
			waitUntilReady(t, s)
			log := s.log()
			for _, message := range []string{unencrypted, encrypted, some} {
				want := 0
				for _, w := range step.want {
					if w == message {
						want = 1
					}
				}
				if got := strings.Count(log, `"msg":"`+message); got != want {
					t.Errorf("%s: got %d messages %q, want %d\n%s", step.name, got, message, want, log)
				}
			}
			s.kill()
		}
	}
	t.Run("sqlite", func(t *testing.T) { test(t, storetest.File(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, storetest.StartServer(t, true).Address()) })
}
