package tui

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
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

// historyFrame returns a program that has only the History screen.
func historyFrame(t *testing.T, w *workspace) frame {
	t.Helper()
	f := newFrame(w, newHistory(w))
	return deliver(t, f, tea.WindowSizeMsg{Width: 80, Height: 24}, showMsg{0})
}

// freeDraws makes draws of free play. It returns the messages that the Draw screen sends
// about them.
func freeDraws(t *testing.T, w *workspace, start, count uint64) []tea.Msg {
	t.Helper()
	var msgs []tea.Msg
	terms := w.Settings.Free
	if err := draw.Run(t.Context(), draw.Local{}, w.Settings.Spec(start, count), nil, func(b *draw.Batch) error {
		for i := range b.Len() {
			d := freeDraw(b, i, terms)
			d.PlayedAt = w.Now().Add(time.Duration(i) * time.Second)
			msgs = append(msgs, d)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return msgs
}

// fixedDraws always returns the same draws.
type fixedDraws struct {
	*campaign.Admin // nil: its methods are not called
	draws           []campaign.Draw
	err             error
}

func (f fixedDraws) Draws(_ context.Context, q campaign.DrawQuery) (list []campaign.Draw, next string, err error) {
	for i := len(f.draws) - 1; i >= 0; i-- {
		d := f.draws[i]
		if q.Cursor != "" && fmt.Sprint(d.Index) >= q.Cursor {
			continue
		}
		list = append(list, d)
	}
	return list, "", f.err
}

// playFixed changes the settings to a campaign with fixed draws.
func playFixed(w *workspace, draws fixedDraws) {
	w.Settings.Backend.Draws = func(context.Context) (Draws, error) { return draws, nil }
	w.Settings.Campaign = &campaign.Campaign{Name: "summer", Title: "Summer", State: campaign.Open}
	w.Settings.campaignTerms = w.Settings.Free
}

// summerDraws returns stored draws by people with narrow and wide names.
func summerDraws(t *testing.T, w *workspace) []campaign.Draw {
	t.Helper()
	people := []campaign.Person{{FirstName: "Ann", LastName: "Lee"}, {FirstName: "小龍", LastName: "李"}, {FirstName: "Zoë", LastName: "Müller-Lüdenscheidt", Email: "zoe@example.org"}}
	var list []campaign.Draw
	for i, msg := range freeDraws(t, w, 9, 7) {
		d := msg.(drawn)
		person := people[i%len(people)]
		stored := campaign.Draw{
			ID: fmt.Sprintf("summer-%d-3k5dyzf2q7wmb4xu", d.Index), Index: d.Index, Account: d.Account, Outcome: d.Outcome,
			Campaign: "summer", Basis: d.Basis, PlayedAt: w.Now().Add(time.Duration(i) * time.Minute),
			Player: person.Shown(), Entrant: &campaign.Entrant{ID: int64(i%len(people) + 1), Person: person, CreatedAt: w.Now()},
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
		{"session", func(t *testing.T, w *workspace) frame {
			return deliver(t, deliver(t, historyFrame(t, w), freeDraws(t, w, 0, 30)...), keys("down", "down")...)
		}},
		{"loading", func(t *testing.T, w *workspace) frame {
			playFixed(w, fixedDraws{})
			return historyFrame(t, w)
		}},
		{"campaign", func(t *testing.T, w *workspace) frame {
			playFixed(w, fixedDraws{draws: summerDraws(t, w)})
			return pressKeys(t, historyFrame(t, w), "r", "down")
		}},
		{"detail", func(t *testing.T, w *workspace) frame {
			playFixed(w, fixedDraws{draws: summerDraws(t, w)})
			return pressKeys(t, historyFrame(t, w), "r", "end", "down", "down", "down", "down", "enter")
		}},
		{"error", func(t *testing.T, w *workspace) frame {
			playFixed(w, fixedDraws{err: errors.New("the core service at http://localhost:8080 does not answer: connection refused")})
			return pressKeys(t, historyFrame(t, w), "r")
		}},
	})
}

// TestSessionIsBounded adds many draws and checks that only the last ones are kept.
func TestSessionIsBounded(t *testing.T) {
	var s session
	const many = 50_000
	for i := range uint64(many) {
		s = s.add(drawn{Draw: campaign.Draw{Index: i}}, historyFilter{})
	}
	if s.matching < maxSession || s.matching != len(s.draws) {
		t.Errorf("counted draws: got %d of %d, want all and at least %d", s.matching, len(s.draws), maxSession)
	}
	list := s.list(historyFilter{})
	if s.total != many || len(list) != maxSession || cap(s.draws) > 2*maxSession {
		t.Errorf("draws: got %d, %d listed, capacity %d; want %d, %d and at most %d", s.total, len(list), cap(s.draws), many, maxSession, 2*maxSession)
	}
	if first, last := list[0].Index, list[maxSession-1].Index; first != many-1 || last != many-maxSession {
		t.Errorf("listed draws: got %d to %d, want %d to %d", first, last, many-1, many-maxSession)
	}
}

// TestSelectionStays makes draws while an earlier draw is selected. It checks that this
// draw remains selected.
func TestSelectionStays(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	f := deliver(t, deliver(t, historyFrame(t, w), freeDraws(t, w, 0, 5)...), keys("down")...)
	f = deliver(t, f, freeDraws(t, w, 5, 3)...)
	h := f.screens[0].(historyScreen)
	if got := h.session.list(h.filter)[h.selected].Index; got != 3 {
		t.Errorf("selected index: got %d, want 3 to remain selected", got)
	}
	f = pressKeys(t, f, "f", "down", "enter")
	h = f.screens[0].(historyScreen)
	for _, d := range h.session.list(h.filter) {
		if d.Prize == nil {
			t.Errorf("filter won: got draw %d, want only draws with a prize", d.Index)
		}
	}
	f = deliver(t, f, freeDraws(t, w, 8, 40)...)
	h = f.screens[0].(historyScreen)
	if got, want := h.len(), len(h.session.list(h.filter)); got != want {
		t.Errorf("counted draws: got %d, want the %d listed", got, want)
	}
	checkShows(t, f, "only won")
}

// TestFilterAfterClaim claims a draw in a list of unclaimed draws. It checks that the
// draw disappears from the list.
func TestFilterAfterClaim(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	openCampaign(t, w)
	f := pressKeys(t, historyFrame(t, w), "r", "f", "down", "down", "enter")
	before := f.screens[0].(historyScreen)
	f = pressKeys(t, f, "h", "enter")
	after := f.screens[0].(historyScreen)
	if len(after.page) != len(before.page)-1 || after.page[0].ID == before.page[0].ID {
		t.Errorf("draws after a claim: got %d, want the %d unclaimed draws:\n%s", len(after.page), len(before.page)-1, f.View())
	}
}

// openCampaign creates a campaign with 250 draws in a database and changes the settings
// to it.
func openCampaign(t *testing.T, w *workspace) *campaign.Admin {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "prizegen.db"), store.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	p := campaign.New(campaign.Config{Store: db, Generator: draw.Local{}}).Admin("cli")
	rules := must(prize.Builtin(prize.Generous))(t)
	must(p.Create(t.Context(), campaign.Plan{Name: "summer", RulesYAML: string(rules.Source()), TextFormat: "lower4", NumberFormat: "digits4"}))(t)
	must(p.Open(t.Context(), "summer"))(t)
	for i := range 250 {
		person := campaign.Person{FirstName: "Ann", LastName: fmt.Sprintf("Lee%d", i%3)}
		must(p.Play(t.Context(), campaign.Play{Campaign: "summer", Person: &person}))(t)
	}
	w.Settings.Backend.Campaigns = func(context.Context) (Campaigns, error) { return p, nil }
	w.Settings.Backend.Draws = func(context.Context) (Draws, error) { return p, nil }
	s, err := w.Settings.EnterCampaign(t.Context(), "summer")
	if err != nil {
		t.Fatal(err)
	}
	w.Settings = s
	return p
}

// selected returns the selected draw.
func selected(t *testing.T, f frame) campaign.Draw {
	t.Helper()
	d := f.screens[0].(historyScreen).selectedDraw()
	if d == nil {
		t.Fatalf("no draw is selected:\n%s", f.View())
	}
	return *d
}

// TestHistoryPages checks moving forward and back through all draws of a campaign.
func TestHistoryPages(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	openCampaign(t, w)
	f := pressKeys(t, historyFrame(t, w), "r")
	for want := uint64(249); want > 0; want-- {
		if got := selected(t, f).Index; got != want {
			t.Fatalf("selected index: got %d, want %d", got, want)
		}
		f = pressKeys(t, f, "down")
	}
	if f = pressKeys(t, f, "down", "down"); selected(t, f).Index != 0 {
		t.Errorf("selected index beyond the last draw: got %d, want 0", selected(t, f).Index)
	}
	for want := uint64(1); want < 250; want++ {
		if f = pressKeys(t, f, "up"); selected(t, f).Index != want {
			t.Fatalf("selected index on the way back: got %d, want %d", selected(t, f).Index, want)
		}
	}
	if got := len(f.screens[0].(historyScreen).page); got > pageSize {
		t.Errorf("draws in memory: got %d, want at most %d", got, pageSize)
	}
	if f = pressKeys(t, f, "pgdown", "pgdown", "pgdown", "pgdown", "pgdown", "pgdown", "home"); selected(t, f).Index != 249 {
		t.Errorf("selected index after home: got %d, want 249", selected(t, f).Index)
	}
}

// TestHistoryActions claims, unclaims and voids a draw, and edits and erases its entrant
// in the database. It checks that every action except the claim asks for confirmation.
func TestHistoryActions(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	p := openCampaign(t, w)
	f := pressKeys(t, historyFrame(t, w), "r", "f", "down", "enter") // the draws that won
	d := selected(t, f)
	stored := func() campaign.Draw {
		t.Helper()
		return must(p.Draw(t.Context(), d.ID))(t)
	}
	if d.Prize == nil {
		t.Fatalf("filter won: got draw %d, want only draws with a prize", d.Index)
	}
	f = pressKeys(t, f, "h", "d", "e", "s", "k", "enter")
	if got := stored(); got.Claim == nil || got.Claim.Note != "desk" || selected(t, f).Claim == nil {
		t.Errorf("claim after h: got %v, want a claim with note desk", got.Claim)
	}
	checkShows(t, f, "is claimed")
	if f = pressKeys(t, f, "h", "n"); stored().Claim == nil {
		t.Error("answering no unclaimed the draw")
	}
	if f = pressKeys(t, f, "h", "y"); stored().Claim != nil || selected(t, f).Claim != nil {
		t.Error("answering yes did not unclaim the draw")
	}
	f = pressKeys(t, f, "v", "enter")
	if stored().Void != nil || f.dialog == nil {
		t.Error("a form without a reason was closed or voided the draw")
	}
	f = pressKeys(t, f, "s", "t", "a", "f", "f", "enter", "n")
	if stored().Void != nil {
		t.Error("answering no voided the draw")
	}
	f = pressKeys(t, f, "v", "x", "enter", "y")
	if got := stored(); got.Void == nil || got.Void.Note != "x" || selected(t, f).Void == nil {
		t.Errorf("void after v: got %v, want one with note x", got.Void)
	}
	who := selected(t, f).Entrant
	f = pressKeys(t, f, "e", "tab", "S", "enter", "enter", "y")
	if got, want := selected(t, f).Entrant, who.LastName+"S"; got == nil || got.LastName != want {
		t.Errorf("entrant after e: got %v, want last name %s", got, want)
	}
	checkShows(t, f, "the entrant is now Ann")
	f = pressKeys(t, f, "d", "n")
	if _, err := p.Entrant(t.Context(), who.ID); err != nil {
		t.Errorf("entrant after answering no: got error %v, want the entrant to exist", err)
	}
	f = pressKeys(t, f, "d", "y")
	if _, err := p.Entrant(t.Context(), who.ID); !errors.Is(err, campaign.ErrNotFound) || selected(t, f).Entrant != nil {
		t.Errorf("entrant after d: got error %v and entrant %v, want error %v and no entrant", err, selected(t, f).Entrant, campaign.ErrNotFound)
	}
}

// TestPageOfEarlierCampaign leaves a campaign before its draws arrive. It checks that
// they are ignored.
func TestPageOfEarlierCampaign(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	playFixed(w, fixedDraws{draws: summerDraws(t, w)})
	f := historyFrame(t, w)
	next, load := f.Update(keys("r")[0])
	f = deliver(t, next.(frame), changeMsg{func(s Settings) Settings { s.Campaign = nil; return s }})
	f = deliver(t, f, load())
	if h := f.screens[0].(historyScreen); len(h.page) > 0 || h.loading {
		t.Errorf("page: got %d draws and loading %t, want no draws and loading false", len(h.page), h.loading)
	}
}

// TestHistoryMouse checks that a click on a draw selects it and that a second click opens
// it.
func TestHistoryMouse(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	f := deliver(t, historyFrame(t, w), freeDraws(t, w, 0, 30)...)
	at := func() uint64 {
		h := f.screens[0].(historyScreen)
		return h.session.list(h.filter)[h.selected].Index
	}
	lines := strings.Split(f.View(), "\n")
	row := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, " 25 ") })
	click := tea.MouseMsg{X: 10, Y: row, Button: tea.MouseButtonLeft, Action: tea.MouseActionPress}
	if f = deliver(t, f, click); at() != 25 {
		t.Errorf("selected index after a click: got %d, want 25", at())
	}
	next, cmd := f.Update(click)
	f = runCmd(t, next.(frame), cmd)
	checkShows(t, f, "Draw 25")
	f = pressKeys(t, f, "esc")
	if f = deliver(t, f, tea.MouseMsg{X: 10, Y: row, Button: tea.MouseButtonWheelDown}); at() != 24 {
		t.Errorf("selected index after the wheel: got %d, want 24", at())
	}
}

