//go:build linux

package main

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/prizegen/prizegen/pkg/store/storetest"
)

// testUnavailableDatabase plays through a core while its database is unavailable for some
// time.
func testUnavailableDatabase(t *testing.T, core *service, logged string, disable, restore func()) {
	t.Helper()
	admin := adminAt(t, core.url, adminToken)
	startPromotion(t, admin, "trouble")
	people := startCrowd(t, core.url, "trouble", 50)
	people.waitForAnswers(t, 100)
	disable()
	waitForRefusals(t, core, "trouble", "the database is not available", logged)
	restore()
	people.waitForAnswers(t, 100)
	people.leave()
	c, stored := endPromotion(t, admin, "trouble")
	people.check(t, c, stored)
	t.Logf("%d answered plays, %d refused, %d draws stored", len(people.keys), people.refused.Load(), c.Plays)
}

// TestDatabaseServerStops checks that plays survive a crash and a restart of PostgreSQL.
func TestDatabaseServerStops(t *testing.T) {
	server := storetest.StartServer(t, true)
	t.Setenv("PRIZEGEN_DB", server.Address())
	core := startService(t, "--role", "core", "--no-welcome")
	testUnavailableDatabase(t, core, "is not available", server.Halt, func() {
		waitUntilNotReady(t, core)
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestDatabaseFileIsLocked checks that plays survive a lock that another program holds on
// the database file.
func TestDatabaseFileIsLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "prizegen.db")
	t.Setenv("PRIZEGEN_DB", path)
	core := startService(t, "--role", "core", "--no-welcome")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(30000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // nothing is written
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	execute := func(text string) {
		if _, err := conn.ExecContext(context.Background(), text); err != nil {
			t.Fatal(err)
		}
	}
	testUnavailableDatabase(t, core, "another program has locked it", func() { execute("BEGIN IMMEDIATE") }, func() { execute("ROLLBACK") })
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}

// TestDiskIsFull fills the disk that contains the database, a small one in memory. A core
// with a full disk can still show pages, so it remains ready.
func TestDiskIsFull(t *testing.T) {
	disk := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("mounting a small disk needs root: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.CommandContext(context.Background(), "umount", disk).CombinedOutput(); err != nil {
			t.Errorf("umount: %v\n%s", err, out)
		}
	})
	t.Setenv("PRIZEGEN_DB", filepath.Join(disk, "prizegen.db"))
	core := startService(t, "--role", "core", "--no-welcome")
	t.Cleanup(core.kill) // the disk must be unmounted afterwards
	filler := filepath.Join(disk, "filler")
	fill := func() {
		f, err := os.Create(filler)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close() //nolint:errcheck // the disk is full
		block := make([]byte, 4096)
		for err == nil {
			_, err = f.Write(block)
		}
	}
	testUnavailableDatabase(t, core, "the disk is full", fill, func() {
		if err := errors.Join(os.Truncate(filler, 0), os.Remove(filler)); err != nil {
			t.Fatal(err)
		}
	})
}
