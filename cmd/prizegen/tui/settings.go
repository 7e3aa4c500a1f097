package tui

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// Backend makes draws and manages campaigns. Its functions may block and may be called
// concurrently.
type Backend struct {
	Name      string // local, or the address of the services
	Generator draw.Generator
	Client    *remote.Client // client of the services; nil for local

	// Rules returns the rules that ref names, like the --rules flag: built-in rules,
	// deployed rules or a YAML file. For mistakes in a file, it returns a [prize.FileError].
	// An empty ref means the deployed rules.
	Rules func(ctx context.Context, ref string) (*prize.Rules, error)

	// Formats returns the deployed formats.
	Formats func(ctx context.Context) (textgen.Format, numgen.Format, error)

	// Campaigns and Draws return the campaigns and their draws. The first call connects to
	// the database or the services.
	Campaigns func(ctx context.Context) (Campaigns, error)
	Draws     func(ctx context.Context) (Draws, error)
}

// Campaigns lists and plays campaigns, as a promoter.
type Campaigns interface {
	Campaign(ctx context.Context, name string) (campaign.Campaign, error)
	Campaigns(ctx context.Context, q campaign.CampaignQuery) (list []campaign.Campaign, next string, err error)
	Play(ctx context.Context, play campaign.Play) (campaign.Draw, error)
}

// Draws lists and changes the draws of campaigns, and changes their entrants.
type Draws interface {
	Draws(ctx context.Context, q campaign.DrawQuery) (list []campaign.Draw, next string, err error)
	Claim(ctx context.Context, id, note string) (campaign.Draw, error)
	Unclaim(ctx context.Context, id string) (campaign.Draw, error)
	Void(ctx context.Context, id, reason string) (campaign.Draw, error)
	EditEntrant(ctx context.Context, id int64, person campaign.Person) (campaign.Entrant, error)
	DeleteEntrant(ctx context.Context, id int64) error
}

// Terms are the rules and formats that, together with the seed, determine draws.
type Terms struct {
	Rules  *prize.Rules
	Text   textgen.Format
	Number numgen.Format
}

// sameTerms reports whether a and b determine the same draws.
func sameTerms(a, b Terms) bool {
	return a.Rules.SHA256() == b.Rules.SHA256() && a.Rules.Name == b.Rules.Name &&
		a.Text.String() == b.Text.String() && a.Number.String() == b.Number.String()
}

// exactOdds computes the exact odds of the terms.
func (t Terms) exactOdds() prize.Odds {
	return t.Rules.Odds(t.Text.Format, t.Number.Format)
}

// Settings are the choices that the user makes for all screens.
type Settings struct {
	Backend  Backend
	Free     Terms  // the terms of free play
	RulesRef string // the name or file of Free.Rules

	Seed  entropy.Seed   // the seed of free play
	Proof jsontext.Value // proves where Seed comes from; nil if there is no proof
	Next  uint64         // index of the next draw of free play

	// Waiting means that Free is not known, because the backend has not yet reported its
	// deployed rules and formats. Until it does, free play is not possible.
	Waiting bool

	Campaign      *campaign.Campaign // nil for free play
	campaignTerms Terms
	Entrant       campaign.Person // who plays in the campaign; zero if there is no entrant

	invalid   *invalidRules // the last rules read, if they cannot be used; otherwise nil
	local     *localTerms   // nil while the backend is local
	exhausted bool          // Next is the last index of the seed, and its draw has been made
}

// localTerms are the terms of local draws. They are kept while services make the draws.
type localTerms struct {
	free     Terms
	rulesRef string
}

// invalidRules are rules that cannot be used.
type invalidRules struct {
	ref string
	err error // a [prize.FileError] if the file has mistakes
}

// mistakes returns the mistakes in the file.
func (i *invalidRules) mistakes() []prize.Mistake {
	var file *prize.FileError
	if errors.As(i.err, &file) {
		return file.Mistakes
	}
	return nil
}

// shortErr returns an error that fits on a line.
func (i *invalidRules) shortErr() error {
	if n := len(i.mistakes()); n > 0 {
		return fmt.Errorf("%d %s in %s; see the Rules screen", n, show.Noun(uint64(n), "mistake"), i.ref)
	}
	return i.err
}

// Terms returns the terms of the campaign or of free play.
func (s Settings) Terms() Terms {
	if s.Campaign != nil {
		return s.campaignTerms
	}
	return s.Free
}

// Spec returns the spec for count draws of free play, beginning at index start.
func (s Settings) Spec(start, count uint64) draw.Spec {
	return draw.Spec{
		Seed: s.Seed, Proof: s.Proof, Start: start, Count: count,
		Text: s.Free.Text, Number: s.Free.Number, Rules: s.Free.Rules,
	}
}