// TestFilters checks that the draws of the session can be filtered by prize and by
// account number.
func TestFilters(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	f := deliver(t, historyFrame(t, w), freeDraws(t, w, 0, 200)...)
	list := func() []drawn {
		h := f.screens[0].(historyScreen)
		return h.session.list(h.filter)
	}
	f = pressKeys(t, f, "p", "down", "enter")
	if len(list()) == 0 {
		t.Error("no draw won the first prize")
	}
	for _, d := range list() {
		if want := w.Settings.Free.Rules.List[0].Prizes[0].Name; d.Prize == nil || d.Prize.Name != want {
			t.Errorf("listed draw %d: got prize %s, want %s", d.Index, prizeName(d.Prize), want)
		}
	}
	f = pressKeys(t, f, "p", "home", "enter", "/", "a", "enter")
	if len(list()) == 0 {
		t.Error("no account number begins with a")
	}
	for _, d := range list() {
		if !strings.HasPrefix(d.Whole, "a") {
			t.Errorf("listed draws: got account number %s, want only those that begin with a", d.Whole)
		}
	}
	checkShows(t, f, "only a…")
	f = pressKeys(t, f, "/", "0", "enter")
	checkShows(t, f, "No draws match the filter.")
}

// TestDetailDialog checks that the dialog about a draw scrolls and that it can void the
// draw.
func TestDetailDialog(t *testing.T) {
	w := testWorkspace(t, termenv.Ascii)
	openCampaign(t, w)
	f := deliver(t, historyFrame(t, w), tea.WindowSizeMsg{Width: 40, Height: 12})
	f = pressKeys(t, f, "r", "enter")
	top := f.View()
	if f = pressKeys(t, f, "down", "down"); f.View() == top {
		t.Errorf("down did not change the view:\n%s", top)
	}
	f = deliver(t, f, tea.MouseMsg{X: 10, Y: 6, Button: tea.MouseButtonWheelUp})
	if f = pressKeys(t, f, "up"); f.View() != top {
		t.Errorf("view after scrolling back: got\n%s\nwant\n%s", f.View(), top)
	}
	if f = pressKeys(t, f, "v", "x", "enter", "y"); selected(t, f).Void == nil {
		t.Error("v did not void the draw")
	}
	f = pressKeys(t, f, "v")
	checkShows(t, f, "is already void")
}
