package tui

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// settingKeys are the keys that change the settings, on all screens that go by them.
type settingKeys struct {
	rules, text, number, seed, campaign, entrant, backend key.Binding
}

func newSettingKeys() settingKeys {
	return settingKeys{
		rules:    key.NewBinding(key.WithKeys("g"), key.WithHelp("g", "rules")),
		text:     key.NewBinding(key.WithKeys("t"), key.WithHelp("t", "text format")),
		number:   key.NewBinding(key.WithKeys("n"), key.WithHelp("n", "number format")),
		seed:     key.NewBinding(key.WithKeys("s"), key.WithHelp("s", "seed")),
		campaign: key.NewBinding(key.WithKeys("c"), key.WithHelp("c", "campaign")),
		entrant:  key.NewBinding(key.WithKeys("e"), key.WithHelp("e", "who plays")),
		backend:  key.NewBinding(key.WithKeys("b"), key.WithHelp("b", "backend")),
	}
}

// all lists those that act: a campaign has its own rules, formats and seed, and only
// a campaign has entrants.
func (k settingKeys) all(s Settings) []key.Binding {
	if s.Campaign != nil {
		return []key.Binding{k.entrant, k.campaign, k.backend}
	}
	return []key.Binding{k.rules, k.seed, k.campaign, k.text, k.number, k.backend}
}

