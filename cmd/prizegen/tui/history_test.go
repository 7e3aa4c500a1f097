package tui

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/store"
)

// historyFrame shows the history alone.
func historyFrame(t *testing.T, w *world) frame {
	t.Helper()
	f := newFrame(w, newHistory(w))
	return press(t, f, tea.WindowSizeMsg{Width: 80, Height: 24}, showMsg{0})
}

// drawn makes draws of free play from seed 42 on, as the draw screen tells of them.
func drawn(t *testing.T, w *world, start, count uint64) []tea.Msg {
	t.Helper()
	var msgs []tea.Msg
	terms := w.Settings.Free
	if err := draw.Run(t.Context(), draw.Local{}, w.Settings.Spec(start, count), nil, func(b *draw.Batch) error {
		for i := range b.Len() {
			msgs = append(msgs, drawnMsg{draw: b.Draw(i), outcome: b.Outcomes[i], terms: terms, at: w.Now().Add(time.Duration(i) * time.Second)})
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return msgs
}

// shelf is a promoter whose draws are always the same ones.
type shelf struct {
	Promoter
	draws []campaign.Draw
	err   error
}

func (s shelf) Draws(_ context.Context, list campaign.DrawList) (campaign.DrawPage, error) {
	var page campaign.DrawPage
	for i := len(s.draws) - 1; i >= 0; i-- {
		d := s.draws[i]
		if list.Cursor != "" && fmt.Sprint(d.Index) >= list.Cursor {
			continue
		}
		page.Draws = append(page.Draws, d)
	}
	return page, s.err
}

// promotion has the settings play a campaign whose draws are on a shelf.
func promotion(t *testing.T, w *world, s shelf) {
	t.Helper()
	w.Settings.Backend.Promoter = func(context.Context) (Promoter, error) { return s, nil }
	w.Settings.Campaign = &Campaign{Campaign: campaign.Campaign{Name: "summer", Title: "Summer", State: campaign.Open}, Terms: w.Settings.Free}
}

// summerDraws are some stored draws, by people with names of any width.
func summerDraws(t *testing.T, w *world) []campaign.Draw {
	t.Helper()
	people := []campaign.Person{{FirstName: "Ann", LastName: "Lee"}, {FirstName: "小龍", LastName: "李"}, {FirstName: "Zoë", LastName: "Müller-Lüdenscheidt", Email: "zoe@example.org"}}
	var list []campaign.Draw
	for i, msg := range drawn(t, w, 9, 7) {
		d := msg.(drawnMsg).draw
		person := people[i%len(people)]
		stored := campaign.Draw{
			ID: fmt.Sprintf("summer-%d-3k5dyzf2q7wmb4xu", d.Index), Index: d.Index, Account: d.Whole, Text: d.Text, Number: d.Number,
			Rule: d.Rule, Prize: d.Prize, Campaign: "summer", TextFormat: d.TextFormat, NumberFormat: d.NumberFormat,
			Rules: d.Rules, RulesSHA256: d.RulesSHA256, PlayedAt: w.Now().Add(time.Duration(i) * time.Minute),
			Player: person.Shown(), Entrant: &campaign.Contact{ID: int64(i%len(people) + 1), Person: person, CreatedAt: w.Now()},
		}
		switch i {
		case 0:
			stored.Claim = &campaign.Mark{At: w.Now().Add(time.Hour), Note: "at the desk"}
		case 2:
			stored.Void = &campaign.Mark{At: w.Now().Add(2 * time.Hour), Note: "played by the staff"}
		}
		list = append(list, stored)
	}
	return list
}

func TestHistoryViews(t *testing.T) {
	testViews(t, "history", []view{
		{"empty", historyFrame},
		{"session", func(t *testing.T, w *world) frame {
			return press(t, press(t, historyFrame(t, w), drawn(t, w, 0, 30)...), keys("down", "down")...)
		}},
		{"loading", func(t *testing.T, w *world) frame {
			promotion(t, w, shelf{})
			return historyFrame(t, w)
		}},
		{"campaign", func(t *testing.T, w *world) frame {
			promotion(t, w, shelf{draws: summerDraws(t, w)})
			return do(t, historyFrame(t, w), "r", "down")
		}},
		{"detail", func(t *testing.T, w *world) frame {
			promotion(t, w, shelf{draws: summerDraws(t, w)})
			return do(t, historyFrame(t, w), "r", "end", "down", "down", "down", "down", "enter")
		}},
		{"error", func(t *testing.T, w *world) frame {
			promotion(t, w, shelf{err: errors.New("the core service at http://localhost:8080 does not answer: connection refused")})
			return do(t, historyFrame(t, w), "r")
		}},
	})
}

// TestSessionStaysBounded however many draws there are.
func TestSessionStaysBounded(t *testing.T) {
	var s session
	const many = 50_000
	for i := range uint64(many) {
		s = s.add(drawnMsg{draw: draw.Draw{Index: i}}, historyFilter{})
	}
	if s.found < maxSession || s.found != len(s.kept) {
		t.Errorf("%d are counted of the %d that are kept", s.found, len(s.kept))
	}
	list := s.list(historyFilter{})
	if s.total != many || len(list) != maxSession || cap(s.kept) > 2*maxSession {
		t.Errorf("%d draws: %d listed, room for %d kept", s.total, len(list), cap(s.kept))
	}
	if list[0].draw.Index != many-1 || list[maxSession-1].draw.Index != many-maxSession {
		t.Errorf("listed are %d to %d", list[0].draw.Index, list[maxSession-1].draw.Index)
	}
}

// TestSessionKeepsTheSelectedDraw while others are made.
func TestSessionKeepsTheSelectedDraw(t *testing.T) {
	w := testWorld(t, termenv.Ascii)
	f := press(t, press(t, historyFrame(t, w), drawn(t, w, 0, 5)...), keys("down")...)
	f = press(t, f, drawn(t, w, 5, 3)...)
	h := f.screens[0].(historyScreen)
	if got := h.session.list(h.filter)[h.at].draw.Index; got != 3 {
		t.Errorf("index %d is selected, want 3 as before", got)
	}
	f = do(t, f, "f", "down", "enter")
	h = f.screens[0].(historyScreen)
	for _, d := range h.session.list(h.filter) {
		if d.draw.Prize == nil {
			t.Errorf("listed with those that won: %+v", d.draw)
		}
	}
	if f = press(t, f, drawn(t, w, 8, 40)...); f.screens[0].(historyScreen).len() != len(f.screens[0].(historyScreen).session.list(h.filter)) {
		t.Error("not as many are counted as are listed")
	}
	if !strings.Contains(f.View(), "only won") {
		t.Errorf("the filter is not told:\n%s", f.View())
	}
}

// TestFilterAfterClaim lists the unclaimed draws and claims one: it goes from the list.
func TestFilterAfterClaim(t *testing.T) {
	w := testWorld(t, termenv.Ascii)
	openCampaign(t, w)
	f := do(t, historyFrame(t, w), "r", "f", "down", "down", "enter")
	before := f.screens[0].(historyScreen)
	f = do(t, f, "h", "enter")
	after := f.screens[0].(historyScreen)
	if len(after.page) != len(before.page)-1 || after.page[0].ID == before.page[0].ID {
		t.Errorf("%d draws are listed after %d:\n%s", len(after.page), len(before.page), f.View())
	}
}

// open makes a campaign in a real database that some people played 250 times.
func openCampaign(t *testing.T, w *world) *campaign.Promoter {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "prizegen.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	p := campaign.New(campaign.Config{Store: db, Generator: draw.Local{}}).As("cli")
	rules := must(prize.Builtin(prize.Generous))(t)
	must(p.Create(t.Context(), campaign.Plan{Name: "summer", RulesYAML: string(rules.Source()), TextFormat: "lower4", NumberFormat: "digits4"}))(t)
	must(p.Open(t.Context(), "summer"))(t)
	for i := range 250 {
		person := campaign.Person{FirstName: "Ann", LastName: fmt.Sprintf("Lee%d", i%3)}
		must(p.Play(t.Context(), campaign.Play{Campaign: "summer", Person: &person}))(t)
	}
	w.Settings.Backend.Promoter = func(context.Context) (Promoter, error) { return p, nil }
	s, err := w.Settings.Enter(t.Context(), "summer")
	if err != nil {
		t.Fatal(err)
	}
	w.Settings = s
	return p
}

// selected is the draw that keys act on, as it is in the list.
func selected(t *testing.T, f frame) campaign.Draw {
	t.Helper()
	d := f.screens[0].(historyScreen).selected()
	if d == nil {
		t.Fatalf("no draw is selected:\n%s", f.View())
	}
	return *d
}

// TestHistoryPages goes through all draws of a campaign and back.
func TestHistoryPages(t *testing.T) {
	w := testWorld(t, termenv.Ascii)
	openCampaign(t, w)
	f := do(t, historyFrame(t, w), "r")
	for want := uint64(249); want > 0; want-- {
		if got := selected(t, f).Index; got != want {
			t.Fatalf("index %d is selected, want %d", got, want)
		}
		f = do(t, f, "down")
	}
	if f = do(t, f, "down", "down"); selected(t, f).Index != 0 {
		t.Errorf("behind the last draw index %d is selected", selected(t, f).Index)
	}
	for want := uint64(1); want < 250; want++ {
		if f = do(t, f, "up"); selected(t, f).Index != want {
			t.Fatalf("on the way back index %d is selected, want %d", selected(t, f).Index, want)
		}
	}
	if kept := len(f.screens[0].(historyScreen).page); kept > historyPage {
		t.Errorf("%d draws are kept", kept)
	}
	if f = do(t, f, "pgdown", "pgdown", "pgdown", "pgdown", "pgdown", "pgdown", "home"); selected(t, f).Index != 249 {
		t.Errorf("home selects index %d", selected(t, f).Index)
	}
}

// TestHistoryActs claims, takes back and voids, corrects an entrant and erases one:
// with a question before each, and as the database has it then.
func TestHistoryActs(t *testing.T) {
	w := testWorld(t, termenv.Ascii)
	p := openCampaign(t, w)
	f := do(t, historyFrame(t, w), "r", "f", "down", "enter") // those that won
	d := selected(t, f)
	stored := func() campaign.Draw {
		t.Helper()
		return must(p.Draw(t.Context(), d.ID))(t)
	}
	if d.Prize == nil {
		t.Fatalf("listed as won is %+v", d)
	}
	f = do(t, f, "h", "d", "e", "s", "k", "enter")
	if got := stored(); got.Claim == nil || got.Claim.Note != "desk" || selected(t, f).Claim == nil || !strings.Contains(f.View(), "is claimed") {
		t.Errorf("after h: %+v\n%s", got.Claim, f.View())
	}
	if f = do(t, f, "h", "n"); stored().Claim == nil {
		t.Error("it is unclaimed though the answer was no")
	}
	if f = do(t, f, "h", "y"); stored().Claim != nil || selected(t, f).Claim != nil {
		t.Error("it is still claimed")
	}
	f = do(t, f, "v", "enter")
	if stored().Void != nil || f.dialog == nil {
		t.Error("it was voided without a reason")
	}
	f = do(t, f, "s", "t", "a", "f", "f", "enter", "n")
	if stored().Void != nil {
		t.Error("it was voided though the answer was no")
	}
	f = do(t, f, "v", "x", "enter", "y")
	if got := stored(); got.Void == nil || got.Void.Note != "x" || selected(t, f).Void == nil {
		t.Errorf("after v: %+v", got.Void)
	}
	who := selected(t, f).Entrant
	f = do(t, f, "e", "tab", "S", "enter", "enter", "y")
	if got := selected(t, f).Entrant; got == nil || got.LastName != who.LastName+"S" || !strings.Contains(f.View(), "the entrant is Ann") {
		t.Errorf("after e the entrant is %+v\n%s", got, f.View())
	}
	f = do(t, f, "d", "n")
	if _, err := p.Entrant(t.Context(), who.ID); err != nil {
		t.Errorf("erased though the answer was no: %v", err)
	}
	f = do(t, f, "d", "y")
	if _, err := p.Entrant(t.Context(), who.ID); !errors.Is(err, campaign.ErrNotFound) || selected(t, f).Entrant != nil {
		t.Errorf("not erased: %v, %+v", err, selected(t, f).Entrant)
	}
}

// TestHistoryForgetsAnotherCampaign and does not take its late answer.
func TestHistoryForgetsAnotherCampaign(t *testing.T) {
	w := testWorld(t, termenv.Ascii)
	promotion(t, w, shelf{draws: summerDraws(t, w)})
	f := historyFrame(t, w)
	next, late := f.Update(keys("r")[0])
	f = press(t, next.(frame), changeMsg{func(s Settings) Settings { s.Campaign = nil; return s }})
	f = press(t, f, late())
	if h := f.screens[0].(historyScreen); len(h.page) > 0 || h.loading {
		t.Errorf("%d draws of the campaign before are listed", len(h.page))
	}
}

// TestManyDraws tells all screens of more draws than anybody makes by hand: what they
// keep of them is bounded.
func TestManyDraws(t *testing.T) {
	w := testWorld(t, termenv.Ascii)
	f := newFrame(w, screens(w)...)
	f = press(t, f, tea.WindowSizeMsg{Width: 80, Height: 24}, showMsg{0})
	one := drawn(t, w, 0, 1)[0].(drawnMsg)
	keep := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	tell := func(from, to uint64) {
		for i := from; i < to; i++ {
			msg := one
			msg.draw.Index = i
			msg.draw.Whole = fmt.Sprintf("abcd%04d", i%10_000)
			next, _ := f.Update(msg)
			f = next.(frame)
		}
	}
	tell(0, 2*maxSession)
	before := keep()
	const many = 100_000
	tell(2*maxSession, many)
	if after := keep(); after > before+before/2 {
		t.Errorf("%d bytes are kept of %d draws, %d of %d", after, many, before, 2*maxSession)
	}
	if h := f.screens[3].(historyScreen); h.session.total != many || h.len() != maxSession {
		t.Errorf("%d draws are counted and %d listed", h.session.total, h.len())
	}
}

// TestHistoryMouse selects the draw that is clicked, and opens the selected one.
func TestHistoryMouse(t *testing.T) {
	w := testWorld(t, termenv.Ascii)
	f := press(t, historyFrame(t, w), drawn(t, w, 0, 30)...)
	at := func() uint64 {
		h := f.screens[0].(historyScreen)
		return h.session.list(h.filter)[h.at].draw.Index
	}
	lines := strings.Split(f.View(), "\n")
	row := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, " 25 ") })
	click := tea.MouseMsg{X: 10, Y: row, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress}
	if f = press(t, f, click); at() != 25 {
		t.Errorf("index %d is selected, want the clicked 25", at())
	}
	next, cmd := f.Update(click)
	if f = settle(t, next.(frame), cmd); !strings.Contains(f.View(), "Draw 25") {
		t.Errorf("a click on the selected draw does not open it:\n%s", f.View())
	}
	f = do(t, f, "esc")
	if f = press(t, f, tea.MouseMsg{X: 10, Y: row, Button: tea.MouseButtonWheelDown}); at() != 24 {
		t.Errorf("the wheel selects index %d, want 24", at())
	}
}
