package tui

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"github.com/prizegen/prizegen/pkg/remote"
)

const (
	servicesEvery = 2 * time.Second // how often services are asked while they are shown
	servicesWait  = 3 * time.Second // how long for an answer
	maxLatencies  = 120             // how many answers of each are remembered
)

// servicesScreen tells how the services are, and how they were since it was opened.
type servicesScreen struct {
	w      *world
	reload key.Binding
	choose settingKeys

	settings Settings
	client   *remote.Client  // that asks, nil where draws are made in this process
	list     []remote.Health // as they were last, nil before the first answer
	past     [][]float64     // by service: the latencies in milliseconds, negative for no answer
	at       time.Time       // when the last answer came
	asked    int             // counts questions and changes: of an earlier one, no answer is wanted
	waiting  bool            // whether a question is under way
	shown    bool
}

func newServices(w *world) servicesScreen {
	return servicesScreen{
		w: w, choose: newSettingKeys(),
		reload: key.NewBinding(key.WithKeys("r", "enter", " "), key.WithHelp("r", "ask again now")),
	}
}

// Title implements screen.
func (s servicesScreen) Title() string { return "Services" }

// Init implements screen.
func (s servicesScreen) Init() tea.Cmd { return nil }

// Keys implements screen.
func (s servicesScreen) Keys() []key.Binding {
	if s.client == nil {
		return []key.Binding{s.choose.backend}
	}
	return []key.Binding{s.reload, s.choose.backend}
}

type (
	// healthMsg tells how the services are.
	healthMsg struct {
		asked int
		list  []remote.Health
	}

	// askHealthMsg is the time to ask again.
	askHealthMsg struct{ asked int }
)

// Update implements screen.
func (s servicesScreen) Update(msg tea.Msg) (screen, tea.Cmd) {
	switch msg := msg.(type) {
	case settingsMsg:
		return s.set(msg.Settings)
	case shownMsg:
		s.shown = msg.shown
		return s.ask()
	case askHealthMsg:
		if msg.asked == s.asked {
			return s.ask()
		}
	case healthMsg:
		if msg.asked == s.asked {
			s = s.read(msg.list)
			return s, s.w.after(servicesEvery, askHealthMsg{s.asked})
		}
	case tea.KeyMsg:
		switch {
		case s.client != nil && key.Matches(msg, s.reload):
			return s.ask()
		case key.Matches(msg, s.choose.backend):
			return s, s.choose.press(s.w, s.settings, msg)
		}
	}
	return s, nil
}

// set takes up settings. Other services are asked by a client of its own, whose
// answers do not depend on what draws went wrong.
func (s servicesScreen) set(settings Settings) (screen, tea.Cmd) {
	before := s.settings.Backend.Client
	s.settings = settings
	now := settings.Backend.Client
	if now == before {
		return s, nil
	}
	s.list, s.past, s.client, s.waiting = nil, nil, nil, false
	s.asked++
	if now != nil {
		s.client = remote.New(remote.Config{
			Core: now.Address(remote.Core), Text: now.Address(remote.Text),
			Number: now.Address(remote.Number), Prize: now.Address(remote.Prize),
			Timeout: servicesWait,
		})
	}
	return s.ask()
}

// ask asks all services, where somebody looks and no question is under way.
func (s servicesScreen) ask() (screen, tea.Cmd) {
	if s.client == nil || !s.shown || s.waiting {
		return s, nil
	}
	s.asked++
	s.waiting = true
	client, asked := s.client, s.asked
	return s, s.w.call(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, servicesWait)
		defer cancel()
		return healthMsg{asked, client.Healths(ctx)}
	})
}

