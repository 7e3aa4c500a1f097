package main

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"sync"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/cmd/prizegen/tui"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// tuiBackends makes the backends that the interactive program goes over to, and
// closes what they have opened.
type tuiBackends struct {
	a  *app
	db string // where campaigns are kept that no core keeps

	mu     sync.Mutex
	opened []func() error
}

// connect is the backend of the services at one front address.
func (t *tuiBackends) connect(address string) (tui.Backend, error) {
	at, err := settings.ParseServiceURL(address)
	if err != nil {
		return tui.Backend{}, err
	}
	return t.of(remote.Config{Text: at, Number: at, Prize: at, Core: at}), nil
}

// of is the backend of services, parts without one being made in this process.
func (t *tuiBackends) of(services remote.Config) tui.Backend {
	here := t.a.quietly()
	here.client, here.generator = nil, draw.Local{}
	b := tui.Backend{Name: "local"}
	if services != (remote.Config{}) {
		services.UserAgent = userAgent()
		here.client = remote.New(services)
		here.generator, b.Client, b.Name = here.client, here.client, nameOf(services)
	}
	b.Generator = here.generator
	b.Rules = func(ctx context.Context, ref string) (*prize.Rules, error) {
		if ref == "-" {
			return nil, errRulesFromStdin()
		}
		return namedRules(ctx, here, ref)
	}
	b.Formats = func(ctx context.Context) (textgen.Format, numgen.Format, error) { return deployedFormats(ctx, here) }
	open := t.promotion(here, services)
	b.Campaigns = func(ctx context.Context) (tui.Campaigns, error) { return open(ctx) }
	b.Draws = func(ctx context.Context) (tui.Draws, error) { return open(ctx) }
	return b
}

// nameOf tells services by the address that most of them have.
func nameOf(services remote.Config) string {
	first := cmp.Or(services.Core, services.Prize, services.Text, services.Number)
	for _, other := range []*url.URL{services.Text, services.Number, services.Prize} {
		if other == nil || other.String() != first.String() {
			return first.Redacted() + " and others"
		}
	}
	return first.Redacted()
}

// promotion returns a function that opens the campaigns in the first call, and again after
// a failure.
func (t *tuiBackends) promotion(a *app, services remote.Config) func(context.Context) (promotion, error) {
	var opening sync.Mutex
	var p promotion
	return func(ctx context.Context) (promotion, error) {
		opening.Lock()
		defer opening.Unlock()
		if p != nil {
			return p, nil
		}
		open, done, err := openPromotion(ctx, a, services, t.db)
		if err != nil {
			return nil, err
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.opened = append(t.opened, done)
		p = open
		return p, nil
	}
}

// close closes what was opened.
func (t *tuiBackends) close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var errs []error
	for _, done := range t.opened {
		errs = append(errs, done())
	}
	return errors.Join(errs...)
}
