package tui

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// settingKeys are the keys that change the settings. All screens that use the settings
// share these keys.
type settingKeys struct {
	rules, text, number, seed, campaign, entrant, backend key.Binding
}

func newSettingKeys() settingKeys {
	return settingKeys{
		rules:    bind("g", "rules", "g"),
		text:     bind("t", "text format", "t"),
		number:   bind("n", "number format", "n"),
		seed:     bind("s", "seed", "s"),
		campaign: bind("c", "campaign", "c"),
		entrant:  bind("e", "entrant", "e"),
		backend:  bind("b", "backend", "b"),
	}
}

// enabled returns the keys that apply. A campaign has its own rules, formats and seed,
// and only campaigns have entrants.
func (k settingKeys) enabled(s Settings) []key.Binding {
	if s.Campaign != nil {
		return []key.Binding{k.entrant, k.campaign, k.backend}
	}
	return []key.Binding{k.rules, k.seed, k.campaign, k.text, k.number, k.backend}
}

// handle returns a command that opens the dialog for a key, or nil if the key has none.
func (k settingKeys) handle(w *workspace, s Settings, msg tea.KeyMsg) tea.Cmd {
	switch {
	case key.Matches(msg, k.campaign):
		return w.chooseCampaign(s)
	case key.Matches(msg, k.backend):
		return w.chooseBackend(s)
	case s.Campaign != nil && key.Matches(msg, k.entrant):
		return askEntrant(s)
	case s.Campaign != nil && key.Matches(msg, k.rules, k.text, k.number, k.seed):
		return send(noteMsg{"campaign " + s.Campaign.Name + " has its own rules, formats and seed; c changes to free play"})
	case key.Matches(msg, k.rules):
		return w.chooseRules(s)
	case key.Matches(msg, k.text):
		return chooseText(s)
	case key.Matches(msg, k.number):
		return chooseNumber(s)
	case key.Matches(msg, k.seed):
		return w.chooseSeed(s)
	}
	return nil
}

// chooseBackend offers local draws and services.
func (w *workspace) chooseBackend(s Settings) tea.Cmd {
	options := []option{{"local", "in this process", w.connect(s, w.Local)}}
	selected := 0
	services := w.Remote
	if services == nil && s.Backend.Client != nil {
		services = &s.Backend
	}
	if services != nil {
		options = append(options, option{services.Name, "services", w.connect(s, *services)})
		if s.Backend.Client != nil {
			selected = 1
		}
	}
	options = append(options, option{"services…", "at another address", ask("Address of the services", func(values []string) (tea.Cmd, error) {
		b, err := w.Connect(strings.TrimSpace(values[0]))
		if err != nil {
			return nil, err
		}
		return w.connect(s, b), nil
	}, field{label: "Address", hint: "http://localhost:8080"})})
	return choose("Where draws are made", selected, options...)
}

// connect returns a command that changes the backend. Services use their deployed terms,
// and local draws use the terms that were chosen before. If the services do not answer,
// the backend does not change. For the current backend, connect returns nil.
func (w *workspace) connect(s Settings, b Backend) tea.Cmd {
	switch {
	case b.Name == s.Backend.Name && !s.Waiting:
		return nil
	case b.Client == nil && s.local != nil:
		return send(changeMsg{func(s Settings) Settings { return s.withBackend(b, s.local.free, s.local.rulesRef) }})
	}
	return w.await("asking "+b.Name+" for its rules and formats…", func(ctx context.Context) tea.Msg {
		rules, err := b.Rules(ctx, "")
		if err != nil {
			return errorMsg{err}
		}
		text, number, err := b.Formats(ctx)
		if err != nil {
			return errorMsg{err}
		}
		return changeMsg{func(s Settings) Settings {
			return s.withBackend(b, Terms{rules, text, number}, rules.Name)
		}}
	})
}

// chooseRules offers built-in rules, deployed rules and files.
func (w *workspace) chooseRules(s Settings) tea.Cmd {
	about := map[string]string{prize.Generous: "bigger rewards", prize.Modest: "smaller rewards"}
	names := prize.Builtins()
	if !slices.Contains(names, s.RulesRef) && s.RulesRef != "" {
		names = append(names, s.RulesRef)
	}
	var options []option
	for _, name := range names {
		options = append(options, option{name, about[name], w.awaitRules(s.Backend, name)})
	}
	if s.Backend.Client != nil {
		options = append(options, option{"deployed", "the rules of the prize service", w.awaitRules(s.Backend, "")})
	}
	path := ""
	if s.invalid != nil {
		path = s.invalid.ref
	}
	options = append(options, option{"a file…", "your own rules", ask("Rules in a YAML file", func(values []string) (tea.Cmd, error) {
		path, err := fullPath(strings.TrimSpace(values[0]))
		if path == "" {
			return nil, errors.New("enter the path of a file, such as summer.yaml")
		}
		return w.awaitRules(s.Backend, path), err
	}, field{label: "File", value: path, hint: "summer.yaml"})})
	return choose("Rules", slices.Index(names, s.RulesRef), options...)
}

