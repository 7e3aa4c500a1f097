package tui

import (
	"context"
	"slices"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// historyPage is how many draws are read at a time.
const historyPage = 100

// historyScreen lists draws, the newest first: those of this session, or where a
// campaign is played, those that it has stored.
type historyScreen struct {
	w        *world
	keys     historyKeys
	choose   settingKeys
	settings Settings
	session  session
	filter   historyFilter

	// Of the campaign, one page at a time:
	page    []campaign.Draw
	next    string   // the cursor of the page after it, empty for none
	cursors []string // those of the pages before it and its own
	loading bool
	asked   int   // counts requests: of an earlier one, no answer is wanted
	err     error // of the last request, where it failed
	stale   bool  // whether there are newer draws than were read

	at     int // the selected draw
	height int // of the screen
	shown  bool
}

type historyKeys struct {
	up, down, pageUp, pageDown, first, detail, claim, void, edit, erase, account, status, prize, reload key.Binding
}

func newHistory(w *world) historyScreen {
	bind := func(help, does string, keys ...string) key.Binding {
		return key.NewBinding(key.WithKeys(keys...), key.WithHelp(help, does))
	}
	return historyScreen{
		w: w, choose: newSettingKeys(), cursors: []string{""},
		keys: historyKeys{
			up: bind("↑", "draw above", "up", "k"), down: bind("↓", "draw below", "down", "j"),
			pageUp: bind("pgup", "page above", "pgup", "left"), pageDown: bind("pgdn", "page below", "pgdown", "right"),
			first:  bind("home", "the newest", "home"),
			detail: bind("enter", "all about it", "enter", " "),
			claim:  bind("h", "handed over, or not", "h"), void: bind("v", "void", "v"),
			edit: bind("e", "correct the entrant", "e"), erase: bind("d", "erase the entrant", "d", "delete"),
			account: bind("/", "find account", "/"), status: bind("f", "filter", "f"), prize: bind("p", "prize", "p"),
			reload: bind("r", "read again", "r"),
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

// The messages of the screen.
type (
	// historyMsg is a page of the campaign's draws.
	historyMsg struct {
		asked   int
		page    campaign.DrawPage
		cursors []string
		last    bool // whether the last draw of the page is to be selected
		err     error
	}

	// historyFilterMsg takes another filter.
	historyFilterMsg struct{ historyFilter }

	// historyMarkedMsg has a draw as it is after something was noted about it.
	historyMarkedMsg struct {
		draw campaign.Draw
		done string
	}

	// historyChangedMsg tells that an entrant was changed, whose draws may be many.
	historyChangedMsg struct{ done string }
)

// Update implements screen.
func (h historyScreen) Update(msg tea.Msg) (screen, tea.Cmd) {
	switch msg := msg.(type) {
	case settingsMsg:
		return h.set(msg.Settings)
	case sizeMsg:
		h.height = msg.height
	case shownMsg:
		h.shown = msg.shown
		if h.shown && h.stale && len(h.cursors) == 1 {
			return h.load(h.cursors, false)
		}
	case drawnMsg:
		return h.drawn(msg)
	case historyMsg:
		if msg.asked == h.asked {
			h = h.read(msg)
		}
	case historyFilterMsg:
		h.filter, h.at = msg.historyFilter, 0
		h.session = h.session.count(h.filter)
		return h.load([]string{""}, false)
	case historyMarkedMsg:
		h.page = replaced(h.page, msg.draw)
		if h.filter.status != "" { // which it may no longer be of
			next, cmd := h.load(h.cursors, false)
			return next, tea.Batch(cmd, send(noteMsg{msg.done}))
		}
		return h, send(noteMsg{msg.done})
	case historyChangedMsg:
		next, cmd := h.load(h.cursors, false)
		return next, tea.Batch(cmd, send(noteMsg{msg.done}))
	case tea.KeyMsg:
		return h.press(msg)
	case tea.MouseMsg:
		return h.click(msg)
	}
	return h, nil
}

// set takes up settings, and forgets the draws of another campaign.
func (h historyScreen) set(s Settings) (screen, tea.Cmd) {
	same := nameOf(s.Campaign) == nameOf(h.settings.Campaign) && s.Backend.Name == h.settings.Backend.Name
	h.settings = s
	if same {
		return h, nil
	}
	h.page, h.next, h.cursors, h.at, h.err, h.loading, h.filter = nil, "", []string{""}, 0, nil, false, historyFilter{}
	h.session = h.session.count(h.filter)
	h.asked++ // what is on its way is of the other one
	h.stale = s.Campaign != nil
	if h.shown && h.stale {
		return h.load(h.cursors, false)
	}
	return h, nil
}

func nameOf(c *Campaign) string {
	if c == nil {
		return ""
	}
	return c.Name
}

// drawn takes up a draw that was made just now.
func (h historyScreen) drawn(msg drawnMsg) (screen, tea.Cmd) {
	if msg.stored == nil {
		h.session = h.session.add(msg, h.filter)
		if h.settings.Campaign == nil && h.at > 0 && h.filter.admits(&msg.draw) {
			h.at = min(h.at+1, h.len()-1) // the same draw stays selected
		}
		return h, nil
	}
	h.stale = true
	return h, nil
}

// load asks for a page of the campaign, the last one of the cursors.
func (h historyScreen) load(cursors []string, last bool) (screen, tea.Cmd) {
	if h.settings.Campaign == nil {
		return h, nil
	}
	h.asked++
	h.loading, h.err, h.stale = true, nil, false
	list := campaign.DrawList{
		Campaign: h.settings.Campaign.Name, Cursor: cursors[len(cursors)-1], Limit: historyPage,
		Won: h.filter.won, Status: h.filter.status, Account: h.filter.account, Prize: h.filter.prize,
	}
	promoter, asked := h.settings.Backend.Promoter, h.asked
	return h, h.w.call(func(ctx context.Context) tea.Msg {
		answer := historyMsg{asked: asked, cursors: cursors, last: last}
		p, err := promoter(ctx)
		if err == nil {
			answer.page, err = p.Draws(ctx, list)
		}
		answer.err = err
		return answer
	})
}

// read takes up a page.
func (h historyScreen) read(msg historyMsg) historyScreen {
	h.loading, h.err = false, msg.err
	if msg.err != nil {
		h.stale = true
		return h
	}
	before, other := h.selected(), msg.cursors[len(msg.cursors)-1] != h.cursors[len(h.cursors)-1]
	h.page, h.next, h.cursors = msg.page.Draws, msg.page.Next, msg.cursors
	switch {
	case msg.last:
		h.at = len(h.page) - 1
	case other:
		h.at = 0
	case before != nil: // it stays selected where it is still there
		if at := slices.IndexFunc(h.page, func(d campaign.Draw) bool { return d.ID == before.ID }); at >= 0 {
			h.at = at
		}
	}
	h.at = max(min(h.at, len(h.page)-1), 0)
	return h
}

// replaced is a page with one draw as it is now.
func replaced(page []campaign.Draw, now campaign.Draw) []campaign.Draw {
	next := make([]campaign.Draw, len(page))
	for i := range page {
		next[i] = page[i]
		if page[i].ID == now.ID {
			if now.Entrant == nil {
				now.Entrant, now.Player = page[i].Entrant, page[i].Player
			}
			next[i] = now
		}
	}
	return next
}

// selected is the draw of the campaign that keys act on, nil for none.
func (h historyScreen) selected() *campaign.Draw {
	if h.settings.Campaign == nil || h.at >= len(h.page) {
		return nil
	}
	return &h.page[h.at]
}

// session is the draws of free play, of which the last ones are kept.
type session struct {
	kept  []drawnMsg // the oldest first
	total uint64
	found int // how many of the kept ones the filter lets through
}

// maxSession is how many draws of a session are kept: however many there are, memory
// stays bounded.
const maxSession = 10_000

// add adds a draw.
func (s session) add(msg drawnMsg, f historyFilter) session {
	s.total++
	if f.admits(&msg.draw) {
		s.found++
	}
	// Half as many again are kept before the oldest ones go, so that they do not have
	// to be moved for each draw.
	if len(s.kept) >= maxSession+maxSession/2 {
		s.kept = append(make([]drawnMsg, 0, maxSession+maxSession/2), s.kept[len(s.kept)-maxSession+1:]...)
		s.kept = append(s.kept, msg)
		return s.count(f)
	}
	s.kept = append(s.kept, msg)
	return s
}

// count counts the draws that a filter lets through.
func (s session) count(f historyFilter) session {
	s.found = 0
	for i := range s.kept {
		if f.admits(&s.kept[i].draw) {
			s.found++
		}
	}
	return s
}

// list gives the draws that a filter lets through, the newest first.
func (s session) list(f historyFilter) []drawnMsg {
	var list []drawnMsg
	for i := len(s.kept) - 1; i >= 0 && len(list) < maxSession; i-- {
		if f.admits(&s.kept[i].draw) {
			list = append(list, s.kept[i])
		}
	}
	return list
}
