package tui

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"
	"github.com/google/go-cmp/cmp"
	"github.com/muesli/termenv"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden views in testdata")

// sizes are the terminal sizes of the golden views.
var sizes = []struct{ width, height int }{{80, 24}, {40, 12}, {120, 40}}

// view is a state of the program that golden views show. Show returns the program in that
// state. It must deliver every message itself, because commands do not run.
type view struct {
	state string
	show  func(t *testing.T, w *workspace) frame
}

// testViews compares views with the sections of testdata/NAME.txtar, at every size, with
// and without colours.
func testViews(t *testing.T, name string, views []view) {
	t.Helper()
	golden := openGolden(t, name)
	for _, v := range views {
		for _, size := range sizes {
			for kind, profile := range map[string]termenv.Profile{"txt": termenv.Ascii, "ansi": termenv.TrueColor} {
				w := testWorkspace(t, profile)
				f := deliver(t, v.show(t, w), tea.WindowSizeMsg{Width: size.width, Height: size.height})
				checkFits(t, f.View(), size.width, size.height)
				golden.check(fmt.Sprintf("%s %dx%d.%s", v.state, size.width, size.height, kind), f.View())
			}
		}
	}
}

// goldenFile is a txtar archive in testdata that contains a section per view.
type goldenFile struct {
	t    *testing.T
	path string
	want map[string]string // sections by name; compared sections are removed
	got  []txtar.File
}

// openGolden opens testdata/NAME.txtar. At the end of the test it reports sections that
// were not compared. With -update it rewrites the file.
func openGolden(t *testing.T, name string) *goldenFile {
	t.Helper()
	g := &goldenFile{t: t, path: filepath.Join("testdata", name+".txtar"), want: map[string]string{}}
	if *update {
		t.Cleanup(g.write)
		return g
	}
	archive, err := txtar.ParseFile(g.path)
	if err != nil {
		t.Fatalf("%v; run with -update to create it", err)
	}
	for _, section := range archive.Files {
		g.want[section.Name] = string(section.Data)
	}
	t.Cleanup(func() {
		for section := range g.want {
			t.Errorf("%s: no test shows section %q; run with -update to remove it", g.path, section)
		}
	})
	return g
}

// check compares a view with a section. In the file, ␛ represents the escape character,
// and lines have no trailing spaces.
func (g *goldenFile) check(section, view string) {
	g.t.Helper()
	var got strings.Builder
	for line := range strings.Lines(strings.ReplaceAll(view, "\x1b", "␛") + "\n") {
		got.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	if *update {
		g.got = append(g.got, txtar.File{Name: section, Data: []byte(got.String())})
		return
	}
	want, ok := g.want[section]
	if !ok {
		g.t.Errorf("%s: missing section %q; run with -update to add it", g.path, section)
		return
	}
	delete(g.want, section)
	if diff := cmp.Diff(want, got.String()); diff != "" {
		g.t.Errorf("%s: section %q differs (-want +got); run with -update to accept it:\n%s", g.path, section, diff)
	}
}

func (g *goldenFile) write() {
	slices.SortFunc(g.got, func(a, b txtar.File) int { return strings.Compare(a.Name, b.Name) })
	if err := os.WriteFile(g.path, txtar.Format(&txtar.Archive{Files: g.got}), 0o644); err != nil {
		g.t.Fatal(err)
	}
}

// checkFits reports an error if a view is wider than width or does not have exactly
// height lines.
func checkFits(t *testing.T, view string, width, height int) {
	t.Helper()
	lines := strings.Split(view, "\n")
	if len(lines) != height {
		t.Errorf("lines of the view: got %d, want %d:\n%s", len(lines), height, view)
	}
	for i, line := range lines {
		if got := lipgloss.Width(line); got > width {
			t.Errorf("line %d: got %d columns, want at most %d: %q", i+1, got, width, line)
		}
	}
}
