package tui

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"github.com/prizegen/prizegen/pkg/remote"
)

const (
	pollInterval = 2 * time.Second // time between two health checks while the screen is shown
	maxLatencies = 120             // maximum number of latencies kept per service
)

// servicesScreen shows the current health of the services, and their health since the
// screen was first shown.
type servicesScreen struct {
	w      *workspace
	reload key.Binding
	choose settingKeys

	settings Settings
	client   *remote.Client  // for health checks; nil without services
	list     []remote.Health // results of the last check; nil before the first check
	history  [][]float64     // by service: latencies in milliseconds; a negative value means no response
	checked  time.Time       // time of the last result
	request  int             // counts checks and changes, so that results of earlier checks can be ignored
	waiting  bool            // whether a check is running
	shown    bool
}

func newServices(w *workspace) servicesScreen {
	return servicesScreen{
		w: w, choose: newSettingKeys(),
		reload: bind("r", "refresh", "r", "enter", " "),
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
	// healthMsg contains the results of a health check.
	healthMsg struct {
		request int
		list    []remote.Health
	}

	// pollMsg starts the next health check.
	pollMsg struct{ request int }
)

// Update implements screen.
func (s servicesScreen) Update(msg tea.Msg) (screen, tea.Cmd) {
	switch msg := msg.(type) {
	case settingsMsg:
		return s.applySettings(msg.Settings)
	case shownMsg:
		s.shown = msg.shown
		return s.check()
	case pollMsg:
		if msg.request == s.request {
			return s.check()
		}
	case healthMsg:
		if msg.request == s.request {
			s = s.receive(msg.list)
			return s, s.w.after(pollInterval, pollMsg{s.request})
		}
	case tea.KeyMsg:
		switch {
		case s.client != nil && key.Matches(msg, s.reload):
			return s.check()
		case key.Matches(msg, s.choose.backend):
			return s, s.choose.handle(s.w, s.settings, msg)
		}
	}
	return s, nil
}

// applySettings applies settings. Health checks have their own client, so they do not
// depend on the circuit breakers of the client for draws.
func (s servicesScreen) applySettings(settings Settings) (screen, tea.Cmd) {
	before := s.settings.Backend.Client
	s.settings = settings
	now := settings.Backend.Client
	if now == before {
		return s, nil
	}
	s.list, s.history, s.client, s.waiting = nil, nil, nil, false
	s.request++
	if now != nil {
		s.client = now.WithTimeout(s.w.pollTimeout)
	}
	return s.check()
}

// check starts a health check if the screen is shown and no check is running.
func (s servicesScreen) check() (screen, tea.Cmd) {
	if s.client == nil || !s.shown || s.waiting {
		return s, nil
	}
	s.request++
	s.waiting = true
	client, request, timeout := s.client, s.request, s.w.pollTimeout
	return s, s.w.call(func(ctx context.Context) tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		return healthMsg{request, client.Healths(ctx)}
	})
}

// receive handles the results of a health check.
func (s servicesScreen) receive(list []remote.Health) servicesScreen {
	// The database of the core is not a service. It is shown only if it is not ready.
	list = slices.DeleteFunc(list, func(h remote.Health) bool { return h.Service == "database" && h.Ready })
	history := make([][]float64, len(list))
	for i := range list {
		if len(s.history) > i {
			history[i] = s.history[i]
		}
		latency := list[i].Milliseconds
		if !list[i].Up {
			latency = -1
		}
		from := max(len(history[i])+1-maxLatencies, 0)
		history[i] = append(history[i][from:len(history[i]):len(history[i])], latency)
		if list[i].Skipped && len(s.list) > i && s.list[i].Reason != "" {
			list[i].Reason = s.list[i].Reason // this error contains the cause
		}
	}
	s.list, s.history, s.checked, s.waiting = list, history, s.w.Now(), false
	return s
}

// View implements screen.
func (s servicesScreen) View(width, height int) string {
	st := s.w.styles
	switch {
	case s.client == nil:
		text := st.title.Render("No services in use") + "\n\n" +
			"This process generates texts and numbers and chooses prizes. Campaigns are stored in a local database.\n\n" +
			st.key.Render("b") + " connects to services"
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
	return crop(strings.Join(lines, "\n"), width, height)
}

// head renders the number of ready services.
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
	return truncate(text+st.faint.Render("  at "+s.checked.UTC().Format("15:04:05")), width)
}

// rows renders a table with a line for each service.
func (s servicesScreen) rows(width int) []string {
	st := s.w.styles
	sparkWidth, deployedWidth := min(max(width-72, 8), 60), 12
	if width >= 100 {
		deployedWidth = 24
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
		address, recent := h.Address, sparkline(s.history[i], sparkWidth)
		if address == "" {
			address, latency, recent = "-", "-", ""
		}
		rows[i] = []string{h.Service, state, latency, recent, h.Implementation, address, h.Version}
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
		{title: "RECENT", rank: 4, max: sparkWidth, style: func(int) lipgloss.Style { return st.bar }},
		{title: "DEPLOYED", rank: 3, max: deployedWidth},
		{title: "ADDRESS", rank: 2, max: 40},
		{title: "VERSION", rank: 1, max: 16},
	}, rows, -1, width)
}

// sparkline renders the last values as bars. A negative value becomes a cross.
func sparkline(values []float64, width int) string {
	values = values[max(len(values)-width, 0):]
	most := 1.0 // so that differences below a millisecond are not visible
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
