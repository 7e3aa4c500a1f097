//go:build linux

package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/prizegen/prizegen/pkg/store/storetest"
)

// testUnavailableDatabase plays through a core while disable makes its database unavailable
// and restore makes it available again. logged is the expected reason in the log.
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

// TestDatabaseServerFreezes suspends PostgreSQL, which keeps its connections but does not
// respond. It checks that requests are refused in time, and that the core recovers.
func TestDatabaseServerFreezes(t *testing.T) {
	server := storetest.StartServer(t, true)
	t.Cleanup(func() { _ = server.Thaw() }) // a suspended server does not stop
	t.Setenv("PRIZEGEN_DB", server.Address())
	core := startService(t, "--role", "core", "--no-welcome")
	startPromotion(t, adminAt(t, core.url, adminToken), "trouble")
	play := func() int {
		status, _, _ := post(t, core.url+"/v1/draws", "application/json", `{"campaign":"trouble","entrant":{"first_name":"Ann","last_name":"Lee"}}`)
		return status
	}
	if status := play(); status != http.StatusCreated {
		t.Fatalf("play before the database froze: got status %d, want 201", status)
	}
	if err := server.Freeze(); err != nil {
		t.Fatal(err)
	}
	var requests sync.WaitGroup
	for path, form := range map[string]string{
		"/readyz": "", "/v1/campaigns/trouble": "", "/v1/campaigns": "", "/c/trouble": "", "/c/trouble/winners": "",
		"/c/trouble/play": "first_name=Bob&last_name=Lee&once=abcdefghijklmnopqrstuvwxyz",
	} {
		requests.Go(func() {
			method, kind := http.MethodGet, ""
			if form != "" {
				method, kind = http.MethodPost, "application/x-www-form-urlencoded"
			}
			if status, _, text := do(t, method, core.url+path, kind, form); status != http.StatusServiceUnavailable {
				t.Errorf("%s: got status %d, want 503\n%s", path, status, text)
			}
		})
	}
	requests.Go(func() {
		if status := play(); status != http.StatusServiceUnavailable {
			t.Errorf("play while the database was frozen: got status %d, want 503", status)
		}
	})
	requests.Wait()
	core.waitForLog(t, "it does not respond")
	if err := server.Thaw(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "a play to succeed", func() bool { return play() == http.StatusCreated })
}

// TestLostDatabaseFile kills a core after plays and loses its database file in several
// ways. It checks that no command replaces the file, that the file contains all plays when
// it is put back beside its log, and that after a few seconds, it contains them without the
// log too.
func TestLostDatabaseFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "prizegen.db")
	t.Setenv("PRIZEGEN_DB", path)
	core := startService(t, "--role", "core", "--no-welcome")
	admin := adminAt(t, core.url, adminToken)
	startPromotion(t, admin, "lost")
	people := startCrowd(t, core.url, "lost", 20)
	people.waitForAnswers(t, 100)
	core.kill()
	people.leave()
	away := path + ".away"
	for name, lose := range map[string]func() error{
		"missing": func() error { return os.Rename(path, away) },
		"empty":   func() error { return errors.Join(os.Rename(path, away), os.WriteFile(path, nil, 0o600)) },
	} {
		if err := lose(); err != nil {
			t.Fatal(err)
		}
		for _, command := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"campaign", "list"}, {"campaign", "create", "new"}, {"db", "create"}} {
			_, stderr, err := tryPrizegen(t, command...)
			if err == nil || !strings.Contains(stderr, "the database file is lost") {
				t.Errorf("%v with a file that is %s: got error %v and message %q, want the error for a lost file", command, name, err, stderr)
			}
		}
		if err := os.Rename(away, path); err != nil {
			t.Fatal(err)
		}
	}
	startServiceAt(t, core.url[len("http://"):], "--role", "core", "--no-welcome")
	for key, d := range people.keys {
		if stored, err := admin.Draw(t.Context(), d.ID); err != nil || stored.Account != d.Account {
			t.Errorf("key %s: got draw %+v, error %v, want %+v", key, stored, err, d)
		}
	}
	waitFor(t, "the file to contain the plays without its log", func() bool {
		content, err := os.ReadFile(path)
		alone := filepath.Join(t.TempDir(), "alone.db")
		if err := errors.Join(err, os.WriteFile(alone, content, 0o600)); err != nil {
			t.Fatal(err)
		}
		out, _, err := tryPrizegen(t, "campaign", "draws", "lost", "--limit", "0", "-o", "csv", "--db", alone)
		return err == nil && strings.Count(out, "\n") > len(people.keys)
	})
}

// TestMovedDatabaseFile moves the file of a running core away and back. It checks that
// plays are refused in the meantime, because they would be stored in a file without a name.
func TestMovedDatabaseFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "prizegen.db")
	t.Setenv("PRIZEGEN_DB", path)
	core := startService(t, "--role", "core", "--no-welcome")
	rename := func(from, to string) {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	testUnavailableDatabase(t, core, "was moved, deleted or replaced", func() { rename(path, path+".away") }, func() {
		waitUntilNotReady(t, core)
		rename(path+".away", path)
		waitUntilReady(t, core)
	})
}

// TestDamagedDatabase checks that a core whose database file has a damaged page logs this
// and is not ready.
func TestDamagedDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "prizegen.db")
	prizegen(t, "db", "create", "--db", path)
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, err := file.Stat()
	if err == nil {
		_, err = file.WriteAt(bytes.Repeat([]byte{0xff}, 4096), info.Size()-4096)
	}
	if err := errors.Join(err, file.Close(), os.Chmod(path, 0o644)); err != nil {
		t.Fatal(err)
	}
	core := startService(t, "--role", "core", "--no-welcome", "--db", path)
	core.waitForLog(t, "the database is damaged; stop the server", "everyone on this machine can read the database")
	waitUntilNotReady(t, core)
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
	execute := func(statement string) {
		if _, err := conn.ExecContext(context.Background(), statement); err != nil {
			t.Fatal(err)
		}
	}
	testUnavailableDatabase(t, core, "another program has locked it", func() { execute("BEGIN IMMEDIATE") }, func() { execute("ROLLBACK") })
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}

// TestDiskIsFull checks that plays survive a full disk. The database is on a small disk
// in memory. A core with a full disk is not ready, because it cannot store plays.
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
		waitUntilNotReady(t, core)
		if err := errors.Join(os.Truncate(filler, 0), os.Remove(filler)); err != nil {
			t.Fatal(err)
		}
		waitUntilReady(t, core)
	})
}
