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

// lostDatabase has people play at a core while its database is lost for a while.
func lostDatabase(t *testing.T, core *service, logged string, lose, giveBack func()) {
	t.Helper()
	admin := adminAt(t, core.url, adminToken)
	startPromotion(t, admin, "trouble")
	people := gather(t, core.url, "trouble", 50)
	people.goesOn(t)
	lose()
	refusesPlays(t, core, "trouble", "the database is not available", logged)
	giveBack()
	people.goesOn(t)
	people.leave()
	c, stored := endPromotion(t, admin, "trouble")
	people.check(t, c, stored)
	t.Logf("%d answered plays, %d refused, %d draws stored", len(people.keys), people.refused.Load(), c.Plays)
}

// TestTheServerOfTheDatabaseIsGone stops PostgreSQL, as a crash does, and starts it.
func TestTheServerOfTheDatabaseIsGone(t *testing.T) {
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

// TestTheFileOfTheDatabaseIsLocked has another program write to it for long.
func TestTheFileOfTheDatabaseIsLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "prizegen.db")
	t.Setenv("PRIZEGEN_DB", path)
	core := startService(t, "--role", "core", "--no-welcome")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(30000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // it has done its work
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tell := func(text string) {
		if _, err := conn.ExecContext(context.Background(), text); err != nil {
			t.Fatal(err)
		}
	}
	lostDatabase(t, core, "another program has locked it", func() { tell("BEGIN IMMEDIATE") }, func() { tell("ROLLBACK") })
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}

// TestTheDiskIsFull keeps the database on a small disk, in memory, and fills that. A
// core with a full disk still shows what there is, so that it stays ready.
func TestTheDiskIsFull(t *testing.T) {
	disk := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("a small disk can't be made here, for which one must be root: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.CommandContext(context.Background(), "umount", disk).CombinedOutput(); err != nil {
			t.Errorf("umount: %v\n%s", err, out)
		}
	})
	t.Setenv("PRIZEGEN_DB", filepath.Join(disk, "prizegen.db"))
	core := startService(t, "--role", "core", "--no-welcome")
	t.Cleanup(core.kill) // before the disk goes
	filler := filepath.Join(disk, "filler")
	fill := func() {
		f, err := os.Create(filler)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close() //nolint:errcheck // it is full
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
