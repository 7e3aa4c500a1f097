package tui

import (
	"context"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// Config configures the program. Its functions are the ones that the commands call.
type Config struct {
	Local   Backend                               // draws in this process
	Remote  *Backend                              // the configured services; nil for none
	Connect func(address string) (Backend, error) // returns a backend of services without calling them
	NewSeed func(ctx context.Context) (entropy.Seed, jsontext.Value, error)
	Hint    func(err error) string // returns what to do about an error; empty if that is not known
	Now     func() time.Time

	Settings Settings // initial settings
	Animate  bool     // account numbers roll in

	// Load completes the initial settings with data from the services: the deployed rules
	// and formats, and a campaign. It is called again after an error. A nil Load means
	// that Settings is complete.
	Load func(ctx context.Context, s Settings) (Settings, error)
}

// Backend makes draws and keeps campaigns. Its functions may take long and may be called
// concurrently.
type Backend struct {
	Name      string // local, or the address of the services
	Generator draw.Generator
	Client    *remote.Client // of the services; nil for local

	// Rules returns rules as the flag --rules does: built-in or deployed ones by their
	// name, or those of a YAML file. It returns a [prize.FileError] for mistakes in a
	// file. An empty ref means the deployed rules.
	Rules func(ctx context.Context, ref string) (*prize.Rules, error)

	// Formats returns the deployed formats.
	Formats func(ctx context.Context) (textgen.Format, numgen.Format, error)

	// Campaigns and Draws return the campaigns and their draws. They connect when they are
	// first called.
	Campaigns func(ctx context.Context) (Campaigns, error)
	Draws     func(ctx context.Context) (Draws, error)
}

// Campaigns lists and plays campaigns, as a promoter.
type Campaigns interface {
	Campaign(ctx context.Context, name string) (campaign.Campaign, error)
	Campaigns(ctx context.Context, q campaign.CampaignQuery) (list []campaign.Campaign, next string, err error)
	Play(ctx context.Context, play campaign.Play) (campaign.Draw, error)
}

// Draws lists and changes the draws of campaigns and their entrants.
type Draws interface {
	Draws(ctx context.Context, q campaign.DrawQuery) (list []campaign.Draw, next string, err error)
	Claim(ctx context.Context, id, note string) (campaign.Draw, error)
	Unclaim(ctx context.Context, id string) (campaign.Draw, error)
	Void(ctx context.Context, id, reason string) (campaign.Draw, error)
	EditEntrant(ctx context.Context, id int64, person campaign.Person) (campaign.Entrant, error)
	DeleteEntrant(ctx context.Context, id int64) error
}
