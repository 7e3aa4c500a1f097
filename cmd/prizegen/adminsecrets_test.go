//go:build unix

package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/access"
	"github.com/prizegen/prizegen/pkg/store"
)

// TestGeneratedSecrets checks that serve generates a password and a token only if the
// database has no owner and no tokens.
func TestGeneratedSecrets(t *testing.T) {
	file := filepath.Join(t.TempDir(), "prizegen.db")
	wantGenerated := func(password, token bool) {
		t.Helper()
		log := startServiceWith(t, nil, "127.0.0.1:0", "--db", file).log()
		if got := strings.Contains(log, "password of the site's administrator, generated"); got != password {
			t.Errorf("serve generated a password: got %t, want %t\n%s", got, password, log)
		}
		if got := strings.Contains(log, "token of the API's administrator, generated"); got != token {
			t.Errorf("serve generated a token: got %t, want %t\n%s", got, token, log)
		}
	}
	wantGenerated(true, true)
	db, err := store.Open(t.Context(), file, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // no longer used
	control, err := access.New(access.Config{Store: db.Access()})
	if err != nil {
		t.Fatal(err)
	}
	manager := control.Manager("cli")
	if _, err := manager.Add(t.Context(), "olga", access.RoleOperator, "correct horse battery staple"); err != nil {
		t.Fatal(err)
	}
	if _, err := manager.AddToken(t.Context(), "shop", access.RoleViewer); err != nil {
		t.Fatal(err)
	}
	wantGenerated(true, false)
	if _, err := manager.Add(t.Context(), "ada", access.RoleOwner, "correct horse battery staple"); err != nil {
		t.Fatal(err)
	}
	wantGenerated(false, false)
}
