package tui

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/prize"
)

// rulesProgram returns a program with the Rules screen, which reads rules like the
// --rules flag, and presses keys.
func rulesProgram(t *testing.T, w *workspace, names ...string) frame {
	t.Helper()
	readFiles(w)
	return pressKeys(t, programOf(t, w, newRules(w)), names...)
}

// readFiles makes the backend read rules from files.
func readFiles(w *workspace) {
	w.Settings.Backend.Rules = func(_ context.Context, ref string) (*prize.Rules, error) {
		if !isFile(ref) {
			return prize.Builtin(ref)
		}
		source, err := os.ReadFile(ref)
		if err != nil {
			return nil, fmt.Errorf("rules file %s: %w", filepath.Base(ref), err)
		}
		return prize.Parse(filepath.Base(ref), source)
	}
}

const invalidSource = `name: summer
currency: GBP
rules:
  - match: "^A"
    prizes:
      - {win: 100, chance: 50%, stok: 3}
      - {prize: 大きな賞品がひとつだけここにあります, value: 8, chance: 150%}
  - match: "("
    prizes: []
`

func TestRulesViews(t *testing.T) {
	testViews(t, "rules", []view{
		{"list", func(t *testing.T, w *workspace) frame { return rulesProgram(t, w, "down", "down", "down") }},
		{"yaml", func(t *testing.T, w *workspace) frame { return rulesProgram(t, w, "y", "down", "down") }},
		{"loading", func(t *testing.T, w *workspace) frame { return deliver(t, newFrame(w, newRules(w)), showMsg{0}) }},
		{"mistakes", func(t *testing.T, w *workspace) frame {
			_, err := prize.Parse("summer.yaml", []byte(invalidSource))
			return deliver(t, rulesProgram(t, w), rulesMsg{ref: "summer.yaml", err: err})
		}},
		{"missing", func(t *testing.T, w *workspace) frame {
			return deliver(t, rulesProgram(t, w), rulesMsg{ref: "summer.yaml", err: fmt.Errorf("rules file summer.yaml: %w", os.ErrNotExist)})
		}},
		{"goods", func(t *testing.T, w *workspace) frame {
			w.Settings.Free.Rules = must(prize.Parse("x.yaml", []byte(`name: 夏
currency: JPY
rules:
- name: 当たり
  match: "4"
  prizes:
  - {prize: 大きな賞品, value: 8000, chance: 15%, stock: 500, then: マグ}
  - {prize: マグ, value: 800, chance: 1/3}
- prizes: [{win: 1, chance: 10%}]
`)))(t)
			return rulesProgram(t, w)
		}},
	})
}

// TestWatchRules changes a rules file while the screen is shown. It checks that the file
// is reloaded, even after mistakes, and that the last rules without mistakes stay in use.
func TestWatchRules(t *testing.T) {
	file := newRulesFile(t)
	file.save("first", "10%")
	w := testWorkspace(t, termenv.Ascii)
	f := rulesProgram(t, w)
	f = runCmd(t, f, w.awaitRules(w.Settings.Backend, file.path))
	check := func(rules, shown string) {
		t.Helper()
		f = tickWatch(t, f, 0)
		if got := f.settings.Terms().Rules.Name; got != rules {
			t.Errorf("rules: got %s, want %s", got, rules)
		}
		checkShows(t, f, shown)
	}
	check("first", "mine.yaml")
	file.save("second", "10%")
	check("second", "reloaded second")
	file.save("third", "200%")
	check("second", "line 3, column")
	check("second", "most 100%")
	if err := os.Remove(file.path); err != nil {
		t.Fatal(err)
	}
	check("second", "line 3, column")
	file.save("fourth", "10%")
	check("fourth", "reloaded fourth")
	f = pressKeys(t, f, "r")
	checkShows(t, f, "reloaded fourth")
}

// rulesFile is a rules file whose modification time advances by a second with each save.
type rulesFile struct {
	t     *testing.T
	path  string
	saved time.Time
}

func newRulesFile(t *testing.T) *rulesFile {
	t.Helper()
	return &rulesFile{t, filepath.Join(t.TempDir(), "mine.yaml"), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}
}