// press opens the dialog of a key, nil where it has none.
func (k settingKeys) press(w *world, s Settings, msg tea.KeyMsg) tea.Cmd {
	switch {
	case key.Matches(msg, k.campaign):
		return w.listCampaigns(s)
	case key.Matches(msg, k.backend):
		return w.chooseBackend(s)
	case s.Campaign != nil && key.Matches(msg, k.entrant):
		return askEntrant(s)
	case s.Campaign != nil && key.Matches(msg, k.rules, k.text, k.number, k.seed):
		return send(noteMsg{"the campaign " + s.Campaign.Name + " has its own rules, formats and seed; c changes to free play"})
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

// chooseRules offers the rules there are.
func (w *world) chooseRules(s Settings) tea.Cmd {
	about := map[string]string{prize.Generous: "bigger rewards", prize.Modest: "smaller rewards"}
	names := prize.Builtins()
	if !slices.Contains(names, s.RulesRef) && s.RulesRef != "" {
		names = append(names, s.RulesRef)
	}
	var options []option
	for _, name := range names {
		options = append(options, option{name, about[name], w.askRules(s.Backend, name)})
	}
	if s.Backend.Client != nil {
		options = append(options, option{"deployed", "what the prize service uses", w.askRules(s.Backend, "")})
	}
	typed := "" // before, where it can't be used
	if s.wrong != nil {
		typed = s.wrong.ref
	}
	options = append(options, option{"a file…", "rules of your own", ask("Rules of a YAML file", func(values []string) (tea.Cmd, error) {
		path, err := fullPath(strings.TrimSpace(values[0]))
		if path == "" {
			return nil, errors.New("it is empty, expected the path of a file such as summer.yaml")
		}
		return w.askRules(s.Backend, path), err
	}, field{label: "File", value: typed, hint: "summer.yaml"})})
	return choose("Rules", slices.Index(names, s.RulesRef), options...)
}

// rulesMsg tells every screen what became of loading rules.
type rulesMsg struct {
	ref   string
	rules *prize.Rules
	err   error // a [prize.FileError] where there are mistakes in the file
	again bool  // whether they were read before
	stamp stamp // of the file, before it was read
}

// loadRules is a command that loads rules and takes them for free play.
func (w *world) loadRules(b Backend, ref string) tea.Cmd {
	return w.call(func(ctx context.Context) tea.Msg { return readRules(ctx, b, ref) })
}

// askRules is the same for rules that the user waits for.
func (w *world) askRules(b Backend, ref string) tea.Cmd {
	return w.inquire(b.Name+" for rules", func(ctx context.Context) tea.Msg { return readRules(ctx, b, ref) })
}

func readRules(ctx context.Context, b Backend, ref string) rulesMsg {
	read, _ := stampOf(ref) // without one, the first that is seen has it read again
	rules, err := b.Rules(ctx, ref)
	return rulesMsg{ref: ref, rules: rules, err: err, stamp: read}
}

// take gives the settings with the rules. Where they have mistakes, the ones before stay.
func (m rulesMsg) take(s Settings) Settings {
	if m.err != nil {
		s.wrong = &wrongRules{m.ref, m.err}
		return s
	}
	s.RulesRef, s.Free.Rules, s.wrong = m.ref, m.rules, nil
	return s
}

// report is a command that tells what became of it, nil where that can be seen.
func (m rulesMsg) report() tea.Cmd {
	switch {
	case m.err != nil:
		return send(errorMsg{(&wrongRules{m.ref, m.err}).inShort()})
	case m.again:
		return send(noteMsg{"read again: " + m.rules.Name})
	}
	return nil
}

// chooseFormat offers formats: known ones, and any that parse understands.
func chooseFormat(title, present string, known map[string]string, take func(format string) (tea.Cmd, error)) tea.Cmd {
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	var options []option
	for _, name := range names {
		cmd, err := take(name)
		if err != nil {
			cmd = send(errorMsg{err}) // which a known format has not
		}
		options = append(options, option{name, known[name], cmd})
	}
	options = append(options, option{"another…", "a length, or an alphabet of your own", ask(title, func(values []string) (tea.Cmd, error) {
		return take(strings.TrimSpace(values[0]))
	}, field{label: "Format", value: present, hint: "[BCDFGHJKLM]3"})})
	at := slices.Index(names, present)
	if at < 0 {
		at = len(names)
	}
	return choose(title, at, options...)
}

func chooseText(s Settings) tea.Cmd {
	known := map[string]string{textgen.Lower4: "4 lower-case letters", textgen.Upper2: "2 upper-case letters"}
	return chooseFormat("Format of the text", s.Free.Text.String(), known, func(text string) (tea.Cmd, error) {
		format, err := textgen.Parse(text)
		if err != nil {
			return nil, err
		}
		return send(changeMsg{func(s Settings) Settings { s.Free.Text = format; return s }}), nil
	})
}

func chooseNumber(s Settings) tea.Cmd {
	known := map[string]string{numgen.Digits4: "4 digits", numgen.Digits8: "8 digits"}
	return chooseFormat("Format of the number", s.Free.Number.String(), known, func(text string) (tea.Cmd, error) {
		format, err := numgen.Parse(text)
		if err != nil {
			return nil, err
		}
		return send(changeMsg{func(s Settings) Settings { s.Free.Number = format; return s }}), nil
	})
}

// chooseSeed shows the seed, and offers another and another index.
func (w *world) chooseSeed(s Settings) tea.Cmd {
	return choose("Seed "+string(s.Seed), 0,
		option{"keep it", "and its next draw", nil},
		option{"a new one", "of 256 random bits", w.newSeed()},
		option{"another…", "to see the draws of a known one", ask("Seed", func(values []string) (tea.Cmd, error) {
			seed, err := entropy.ParseSeed(values[0])
			if err != nil {
				return nil, err
			}
			return takeSeed(seed, nil), nil
		}, field{label: "Seed", value: string(s.Seed)})},
		option{"index…", "of the next draw, now " + prize.Thousands(s.Next), ask("Index of the next draw", func(values []string) (tea.Cmd, error) {
			index, err := readNumber(values[0])
			if err != nil {
				return nil, errors.New("expected a whole number from 0 on")
			}
			return send(changeMsg{func(s Settings) Settings { s.Next, s.spent = index, false; return s }}), nil
		}, field{label: "Index", value: prize.Thousands(s.Next)})},
		option{"from the start", "the same draws again, from index 0", send(changeMsg{func(s Settings) Settings { s.Next, s.spent = 0, false; return s }})},
	)
}

// newSeed is a command that makes a seed and takes it.
func (w *world) newSeed() tea.Cmd {
	return w.inquire("for a new seed", func(ctx context.Context) tea.Msg {
		seed, proof, err := w.NewSeed(ctx)
		if err != nil {
			return errorMsg{err}
		}
		return takeSeed(seed, proof)()
	})
}

// takeSeed is a command that begins with a seed's first draw.
func takeSeed(seed entropy.Seed, proof []byte) tea.Cmd {
	return send(changeMsg{func(s Settings) Settings {
		s.Seed, s.Proof, s.Next, s.spent = seed, proof, 0, false
		return s
	}})
}

// listCampaigns is a command that offers free play and the campaigns of the backend.
func (w *world) listCampaigns(s Settings) tea.Cmd {
	return w.inquire(s.Backend.Name+" for its campaigns", func(ctx context.Context) tea.Msg {
		promoter, err := s.Backend.Promoter(ctx)
		if err != nil {
			return errorMsg{err}
		}
		page, err := promoter.Campaigns(ctx, campaign.List{Limit: campaign.MaxPage})
		if err != nil {
			return errorMsg{err}
		}
		options := []option{{"free play", "draws that are not stored", send(changeMsg{func(s Settings) Settings { s.Campaign = nil; return s }})}}
		at := 0
		for i := range page.Campaigns {
			c := &page.Campaigns[i]
			if s.Campaign != nil && c.Name == s.Campaign.Name {
				at = len(options)
			}
			about := string(c.State)
			if c.Title != "" && c.Title != c.Name {
				about += "  " + c.Title
			}
			options = append(options, option{c.Name, about, w.enter(s, c.Name)})
		}
		if page.Next != "" {
			options = append(options, option{"another…", "there are more: by its name", w.askCampaign(s)})
		}
		return choose("Campaign", at, options...)()
	})
}

// askCampaign is a command that asks for the name of a campaign to take.
func (w *world) askCampaign(s Settings) tea.Cmd {
	return ask("Campaign", func(values []string) (tea.Cmd, error) {
		name := strings.TrimSpace(values[0])
		if name == "" {
			return nil, errors.New("it is empty, expected the name of a campaign such as summer")
		}
		return w.enter(s, name), nil
	}, field{label: "Name", hint: "summer"})
}

// enter is a command that takes a campaign and asks who plays.
func (w *world) enter(s Settings, name string) tea.Cmd {
	return w.inquire(s.Backend.Name+" for the campaign "+name, func(ctx context.Context) tea.Msg {
		s, err := s.Enter(ctx, name)
		if err != nil {
			return errorMsg{err}
		}
		return enteredMsg{s.Campaign}
	})
}

// enteredMsg takes a campaign.
type enteredMsg struct{ campaign *Campaign }

// take is what follows: the settings change, and the frame asks who plays.
func (m enteredMsg) take(s Settings) tea.Cmd {
	change := send(changeMsg{func(s Settings) Settings { s.Campaign = m.campaign; return s }})
	return tea.Sequence(change, askEntrant(s))
}

// askEntrant asks who plays.
func askEntrant(s Settings) tea.Cmd {
	return ask("Who plays?", func(values []string) (tea.Cmd, error) {
		person := campaign.Person{FirstName: values[0], LastName: values[1], Email: values[2]}
		if strings.Join(values, "") == "" {
			person = campaign.Person{}
		} else {
			var err error
			if person, err = person.Clean(); err != nil {
				return nil, err
			}
		}
		return send(changeMsg{func(s Settings) Settings { s.Entrant = person; return s }}), nil
	},
		field{label: "First name", value: s.Entrant.FirstName, hint: "all empty: nobody"},
		field{label: "Last name", value: s.Entrant.LastName},
		field{label: "Email", value: s.Entrant.Email, hint: "may be left out"})
}