// rulesMsg contains the result of reading rules for free play.
type rulesMsg struct {
	ref      string
	rules    *prize.Rules
	err      error       // a [prize.FileError] if the file has mistakes
	reloaded bool        // whether these rules were chosen earlier and read again
	version  fileVersion // version of the file before it was read
}

// readRules reads the rules that ref names.
func readRules(ctx context.Context, b Backend, ref string) rulesMsg {
	version, _ := fileVersionOf(ref) // after an error, the file is read again once its version is known
	rules, err := b.Rules(ctx, ref)
	return rulesMsg{ref: ref, rules: rules, err: err, version: version}
}

// awaitRules returns a command that reads rules while the user waits.
func (w *workspace) awaitRules(b Backend, ref string) tea.Cmd {
	return w.await("asking "+b.Name+" for rules…", func(ctx context.Context) tea.Msg { return readRules(ctx, b, ref) })
}

// apply returns the settings with the rules that were read. After an error, the earlier
// rules stay in use.
func (m rulesMsg) apply(s Settings) Settings {
	if m.err != nil {
		s.invalid = &invalidRules{m.ref, m.err}
		return s
	}
	s.RulesRef, s.Free.Rules, s.invalid = m.ref, m.rules, nil
	return s
}

// report returns a command that shows the result. It returns nil if the screens show the
// result anyway.
func (m rulesMsg) report() tea.Cmd {
	switch {
	case m.err != nil:
		return send(errorMsg{(&invalidRules{m.ref, m.err}).shortErr()})
	case m.reloaded:
		return send(noteMsg{"reloaded " + m.rules.Name})
	}
	return nil
}

// fileVersion identifies a version of a file.
type fileVersion struct {
	changed time.Time
	size    int64
}

// fileVersionOf returns the current version of a file.
func fileVersionOf(file string) (fileVersion, error) {
	info, err := os.Stat(file)
	if err != nil {
		return fileVersion{}, err
	}
	return fileVersion{info.ModTime(), info.Size()}, nil
}

// chooseFormat offers the formats in common, which maps each to its description, and an
// input field for any other format. change returns a command that changes the format, or an
// error if the format is invalid.
func chooseFormat(title, current string, common map[string]string, change func(format string) (tea.Cmd, error)) tea.Cmd {
	names := make([]string, 0, len(common))
	for name := range common {
		names = append(names, name)
	}
	slices.Sort(names)
	var options []option
	for _, name := range names {
		cmd, err := change(name)
		if err != nil {
			cmd = send(errorMsg{err}) // cannot happen with a common format
		}
		options = append(options, option{name, common[name], cmd})
	}
	options = append(options, option{"another…", "another length or alphabet", ask(title, func(values []string) (tea.Cmd, error) {
		return change(strings.TrimSpace(values[0]))
	}, field{label: "Format", value: current, hint: "[BCDFGHJKLM]3"})})
	selected := slices.Index(names, current)
	if selected < 0 {
		selected = len(names)
	}
	return choose(title, selected, options...)
}

func chooseText(s Settings) tea.Cmd {
	common := map[string]string{textgen.Lower4: "4 lower-case letters", textgen.Upper2: "2 upper-case letters"}
	return chooseFormat("Format of the text", s.Free.Text.String(), common, func(text string) (tea.Cmd, error) {
		format, err := textgen.Parse(text)
		if err != nil {
			return nil, err
		}
		return send(changeMsg{func(s Settings) Settings { s.Free.Text = format; return s }}), nil
	})
}

func chooseNumber(s Settings) tea.Cmd {
	common := map[string]string{numgen.Digits4: "4 digits", numgen.Digits8: "8 digits"}
	return chooseFormat("Format of the number", s.Free.Number.String(), common, func(text string) (tea.Cmd, error) {
		format, err := numgen.Parse(text)
		if err != nil {
			return nil, err
		}
		return send(changeMsg{func(s Settings) Settings { s.Free.Number = format; return s }}), nil
	})
}

