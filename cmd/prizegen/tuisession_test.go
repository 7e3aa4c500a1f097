//go:build unix

package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
)

// freeAddress returns an address on which no program is listening.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// TestTUISession runs a whole session on a terminal. The user makes draws, changes the
// rules, looks at the odds, stops a bulk draw, plays in a campaign and corrects a name.
// Then services go down and come back.
func TestTUISession(t *testing.T) {
	folder := t.TempDir()
	db := filepath.Join(folder, "prizegen.db")
	prizegen(t, "campaign", "create", "summer", "--open", "--db", db)
	m := onTmux(t, 100, 30, fmt.Sprintf("XDG_CONFIG_HOME=%s XDG_DATA_HOME=%s prizegen tui --seed 42 --start 9 --db %s; echo exit status $?", show.ShellWord(folder), show.ShellWord(folder), show.ShellWord(db)))
	m.until("Press space to draw", "generous", "seed 42")

	drawInSession(m)
	bulkInSession(m, folder)
	campaignInSession(t, m, db)
	servicesInSession(t, m)

	m.keys("q")
	m.until("exit status 0")
	if got, want := m.do("display-message", "-p", "alternate screen #{alternate_on}, cursor #{cursor_flag}, mouse #{mouse_any_flag}"), "alternate screen 0, cursor 1, mouse 0\n"; got != want {
		t.Errorf("terminal state: got %s, want %s", got, want)
	}
}

// drawInSession makes the same draw as prizegen draw --seed 42 --start 9, and switches to
// other rules.
func drawInSession(m *tmuxScreen) {
	m.t.Helper()
	want := prizegen(m.t, "draw", "--seed", "42", "--start", "9", "-o", "csv")
	if !strings.Contains(want, "9,awsn5676,starts with A,£50.00,") {
		m.t.Fatalf("prizegen draw: got %s, want awsn5676", want)
	}
	m.keys("Space")
	m.until("£50.00", "starts with A", "next is 10")
	m.keys("g")
	m.until("Rules", "bigger rewards")
	m.keys("Down", "Enter")
	m.until("modest · lower4 + digits4")
	m.keys("2")
	m.until("The odds of lower4 + digits4 with rules modest", "win 25.25%")
	m.keys("?")
	m.until("Keys of Odds")
	m.keys("Escape")
	m.gone("Keys of Odds")
}

// bulkInSession stops a bulk draw, which leaves no file behind. Then it writes a smaller
// bulk draw to a file.
func bulkInSession(m *tmuxScreen, folder string) {
	m.t.Helper()
	stopped, finished := filepath.Join(folder, "many.csv"), filepath.Join(folder, "few.csv")
	m.keys("3")
	m.until("Draw many")
	plan := func(count, path string) {
		m.t.Helper()
		m.keys("m")
		m.until("First index")
		m.keys("C-u")
		m.write(count)
		m.keys("Tab", "Tab", "C-u")
		m.write(path)
		m.keys("Enter")
	}
	plan("100000000", stopped)
	m.until("100,000,000 draws", "left", "no prize")
	m.keys("x")
	m.until("stopped after", "chi-square")
	plan("12345", finished)
	m.until("12,345 draws", "✓ wrote", "chi-square")
	files, err := filepath.Glob(filepath.Join(folder, "*.csv*"))
	if err != nil || len(files) != 1 {
		m.t.Errorf("CSV files: got %v and error %v, want one file", files, err)
	}
	got, err := os.ReadFile(finished)
	want := prizegen(m.t, "draw", "--seed", "42", "-n", "12345", "--rules", "modest", "-o", "csv")
	if err != nil || string(got) != want {
		m.t.Errorf("CSV file: got %d bytes and error %v, want the same %d bytes as from prizegen draw", len(got), err, len(want))
	}
}

// campaignInSession plays in a campaign and corrects the name of the entrant.
func campaignInSession(t *testing.T, m *tmuxScreen, db string) {
	t.Helper()
	m.keys("4")
	m.until("This session", "awsn5676", "£50.00")
	m.keys("c")
	m.until("Campaign", "summer")
	m.keys("Down", "Enter")
	m.until("Who plays?")
	m.write("小龍")
	m.keys("Tab")
	m.write("Lee")
	m.keys("Enter", "Enter")
	m.until("campaign summer · 小龍 Lee plays")
	m.keys("1", "Space")
	m.until("小龍 Lee, ", " by the rule ", "2 drawn")
	m.keys("4")
	m.until("Campaign summer", "小龍 Lee")
	m.keys("e")
	m.until("Edit the entrant of")
	m.keys("Tab", "C-u")
	m.write("李")
	m.keys("Enter", "Enter")
	m.until("Change the entrant?")
	m.keys("y")
	m.until("the entrant is now 小龍 李")
	if list := prizegen(t, "entrant", "list", "--db", db, "-o", "json"); !strings.Contains(list, `"last_name": "李"`) {
		t.Errorf("entrants: got %s, want the corrected name", list)
	}
}

// servicesInSession draws with services that go down and come back.
func servicesInSession(t *testing.T, m *tmuxScreen) {
	t.Helper()
	address := freeAddress(t)
	all := startServiceAt(t, address, "--db", filepath.Join(t.TempDir(), "core.db"))
	m.keys("b")
	m.until("Where draws are made")
	m.keys("Down", "Enter")
	m.until("Address of the services")
	m.write("http://" + address)
	m.keys("Enter")
	m.until("free play · seed 42 · next is 10 · " + address)
	m.keys("5")
	m.until("All 4 services are ready")
	all.kill()
	m.until("0 of 4 services are ready", "down")
	m.keys("1", "Space")
	m.until("does not answer")
	m.keys("?")
	m.until("Keys of Draw")
	m.keys("Escape")
	m.gone("Keys of Draw")
	startServiceAt(t, address, "--db", filepath.Join(t.TempDir(), "core.db"))
	m.keys("5")
	m.until("All 4 services are ready")
	m.keys("1", "Space")
	m.until("next is 11")
}
