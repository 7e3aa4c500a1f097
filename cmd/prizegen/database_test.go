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

// lostDatabase plays at a core while its database is unavailable for some time.
func lostDatabase(t *testing.T, core *service, logged string, lose, restore func()) {
	t.Helper()
	admin := adminAt(t, core.url, adminToken)
	startPromotion(t, admin, "trouble")
	people := gather(t, core.url, "trouble", 50)
	people.waitForAnswers(t, 100)
	lose()
	refusesPlays(t, core, "trouble", "the database is not available", logged)
	restore()
	people.waitForAnswers(t, 100)
	people.leave()
	c, stored := endPromotion(t, admin, "trouble")
	people.check(t, c, stored)
	t.Logf("%d answered plays, %d refused, %d draws stored", len(people.keys), people.refused.Load(), c.Plays)
}

// TestDatabaseServerStops stops PostgreSQL as a crash does, and starts it again.
func TestDatabaseServerStops(t *testing.T) {
	server := storetest.StartServer(t, true)
	t.Setenv("PRIZEGEN_DB", server.Address())
	core := startService(t, "--role", "core", "--no-welcome")
	lostDatabase(t, core, "is not available", server.Halt, func() {
		notReady(t, core)
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestDatabaseFileIsLocked locks the database file with another program.
func TestDatabaseFileIsLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "prizegen.db")
	t.Setenv("PRIZEGEN_DB", path)
	core := startService(t, "--role", "core", "--no-welcome")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(30000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // every write has its own end
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	execute := func(text string) {
		if _, err := conn.ExecContext(context.Background(), text); err != nil {
			t.Fatal(err)
		}
	}
	lostDatabase(t, core, "another program has locked it", func() { execute("BEGIN IMMEDIATE") }, func() { execute("ROLLBACK") })
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}

// TestDiskIsFull fills the disk of the database, which is small and in memory. A core with
// a full disk can still show pages, so it stays ready.
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
	t.Cleanup(core.kill) // before the disk is unmounted
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
	lostDatabase(t, core, "the disk is full", fill, func() {
		if err := errors.Join(os.Truncate(filler, 0), os.Remove(filler)); err != nil {
			t.Fatal(err)
		}
	})
}
