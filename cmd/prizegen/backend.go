package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// addresses are where the services are that the flags name; nil for those that
// are not named.
func (f backendFlags) addresses() remote.Config {
	at := func(own *value[*url.URL]) *url.URL {
		return cmp.Or(own.value, f.remote.value)
	}
	return remote.Config{Text: at(f.text), Number: at(f.number), Prize: at(f.prize), Core: at(f.core)}
}

// connect has draws made by the services that were named.
func (a *app) connect() {
	services := a.backend.addresses()
	for _, address := range []*url.URL{services.Text, services.Number, services.Prize, services.Core} {
		if address != nil && address.Scheme == "https" {
			a.expectTLS()
		}
	}
	if services.Text == nil && services.Number == nil && services.Prize == nil {
		return
	}
	services.UserAgent = "prizegen/" + thisBuild().Version
	a.client = remote.New(services)
	a.generator = a.client
}

// calls says whether a service is called for its part.
func (a *app) calls(service string) bool {
	return a.client != nil && a.client.Address(service) != nil
}

// takeDeployed fills in the formats that nobody asked for with those that are
// deployed in the services.
func (a *app) takeDeployed(ctx context.Context, cmd *cobra.Command, f formats) error {
	if a.calls(remote.Text) && !a.given(cmd, "text") {
		format, err := a.client.TextFormat(ctx)
		if err != nil {
			return err
		}
		f.text.text, f.text.value = format.String(), format
	}
	if a.calls(remote.Number) && !a.given(cmd, "number") {
		format, err := a.client.NumberFormat(ctx)
		if err != nil {
			return err
		}
		f.number.text, f.number.value = format.String(), format
	}
	return nil
}

// deployedFormats are the formats that are deployed in the services, and the default
// ones for parts that are made in this process.
func (a *app) deployedFormats(ctx context.Context) (text textgen.Format, number numgen.Format, err error) {
	if a.calls(remote.Text) {
		text, err = a.client.TextFormat(ctx)
	} else {
		text, err = textgen.Parse(textgen.Default)
	}
	if err != nil {
		return text, number, err
	}
	if a.calls(remote.Number) {
		number, err = a.client.NumberFormat(ctx)
	} else {
		number, err = numgen.Parse(numgen.Default)
	}
	return text, number, err
}

// rulesFor finds the rules that a command means: those of --rules, or else those
// that are deployed.
func (a *app) rulesFor(ctx context.Context, cmd *cobra.Command, ref string) (*prize.Rules, error) {
	if a.calls(remote.Prize) && !a.given(cmd, "rules") {
		ref = ""
	}
	return a.namedRules(ctx, ref)
}

// namedRules finds rules by what --rules says, which the prize service may know by a
// name too. An empty ref stands for those that are deployed there, and for the
// default ones where no service is called.
func (a *app) namedRules(ctx context.Context, ref string) (*prize.Rules, error) {
	switch {
	case !a.calls(remote.Prize):
		return a.loadRules(cmp.Or(ref, prize.Default))
	case ref == "":
		return a.client.Rules(ctx, "")
	}
	rules, err := a.loadRules(ref)
	if errors.Is(err, prize.ErrUnknownRules) {
		return a.client.Rules(ctx, ref)
	}
	return rules, err
}

// whereRulesAre is what a command line lacks that has only the name of rules: the
// address of the service that knows them.
func (a *app) whereRulesAre(o drawOptions, rules *prize.Rules) string {
	if !a.calls(remote.Prize) || slices.Contains(prize.Builtins(), rules.Name) || *o.rules != prize.Default && *o.rules != rules.Name {
		return ""
	}
	return " --prize-url " + shellWord(a.client.Address(remote.Prize).String())
}

// lostHint says what to do about a service that does not answer.
func lostHint(err error) string {
	var lost *remote.Unavailable
	if !errors.As(err, &lost) || !slices.Contains([]string{remote.Text, remote.Number, remote.Prize, remote.Core}, lost.Service) {
		return ""
	}
	return fmt.Sprintf("start it with prizegen serve --role=%s, give its address with --%s-url, or see prizegen status", lost.Service, lost.Service)
}