// save saves rules that have a name and a single prize with a chance.
func (r *rulesFile) save(name, chance string) {
	r.t.Helper()
	r.saved = r.saved.Add(time.Second)
	source := fmt.Sprintf("name: %s\ncurrency: GBP\nrules: [{prizes: [{win: 1, chance: %s}]}]\n", name, chance)
	if err := os.WriteFile(r.path, []byte(source), 0o600); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Chtimes(r.path, r.saved, r.saved); err != nil {
		r.t.Fatal(err)
	}
}

// tickWatch makes a Rules screen check its file.
func tickWatch(t *testing.T, f frame, screen int) frame {
	t.Helper()
	next, cmd := f.Update(watchTickMsg{f.screens[screen].(rulesScreen).watch.number})
	return runCmd(t, next.(frame), cmd)
}

// TestWatchRulesInBackground changes a rules file while another screen is shown and while
// a campaign is selected. It checks that the file remains marked as invalid while the rules
// in use are shown.
func TestWatchRulesInBackground(t *testing.T) {
	file := newRulesFile(t)
	file.save("first", "10%")
	w := testWorkspace(t, termenv.Ascii)
	readFiles(w)
	f := programOf(t, w, newDraw(w), newRules(w))
	f = runCmd(t, f, w.awaitRules(w.Settings.Backend, file.path))
	file.save("second", "10%") // before the first check of the file
	f = tickWatch(t, f, 1)
	checkShows(t, f, "reloaded second", "second · lower4")
	file.save("third", "200%")
	f = tickWatch(t, f, 1)
	checkShows(t, f, "1 mistake in", "✗ mine.yaml can't be used · second")
	f = pressKeys(t, f, "2")
	checkShows(t, f, "most 100%")
	f = pressKeys(t, f, "y")
	checkShows(t, f, "✗ mine.yaml can't be used (y)  second", "applies to")
	f = pressKeys(t, f, "y", "y")
	checkShows(t, f, "most 100%")
	f = pressKeys(t, f, "1", "g")
	f = pressKeys(t, f, "down", "enter")
	checkShows(t, f, "mine.yaml") // the path is kept so that the user can correct it
	f = pressKeys(t, f, "esc")

	summer := campaign.Campaign{Name: "summer", Rules: "generous", RulesYAML: string(w.Settings.Free.Rules.Source()), TextFormat: "lower4", NumberFormat: "digits4"}
	f = runCmd(t, f, send(changeMsg{func(s Settings) Settings { return must(s.withCampaign(&summer))(t) }}))
	watch := f.screens[1].(rulesScreen).watch.number
	if _, cmd := f.screens[1].Update(watchTickMsg{watch}); cmd != nil {
		t.Error("the file was checked while a campaign was selected, want no check")
	}
	file.save("fourth", "10%")
	f = runCmd(t, f, send(changeMsg{func(s Settings) Settings { s.Campaign = nil; return s }}))
	checkShows(t, f, "reloaded fourth", "fourth · lower4")
	if f.settings.invalid != nil {
		t.Error("the corrected file is still marked as invalid, want no mark")
	}
}

// TestSelectRuleByMouse clicks on the third rule and checks that it is selected.
func TestSelectRuleByMouse(t *testing.T) {
	f := rulesProgram(t, testWorkspace(t, termenv.Ascii))
	f = deliver(t, f, tea.MouseMsg{X: 5, Y: 3 + rulesHead + 2, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress})
	if r := f.screens[0].(rulesScreen); r.selected != 2 {
		t.Errorf("selected rule: got %d, want 3:\n%s", r.selected+1, f.View())
	}
}

// TestReloadInCampaign checks that the rules of a campaign, which never change, are not
// reloaded.
func TestReloadInCampaign(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	openCampaign(t, w)
	f := rulesProgram(t, w, "r")
	checkShows(t, f, "the rules of an open campaign never change")
}

// TestPrintable checks that the control characters of a file are replaced.
func TestPrintable(t *testing.T) {
	if got, want := printable("a\x1b[31mb\u009bé"), "a\uFFFD[31mb\uFFFDé"; got != want {
		t.Errorf("printable text: got %q, want %q", got, want)
	}
}
