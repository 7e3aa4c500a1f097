package tui

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/prize"
)

// rulesProgram has the screen Rules, with rules from files as the command line has them.
func rulesProgram(t *testing.T, w *world, names ...string) frame {
	t.Helper()
	fromFiles(w)
	return do(t, programOf(t, w, newRules(w)), names...)
}

// fromFiles has rules read from files.
func fromFiles(w *world) {
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

const wrongSource = `name: summer
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
		{"list", func(t *testing.T, w *world) frame { return rulesProgram(t, w, "down", "down", "down") }},
		{"yaml", func(t *testing.T, w *world) frame { return rulesProgram(t, w, "y", "down", "down") }},
		{"loading", func(t *testing.T, w *world) frame { return press(t, newFrame(w, newRules(w)), showMsg{0}) }},
		{"mistakes", func(t *testing.T, w *world) frame {
			_, err := prize.Parse("summer.yaml", []byte(wrongSource))
			return press(t, rulesProgram(t, w), rulesMsg{ref: "summer.yaml", err: err})
		}},
		{"missing", func(t *testing.T, w *world) frame {
			return press(t, rulesProgram(t, w), rulesMsg{ref: "summer.yaml", err: fmt.Errorf("rules file summer.yaml: %w", os.ErrNotExist)})
		}},
		{"goods", func(t *testing.T, w *world) frame {
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

// TestRulesFileChanges edits a file while its screen is shown: it is read again, also
// when it has mistakes at first, and draws go on by the last rules without any.
func TestRulesFileChanges(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.yaml")
	saved := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	save := func(source string) {
		t.Helper()
		saved = saved.Add(time.Second)
		if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, saved, saved); err != nil {
			t.Fatal(err)
		}
	}
	const good = "name: %s\ncurrency: GBP\nrules: [{prizes: [{win: 1, chance: 10%%}]}]\n"
	save(fmt.Sprintf(good, "first"))
	w := testWorld(t, termenv.Ascii)
	f := rulesProgram(t, w)
	f = settle(t, f, w.loadRules(w.Settings.Backend, file))
	look := func(want, shown string) {
		t.Helper()
		r := f.screens[0].(rulesScreen)
		next, cmd := f.Update(watchTickMsg{r.watch.round})
		f = settle(t, next.(frame), cmd)
		if got := f.settings.Terms().Rules.Name; got != want || !strings.Contains(f.View(), shown) {
			t.Errorf("draws go by %s, want %s; and %q should be shown:\n%s", got, want, shown, f.View())
		}
	}
	look("first", "mine.yaml")
	save(fmt.Sprintf(good, "second"))
	look("second", "read again: second")
	save("name: third\ncurrency: GBP\nrules: [{prizes: [{win: 1, chance: 200%}]}]\n")
	look("second", "line 3, column")
	look("second", "most 100%")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	look("second", "line 3, column")
	save(fmt.Sprintf(good, "fourth"))
	look("fourth", "read again: fourth")
	if f = do(t, f, "r"); !strings.Contains(f.View(), "read again: fourth") {
		t.Errorf("r does not tell that it was read:\n%s", f.View())
	}
}

// TestRulesFileChangesElsewhere edits a file while another screen is shown, and while a
// campaign is played: it is read again, and its mistakes stay marked however long the
// user looks at the rules that are used instead.
func TestRulesFileChangesElsewhere(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.yaml")
	saved := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	save := func(name, chance string) {
		t.Helper()
		saved = saved.Add(time.Second)
		source := fmt.Sprintf("name: %s\ncurrency: GBP\nrules: [{prizes: [{win: 1, chance: %s}]}]\n", name, chance)
		if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, saved, saved); err != nil {
			t.Fatal(err)
		}
	}
	save("first", "10%")
	w := testWorld(t, termenv.Ascii)
	fromFiles(w)
	f := programOf(t, w, newDraw(w), newRules(w))
	f = settle(t, f, w.loadRules(w.Settings.Backend, file))
	look := func() {
		t.Helper()
		next, cmd := f.Update(watchTickMsg{f.screens[1].(rulesScreen).watch.round})
		f = settle(t, next.(frame), cmd)
	}
	want := func(texts ...string) {
		t.Helper()
		for _, text := range texts {
			if !strings.Contains(f.View(), text) {
				t.Errorf("%q is not shown:\n%s", text, f.View())
			}
		}
	}
	save("second", "10%") // before the first look
	look()
	want("read again: second", "second · lower4")
	save("third", "200%")
	look()
	want("1 mistake in", "✗ mine.yaml can't be used · second")
	f = do(t, f, "2")
	want("most 100%")
	f = do(t, f, "y")
	want("✗ mine.yaml can't be used (y)  second", "decides")
	f = do(t, f, "y", "y")
	want("most 100%")
	f = do(t, f, "1", "g")
	f = do(t, f, "down", "enter")
	want("mine.yaml") // to be corrected or typed anew
	f = do(t, f, "esc")

	p := must(newCampaign(campaign.Campaign{Name: "summer", Rules: "generous", RulesYAML: string(w.Settings.Free.Rules.Source()), TextFormat: "lower4", NumberFormat: "digits4"}))(t)
	f = settle(t, f, send(changeMsg{func(s Settings) Settings { s.Campaign = p; return s }}))
	round := f.screens[1].(rulesScreen).watch.round
	if _, cmd := f.screens[1].Update(watchTickMsg{round}); cmd != nil {
		t.Error("the file is looked at while a campaign is played")
	}
	save("fourth", "10%")
	f = settle(t, f, send(changeMsg{func(s Settings) Settings { s.Campaign = nil; return s }}))
	want("read again: fourth", "fourth · lower4")
	if f.settings.wrong != nil {
		t.Error("the mark stays")
	}
}

// TestSelectRuleByMouse clicks on a rule.
func TestSelectRuleByMouse(t *testing.T) {
	f := rulesProgram(t, testWorld(t, termenv.Ascii))
	f = press(t, f, tea.MouseMsg{X: 5, Y: 3 + rulesHead + 2, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress})
	if r := f.screens[0].(rulesScreen); r.at != 2 {
		t.Errorf("rule %d is selected, want the third:\n%s", r.at+1, f.View())
	}
}
