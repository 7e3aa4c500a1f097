package tui

import (
	"context"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// pageSize is the number of draws on a page.
const pageSize = 100

// historyScreen lists draws, newest first. In a campaign these are the stored draws; in
// free play they are the draws of this session.
type historyScreen struct {
	w        *workspace
	keys     historyKeys
	choose   settingKeys
	settings Settings
	session  session
	filter   historyFilter

	// These fields describe the current page of the campaign's draws.
	page    []campaign.Draw
	next    string   // cursor for the next page; empty if there is none
	cursors []string // cursors of the earlier pages and of this one
	loading bool
	request int   // counts requests, so that results of earlier requests can be ignored
	err     error // of the last request
	stale   bool  // newer draws exist

	selected int // index of the selected draw
	height   int // height of the screen
	shown    bool
}

type historyKeys struct {
	up, down, pageUp, pageDown, first, detail, claim, void, edit, erase, account, status, prize, reload key.Binding
}

func newHistory(w *workspace) historyScreen {
	return historyScreen{
		w: w, choose: newSettingKeys(), cursors: []string{""},
		keys: historyKeys{
			up: bind("↑", "up", "up", "k"), down: bind("↓", "down", "down", "j"),
			pageUp: bind("pgup", "page up", "pgup", "left"), pageDown: bind("pgdn", "page down", "pgdown", "right"),
			first:  bind("home", "newest draw", "home"),
			detail: bind("enter", "details", "enter", " "),
			claim:  bind("h", "claim/unclaim", "h"), void: bind("v", "void", "v"),
			edit: bind("e", "edit the entrant", "e"), erase: bind("d", "erase the entrant", "d", "delete"),
			account: bind("/", "find account", "/"), status: bind("f", "filter", "f"), prize: bind("p", "prize", "p"),
			reload: bind("r", "reload", "r"),
		},
	}
}

// Title implements screen.
func (h historyScreen) Title() string { return "History" }

// Init implements screen.
func (h historyScreen) Init() tea.Cmd { return nil }

// Keys implements screen.
func (h historyScreen) Keys() []key.Binding {
	k := h.keys
	keys := []key.Binding{k.detail}
	if h.settings.Campaign != nil {
		keys = append(keys, k.claim, k.void, k.edit, k.erase)
	}
	keys = append(keys, k.status, k.account, k.prize, h.choose.campaign)
	if h.settings.Campaign != nil {
		keys = append(keys, k.reload)
	}
	return append(keys, h.choose.backend, k.down, k.up, k.pageDown, k.pageUp, k.first)
}

// These are the messages of the screen.
type (
	// historyPageMsg contains the result of a request for a page.
	historyPageMsg struct {
		request    int
		draws      []campaign.Draw
		next       string
		cursors    []string
		selectLast bool
		err        error
	}

	// historyFilterMsg changes the filter.
	historyFilterMsg struct{ historyFilter }

	// drawChangedMsg contains a draw that was claimed, unclaimed or voided.
	drawChangedMsg struct {
		draw campaign.Draw
		note string
	}

	// entrantChangedMsg reports that an entrant, who may have many draws, has changed.
	entrantChangedMsg struct{ note string }
)

// applySettings applies settings. If the campaign or the backend has changed, it clears
// the page.
func (h historyScreen) applySettings(s Settings) (screen, tea.Cmd) {
	same := s.campaignName() == h.settings.campaignName() && s.Backend.Name == h.settings.Backend.Name
	h.settings = s
	if same {
		return h, nil
	}
	h.page, h.next, h.cursors, h.selected = nil, "", []string{""}, 0
	h.err, h.loading, h.filter = nil, false, historyFilter{}
	h.session = h.session.count(h.filter)
	h.request++ // makes results for the earlier campaign outdated
	h.stale = s.Campaign != nil
	if h.shown && h.stale {
		return h.load(h.cursors, false)
	}
	return h, nil
}

// add adds a draw of this session.
func (h historyScreen) add(d drawn) historyScreen {
	if d.stored() {
		h.stale = true
		return h
	}
	h.session = h.session.add(d, h.filter)
	if h.settings.Campaign == nil && h.selected > 0 && h.filter.matches(&d.Draw) {
		h.selected = min(h.selected+1, h.len()-1) // the same draw remains selected
	}
	return h
}

// load requests the page of the campaign's draws at the last of the cursors.
func (h historyScreen) load(cursors []string, selectLast bool) (screen, tea.Cmd) {
	if h.settings.Campaign == nil {
		return h, nil
	}
	h.request++
	h.loading, h.err, h.stale = true, nil, false
	list := campaign.DrawQuery{
		Paging:   campaign.Paging{Cursor: cursors[len(cursors)-1], Limit: pageSize},
		Campaign: h.settings.Campaign.Name,
		Won:      h.filter.won, Status: h.filter.status, Account: h.filter.account, Prize: h.filter.prize,
	}
	connect, request := h.settings.Backend.Draws, h.request
	return h, h.w.call(func(ctx context.Context) tea.Msg {
		result := historyPageMsg{request: request, cursors: cursors, selectLast: selectLast}
		draws, err := connect(ctx)
		if err != nil {
			result.err = err
			return result
		}
		result.draws, result.next, result.err = draws.Draws(ctx, list)
		return result
	})
}

// receive handles the result of a request for a page.
func (h historyScreen) receive(msg historyPageMsg) historyScreen {
	h.loading, h.err = false, msg.err
	if msg.err != nil {
		h.stale = true
		return h
	}
	before := h.selectedDraw()
	samePage := msg.cursors[len(msg.cursors)-1] == h.cursors[len(h.cursors)-1]
	h.page, h.next, h.cursors = msg.draws, msg.next, msg.cursors
	switch {
	case msg.selectLast:
		h.selected = len(h.page) - 1
	case !samePage:
		h.selected = 0
	case before != nil: // it remains selected if it is still listed
		if i := slices.IndexFunc(h.page, func(d campaign.Draw) bool { return d.ID == before.ID }); i >= 0 {
			h.selected = i
		}
	}
	h.selected = max(min(h.selected, len(h.page)-1), 0)
	return h
}

// replaceDraw returns page with changed in place of the draw that has the same ID. If
// changed has no entrant, the draw keeps its earlier one.
func replaceDraw(page []campaign.Draw, changed campaign.Draw) []campaign.Draw {
	next := slices.Clone(page)
	for i := range next {
		if next[i].ID == changed.ID {
			if changed.Entrant == nil {
				changed.Entrant, changed.Player = next[i].Entrant, next[i].Player
			}
			next[i] = changed
		}
	}
	return next
}

// selectedDraw returns the selected draw of the campaign, or nil for none.
func (h historyScreen) selectedDraw() *campaign.Draw {
	if h.settings.Campaign == nil || h.selected >= len(h.page) {
		return nil
	}
	return &h.page[h.selected]
}

// len returns the number of draws listed on the page.
func (h historyScreen) len() int {
	if h.settings.Campaign == nil {
		return min(h.session.matching, maxSession)
	}
	return len(h.page)
}

// historyHead is the number of lines above the rows, including the column headings.
const historyHead = 2

// pageHeight returns the number of rows that fit.
func (h historyScreen) pageHeight() int { return max(h.height-historyHead, 1) }

// historyFilter selects the draws that are listed.
type historyFilter struct {
	won     bool
	status  string // a status such as [campaign.Claimed]; empty for all draws
	account string // prefix of the account number
	prize   string // the name of a prize; empty for all prizes
}

// matches reports whether the filter selects a draw of free play.
func (f historyFilter) matches(d *campaign.Draw) bool {
	return (!f.won || d.Prize != nil) && strings.HasPrefix(d.Whole, f.account) &&
		(f.prize == "" || d.Prize != nil && d.Prize.Name == f.prize)
}

// String describes the filter. It returns an empty string if the filter selects all
// draws.
func (f historyFilter) String() string {
	var parts []string
	switch {
	case f.status != "":
		parts = append(parts, f.status)
	case f.won:
		parts = append(parts, "won")
	}
	if f.prize != "" {
		parts = append(parts, f.prize)
	}
	if f.account != "" {
		parts = append(parts, f.account+"…")
	}
	return strings.Join(parts, ", ")
}

// session contains the most recent draws of free play.
type session struct {
	draws    []drawn // oldest first
	total    uint64
	matching int // number of draws that match the filter
}

// maxSession is the maximum number of listed draws of a session.
const maxSession = 10_000

// add adds a draw.
func (s session) add(d drawn, f historyFilter) session {
	s.total++
	if f.matches(&d.Draw) {
		s.matching++
	}
	// The session keeps up to 50% more draws before it removes the oldest ones, so most
	// draws are added without copying the others.
	if len(s.draws) >= maxSession+maxSession/2 {
		s.draws = append(make([]drawn, 0, maxSession+maxSession/2), s.draws[len(s.draws)-maxSession+1:]...)
		s.draws = append(s.draws, d)
		return s.count(f)
	}
	s.draws = append(s.draws, d)
	return s
}

// count counts the draws that match a filter.
func (s session) count(f historyFilter) session {
	s.matching = 0
	for i := range s.draws {
		if f.matches(&s.draws[i].Draw) {
			s.matching++
		}
	}
	return s
}

// list returns the draws that match a filter, newest first.
func (s session) list(f historyFilter) []drawn {
	var list []drawn
	for i := len(s.draws) - 1; i >= 0 && len(list) < maxSession; i-- {
		if f.matches(&s.draws[i].Draw) {
			list = append(list, s.draws[i])
		}
	}
	return list
}