// EnterCampaign returns the settings for playing in a campaign of the backend.
func (s Settings) EnterCampaign(ctx context.Context, name string) (Settings, error) {
	campaigns, err := s.Backend.Campaigns(ctx)
	if err != nil {
		return s, err
	}
	c, err := campaigns.Campaign(ctx, name)
	if err != nil {
		return s, err
	}
	return s.withCampaign(&c)
}

// withCampaign returns the settings for playing in a campaign, which must contain the YAML
// of its rules.
func (s Settings) withCampaign(c *campaign.Campaign) (Settings, error) {
	rules, err := prize.Parse(c.Rules, []byte(c.RulesYAML))
	if err != nil {
		return s, err
	}
	text, err := textgen.Parse(c.TextFormat)
	if err != nil {
		return s, err
	}
	number, err := numgen.Parse(c.NumberFormat)
	if err != nil {
		return s, err
	}
	s.Campaign, s.campaignTerms = c, Terms{rules, text, number}
	return s, nil
}

// campaignName returns the name of the campaign, or "" in free play.
func (s Settings) campaignName() string {
	if s.Campaign == nil {
		return ""
	}
	return s.Campaign.Name
}

// withBackend returns the settings for free play with another backend.
func (s Settings) withBackend(b Backend, free Terms, rulesRef string) Settings {
	if s.Backend.Client == nil && !s.Waiting {
		s.local = &localTerms{s.Free, s.RulesRef}
	}
	s.Backend, s.Free, s.RulesRef, s.invalid = b, free, rulesRef, nil
	s.Campaign, s.Waiting = nil, false
	return s
}

// latestRef returns the name or file of the rules that were read last.
func (s Settings) latestRef() string {
	if s.invalid != nil {
		return s.invalid.ref
	}
	return s.RulesRef
}

// countDraw returns the settings after the free-play draw with index Next.
func (s Settings) countDraw() Settings {
	s.Next++
	if s.exhausted = s.Next == 0; s.exhausted {
		s.Next--
	}
	return s
}

// termsUnknown reports whether nothing can be drawn because the terms are not known. The
// terms of a campaign are always known.
func (s Settings) termsUnknown() bool { return s.Waiting && s.Campaign == nil }

// errTermsUnknown returns the error for a draw when the terms are not known.
func errTermsUnknown(s Settings) error {
	return fmt.Errorf("%s has not reported its rules and formats yet", s.Backend.Name)
}

// errExhausted returns the error for a draw when the last index of the seed has been
// drawn.
func errExhausted(s Settings) error {
	return fmt.Errorf("the seed has no draw after index %s; press s for another seed or index", prize.Thousands(s.Next))
}

// summary describes the settings on one line.
func (s Settings) summary() string {
	if s.termsUnknown() {
		return "waiting for the rules and formats of " + s.Backend.Name
	}
	t := s.Terms()
	text := fmt.Sprintf("%s · %s + %s", t.Rules.Name, t.Text, t.Number)
	if s.invalid != nil && s.Campaign == nil {
		text = "✗ " + filepath.Base(s.invalid.ref) + " can't be used · " + text
	}
	if s.Campaign != nil {
		text += " · campaign " + s.Campaign.Name
		if s.Entrant != (campaign.Person{}) {
			text += " · " + fullName(s.Entrant) + " plays"
		}
	} else {
		text += fmt.Sprintf(" · free play · seed %s · next is %s", shortSeed(s.Seed), prize.Thousands(s.Next))
	}
	return text + " · " + strings.TrimPrefix(s.Backend.Name, "http://")
}

// shortSummary describes the settings in a few words.
func (s Settings) shortSummary() string {
	text := "free play · " + s.Free.Rules.Name
	switch {
	case s.termsUnknown():
		text = "waiting"
	case s.Campaign != nil:
		text = "campaign " + s.Campaign.Name
	case s.invalid != nil:
		text = "free play · ✗ " + filepath.Base(s.invalid.ref)
	}
	return text + " · " + strings.TrimPrefix(s.Backend.Name, "http://")
}

// shortSeed returns the first characters of a long seed: enough to recognise the seed,
// but too few to use it.
func shortSeed(seed entropy.Seed) string {
	if len(seed) <= 12 {
		return string(seed)
	}
	return truncate(string(seed), 9)
}

// fullName returns the first and last name of a person.
func fullName(p campaign.Person) string { return p.FirstName + " " + p.LastName }

// fullPath replaces ~/ at the start of a path with the home directory.
func fullPath(path string) (string, error) {
	rest, ok := strings.CutPrefix(path, "~/")
	if !ok {
		return path, nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, rest), err
}

// parseWhole parses a whole number, ignoring commas, underscores and spaces.
func parseWhole(text string) (uint64, error) {
	return strconv.ParseUint(strings.NewReplacer(",", "", "_", "", " ", "").Replace(text), 10, 64)
}
