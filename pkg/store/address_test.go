package store_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/store"
)

// TestMisspeltAddresses checks that a string which was meant as another kind of address is
// neither used as a file name nor shown.
func TestMisspeltAddresses(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, address := range []string{
		"host=db.example.org password=hunter2 dbname=x",
		" password = hunter2 host=h",
		"HOST=h PASSWORD=hunter2",
		`"host=h password=hunter2"`,
		"sslcert=hunter2 host=h",
		"PRIZEGEN_DB=postgres://u:hunter2@h/x",
		"postgres:/u:hunter2@h/x",
		"postgres:u:hunter2@h/x",
		"postgresq://u:hunter2@h/x",
		" postgres://u:hunter2@h/x",
		"'postgres://u:hunter2@h/x'",
		"postgres://u:hunter2@h:port/x",
		"Postgres://u:hunter2@h:port/x",
		"mysql://u:hunter2@h/x",
		"mysql:u:hunter2@h/x",
		"u:hunter2@tcp(h:3306)/x",
		"u:hunter2@h/x",
		"//u:hunter2@h/x",
		"file:x.db?key=hunter2",
		"sqlite:hunter2",
		"jdbc:postgresql:hunter2",
		":memory:",
		"hunter2\n",
		"hunter2\x00",
	} {
		_, err := store.Open(t.Context(), address, store.Options{Create: true})
		if !errors.Is(err, store.ErrAddress) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Open(%q): got error %v, want ErrAddress without the password", address, err)
		}
		if err := store.CheckAddress(address); !errors.Is(err, store.ErrAddress) {
			t.Errorf("CheckAddress(%q): got error %v, want ErrAddress", address, err)
		}
		if got := store.Redact(address); strings.Contains(got, "hunter2") {
			t.Errorf("Redact(%q): got %q, want no password", address, got)
		}
	}
	if files, err := os.ReadDir("."); err != nil || len(files) > 0 {
		t.Errorf("files: got %v, error %v, want none", files, err)
	}
}

func TestAddresses(t *testing.T) {
	for address, redacted := range map[string]string{
		"prizegen.db":                                           "prizegen.db",
		"./host=h password=x":                                   "./host=h password=x",
		"/srv/a=b/12:30@night.db":                               "/srv/a=b/12:30@night.db",
		`C:\prizes\me@example.org.db`:                           `C:\prizes\me@example.org.db`,
		"../p 1?x#%41.db":                                       "../p 1?x#%41.db",
		"postgres://u:hunter2@h/x":                              "postgres://u:xxxxx@h/x",
		"PostgreSQL://u:hunter2@h/x":                            "postgresql://u:xxxxx@h/x",
		"postgres://u@h/x?password=hunter2&sslpassword=hunter2": "postgres://u@h/x?password=xxxxx&sslpassword=xxxxx",
	} {
		if err := store.CheckAddress(address); err != nil {
			t.Errorf("CheckAddress(%q): got error %v, want none", address, err)
		}
		if got := store.Redact(address); got != redacted {
			t.Errorf("Redact(%q): got %q, want %q", address, got, redacted)
		}
	}
}
