package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// connect makes the app generate draws with the services in a.services.
func connect(a *app) {
	s := a.services
	for _, address := range []*url.URL{s.Text, s.Number, s.Prize, s.Core} {
		if address != nil && address.Scheme == "https" {
			expectTLS(a)
		}
	}
	if s.Text == nil && s.Number == nil && s.Prize == nil {
		return
	}
	s.UserAgent = userAgent()
	a.client = remote.New(s)
	a.generator = a.client
}

// userAgent returns the User-Agent of requests to other servers.
func userAgent() string { return "prizegen/" + thisBuild().Version }

// calls reports whether a service makes its part of the draws.
func (a *app) calls(service string) bool {
	return a.client != nil && a.client.Address(service) != nil
}

// textFormat returns the given format of the texts, or the format of the text service if
// none was given.
func textFormat(ctx context.Context, a *app, given *settings.Value[textgen.Format]) (textgen.Format, error) {
	if a.calls(remote.Text) && !given.Given() {
		return a.client.TextFormat(ctx)
	}
	return given.Get(), nil
}

// numberFormat returns the given format of the numbers, or the format of the number
// service if none was given.
func numberFormat(ctx context.Context, a *app, given *settings.Value[numgen.Format]) (numgen.Format, error) {
	if a.calls(remote.Number) && !given.Given() {
		return a.client.NumberFormat(ctx)
	}
	return given.Get(), nil
}

// deployedFormats returns the formats of the services, or the default for a part that this
// process makes.
func deployedFormats(ctx context.Context, a *app) (textgen.Format, numgen.Format, error) {
	text, err := textgen.Parse(textgen.Default)
	if a.calls(remote.Text) {
		text, err = a.client.TextFormat(ctx)
	}
	if err != nil {
		return textgen.Format{}, numgen.Format{}, err
	}
	number, err := numgen.Parse(numgen.Default)
	if a.calls(remote.Number) {
		number, err = a.client.NumberFormat(ctx)
	}
	return text, number, err
}

// rulesFor returns the rules of a command: those of --rules if it was given, otherwise
// those of the prize service.
func rulesFor(ctx context.Context, a *app, rules *settings.Value[string]) (*prize.Rules, error) {
	if a.calls(remote.Prize) && !rules.Given() {
		return namedRules(ctx, a, "")
	}
	return namedRules(ctx, a, rules.Get())
}

// namedRules returns the rules that a reference stands for: built-in rules, a file, or
// rules that the prize service knows. An empty reference stands for the rules deployed
// there, and for the default rules if no service is used.
func namedRules(ctx context.Context, a *app, ref string) (*prize.Rules, error) {
	switch {
	case !a.calls(remote.Prize):
		return loadRules(a, cmp.Or(ref, prize.Default))
	case ref == "":
		return a.client.Rules(ctx, "")
	}
	rules, err := loadRules(a, ref)
	if errors.Is(err, prize.ErrUnknownRules) {
		return a.client.Rules(ctx, ref)
	}
	return rules, err
}

// prizeURLFlag returns the flag that a command line needs to find rules which only the
// prize service knows, or "".
func prizeURLFlag(a *app, given string, rules *prize.Rules) string {
	if !a.calls(remote.Prize) || slices.Contains(prize.Builtins(), rules.Name) || given != prize.Default && given != rules.Name {
		return ""
	}
	return " --prize-url " + show.ShellWord(a.client.Address(remote.Prize).String())
}

// unavailableHint returns the hint for a service that does not answer, or "".
func unavailableHint(err error) string {
	var unavailable *remote.Unavailable
	if !errors.As(err, &unavailable) || !slices.Contains([]string{remote.Text, remote.Number, remote.Prize, remote.Core}, unavailable.Service) {
		return ""
	}
	return fmt.Sprintf("start it with prizegen serve --role=%s, give its URL with --%s-url, or see prizegen status", unavailable.Service, unavailable.Service)
}