// read takes up how the services are.
func (s servicesScreen) read(list []remote.Health) servicesScreen {
	past := make([][]float64, len(list))
	for i := range list {
		if len(s.past) > i {
			past[i] = s.past[i]
		}
		took := list[i].Milliseconds
		if !list[i].Up {
			took = -1
		}
		from := max(len(past[i])+1-maxLatencies, 0)
		past[i] = append(past[i][from:len(past[i]):len(past[i])], took)
		if list[i].Spared && len(s.list) > i && s.list[i].Reason != "" {
			list[i].Reason = s.list[i].Reason // which tells more
		}
	}
	s.list, s.past, s.at, s.waiting = list, past, s.w.Now(), false
	return s
}

// View implements screen.
func (s servicesScreen) View(width, height int) string {
	st := s.w.styles
	switch {
	case s.client == nil:
		text := st.title.Render("No services are called") + "\n\n" +
			"Texts, numbers and prizes are made in this process, and campaigns are in its own database: there is nothing that could be lost.\n\n" +
			st.key.Render("b") + " changes to services at an address"
		return centre(lipgloss.NewStyle().Width(min(width-2, 60)).Render(text), width, height)
	case s.list == nil:
		return centre(st.faint.Render("asking the services…"), width, height)
	}
	lines := []string{s.head(width), ""}
	lines = append(lines, s.rows(width)...)
	reasons := 0
	for _, h := range s.list {
		if h.Reason == "" {
			continue
		}
		if reasons == 0 && height > len(lines)+2 {
			lines = append(lines, "")
		}
		reasons++
		lines = append(lines, strings.Split(st.warn.Width(width).Render(h.Service+": "+h.Reason), "\n")...)
	}
	return clip(strings.Join(lines, "\n"), width, height)
}

// head tells whether all is well.
func (s servicesScreen) head(width int) string {
	st := s.w.styles
	ready := 0
	for _, h := range s.list {
		if h.Ready {
			ready++
		}
	}
	text := st.good.Render(fmt.Sprintf("All %d services are ready", len(s.list)))
	if ready < len(s.list) {
		text = st.warn.Render(fmt.Sprintf("%d of %d services are ready", ready, len(s.list)))
	}
	return cut(text+st.faint.Render("  at "+s.at.UTC().Format("15:04:05")), width)
}

// rows is a table with a line for each service.
func (s servicesScreen) rows(width int) []string {
	st := s.w.styles
	spark, made := min(max(width-72, 8), 60), 12
	if width >= 100 {
		made = 24
	}
	rows := make([][]string, len(s.list))
	for i, h := range s.list {
		state, latency := "ready", fmt.Sprintf("%.1f ms", h.Milliseconds)
		switch {
		case !h.Up:
			state, latency = "down", "-"
		case !h.Ready:
			state = "not ready"
		}
		address, over := h.Address, sparkline(s.past[i], spark)
		if address == "" {
			address, latency, over = "-", "-", ""
		}
		rows[i] = []string{h.Service, state, latency, over, h.Implementation, address, h.Version}
	}
	return table(st, []column{
		{title: "SERVICE", rank: 7},
		{title: "STATE", rank: 6, style: func(row int) lipgloss.Style {
			if s.list[row].Ready {
				return st.good
			}
			return st.warn
		}},
		{title: "LATENCY", rank: 5, right: true},
		{title: "LATELY", rank: 4, most: spark, style: func(int) lipgloss.Style { return st.bar }},
		{title: "MADE BY", rank: 3, most: made},
		{title: "ADDRESS", rank: 2, most: 40},
		{title: "VERSION", rank: 1, most: 16},
	}, rows, -1, width)
}

// sparkline draws the last values as columns of different height, the longest one
// being the highest, and a cross for no answer.
func sparkline(values []float64, width int) string {
	values = values[max(len(values)-width, 0):]
	most := 1.0 // of a millisecond: what is less looks alike
	for _, v := range values {
		most = max(most, v)
	}
	steps := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, v := range values {
		if v < 0 {
			b.WriteRune('×')
			continue
		}
		b.WriteRune(steps[int(math.Round(v/most*float64(len(steps)-1)))])
	}
	return b.String()
}
