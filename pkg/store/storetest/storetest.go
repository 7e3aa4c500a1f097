// Package storetest provides real databases for tests: SQLite files, and a PostgreSQL
// server that runs during the tests of a package.
//
//	storetest.Each(t, func(t *testing.T, address string) { db := storetest.Open(t, address) … })
package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"

	"github.com/prizegen/prizegen/pkg/store"
)

// serverVariable is the environment variable with the address of the server. If it is not
// set, [Run] starts a server and sets it.
const serverVariable = "PRIZEGEN_TEST_POSTGRES"

// Run runs the tests of a package with a PostgreSQL server, if one is installed, and
// returns the exit status. Call it in TestMain.
func Run(m *testing.M) int {
	if os.Getenv(serverVariable) != "" {
		return m.Run()
	}
	server, err := Launch(false)
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "tests run without PostgreSQL:", err)
		return m.Run()
	}
	defer server.Stop()
	if err := os.Setenv(serverVariable, server.Address()); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// Each runs a test with each engine, in a subtest named after the engine.
func Each(t *testing.T, test func(t *testing.T, address string)) {
	t.Helper()
	t.Run(string(store.SQLite), func(t *testing.T) { test(t, File(t)) })
	t.Run(string(store.Postgres), func(t *testing.T) { test(t, Postgres(t)) })
}

// File returns the path for a new SQLite file in a temporary folder.
func File(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "prizegen.db")
}

// Postgres returns the address of a new database, which is removed after the test. If
// there is no server, it skips the test, or fails it if the environment variable CI is
// set.
func Postgres(t testing.TB) string {
	t.Helper()
	server := os.Getenv(serverVariable)
	if server == "" {
		skipOrFail(t, "PostgreSQL is not installed; install it, or set "+serverVariable+" to the address of a server")
	}
	name := fmt.Sprintf("prizegen_%d_%d", os.Getpid(), time.Now().UnixNano())
	command(t, server, "CREATE DATABASE "+name)
	t.Cleanup(func() { command(t, server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// skipOrFail skips a test, or fails it if the environment variable CI is set.
func skipOrFail(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// command runs a statement on the server.
func command(t testing.TB, server, text string) {
	t.Helper()
	db, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // the statement has finished
	if _, err := db.ExecContext(context.Background(), text); err != nil {
		t.Error(err)
	}
}

// Open opens a database, with options that change may change, and closes it after the test.
// The lock timeout is long, because replicas may have to wait for each other on slow
// machines.
func Open(t testing.TB, address string, change ...func(*store.Options)) *store.DB {
	t.Helper()
	options := store.Options{Create: true, LockTimeout: 10 * time.Minute}
	for _, f := range change {
		f(&options)
	}
	db, err := store.Open(t.Context(), address, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}