// chooseSeed shows the seed, and offers another seed and another index.
func (w *workspace) chooseSeed(s Settings) tea.Cmd {
	return choose("Seed "+string(s.Seed), 0,
		option{"keep it", "and its next draw", nil},
		option{"a new one", "256 random bits", w.newSeed()},
		option{"another…", "a seed that you enter", ask("Seed", func(values []string) (tea.Cmd, error) {
			seed, err := entropy.ParseSeed(values[0])
			if err != nil {
				return nil, err
			}
			return send(changeSeed(seed, nil)), nil
		}, field{label: "Seed", value: string(s.Seed)})},
		option{"index…", "of the next draw, now " + prize.Thousands(s.Next), ask("Index of the next draw", func(values []string) (tea.Cmd, error) {
			index, err := parseWhole(values[0])
			if err != nil {
				return nil, errors.New("the index must be a whole number, 0 or more")
			}
			return send(changeIndex(index)), nil
		}, field{label: "Index", value: prize.Thousands(s.Next)})},
		option{"from the start", "the same draws again, from index 0", send(changeIndex(0))},
	)
}

// newSeed returns a command that gets a new seed and changes to it.
func (w *workspace) newSeed() tea.Cmd {
	return w.await("getting a new seed…", func(ctx context.Context) tea.Msg {
		seed, proof, err := w.NewSeed(ctx)
		if err != nil {
			return errorMsg{err}
		}
		return changeSeed(seed, proof)
	})
}

// changeSeed returns a message that changes to another seed, beginning with its first
// draw.
func changeSeed(seed entropy.Seed, proof []byte) changeMsg {
	return changeMsg{func(s Settings) Settings {
		s.Seed, s.Proof, s.Next, s.exhausted = seed, proof, 0, false
		return s
	}}
}

// changeIndex returns a message that changes the index of the next draw.
func changeIndex(index uint64) changeMsg {
	return changeMsg{func(s Settings) Settings { s.Next, s.exhausted = index, false; return s }}
}

// chooseCampaign returns a command that offers free play and the campaigns of the
// backend.
func (w *workspace) chooseCampaign(s Settings) tea.Cmd {
	return w.await("asking "+s.Backend.Name+" for its campaigns…", func(ctx context.Context) tea.Msg {
		campaigns, err := s.Backend.Campaigns(ctx)
		if err != nil {
			return errorMsg{err}
		}
		list, next, err := campaigns.Campaigns(ctx, campaign.CampaignQuery{Paging: campaign.Paging{Limit: campaign.MaxPage}})
		if err != nil {
			return errorMsg{err}
		}
		options := []option{{"free play", "draws that are not stored", send(changeMsg{func(s Settings) Settings { s.Campaign = nil; return s }})}}
		selected := 0
		for i := range list {
			c := &list[i]
			if c.Name == s.campaignName() {
				selected = len(options)
			}
			about := string(c.State)
			if c.Title != "" && c.Title != c.Name {
				about += "  " + c.Title
			}
			options = append(options, option{c.Name, about, w.enterCampaign(s, c.Name)})
		}
		if next != "" {
			options = append(options, option{"another…", "more campaigns, by name", w.askCampaign(s)})
		}
		return choose("Campaign", selected, options...)()
	})
}

// askCampaign returns a command that asks for the name of a campaign and changes to it.
func (w *workspace) askCampaign(s Settings) tea.Cmd {
	return ask("Campaign", func(values []string) (tea.Cmd, error) {
		name := strings.TrimSpace(values[0])
		if name == "" {
			return nil, errors.New("enter the name of a campaign, such as summer")
		}
		return w.enterCampaign(s, name), nil
	}, field{label: "Name", hint: "summer"})
}

// campaignMsg changes to a campaign and asks who plays.
type campaignMsg struct {
	enter func(Settings) Settings
}

// enterCampaign returns a command that changes to a campaign and asks who plays.
func (w *workspace) enterCampaign(s Settings, name string) tea.Cmd {
	return w.await("asking "+s.Backend.Name+" for campaign "+name+"…", func(ctx context.Context) tea.Msg {
		entered, err := s.EnterCampaign(ctx, name)
		if err != nil {
			return errorMsg{err}
		}
		return campaignMsg{func(s Settings) Settings {
			s.Campaign, s.campaignTerms = entered.Campaign, entered.campaignTerms
			return s
		}}
	})
}

// askEntrant returns a command that asks who plays.
func askEntrant(s Settings) tea.Cmd {
	return ask("Who plays?", func(values []string) (tea.Cmd, error) {
		person := campaign.Person{FirstName: values[0], LastName: values[1], Email: values[2]}
		if person != (campaign.Person{}) {
			var err error
			if person, err = person.Clean(); err != nil {
				return nil, err
			}
		}
		return send(changeMsg{func(s Settings) Settings { s.Entrant = person; return s }}), nil
	},
		field{label: "First name", value: s.Entrant.FirstName, hint: "all empty: no entrant"},
		field{label: "Last name", value: s.Entrant.LastName},
		field{label: "Email", value: s.Entrant.Email, hint: "optional"})
}
