package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/certs"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// connect makes the app generate draws with the services in a.services, if there are any.
func connect(a *app) error {
	s := &a.services
	for _, address := range []*url.URL{s.Text, s.Number, s.Prize, s.Core} {
		if address != nil && address.Scheme == "https" {
			expectTLS(a)
		}
	}
	if !s.HasServices() {
		return nil
	}
	var err error
	if s.Identity, err = loadIdentity(a); err != nil {
		return err
	}
	s.UserAgent = userAgent()
	a.client = remote.New(*s)
	a.generator = a.client
	return nil
}

// loadIdentity returns the certificate to present to services, or nil if there is none.
func loadIdentity(a *app) (*certs.Identity, error) {
	if a.identity.CA == "" {
		return nil, nil
	}
	expectTLS(a)
	return certs.Load(a.identity, slog.New(slog.DiscardHandler))
}

// userAgent returns the User-Agent of requests to other servers.
func userAgent() string { return "prizegen/" + thisBuild().Version }

// calls reports whether the named service, or the core in its place, generates its part of
// the draws instead of this process.
func (a *app) calls(service string) bool {
	return a.client != nil && (a.client.Address(service) != nil || a.client.Address(remote.Core) != nil)
}

// noteLocalParts prints a warning for each service that is called without TLS. If the
// command calls services, noteLocalParts also prints which of the parts this process makes.
func noteLocalParts(a *app, parts ...string) {
	for _, service := range plainServices(a.services) {
		a.note("warning: the %s service has no TLS: %s", service, plainReason)
	}
	var local, flags []string
	for _, part := range parts {
		if a.client != nil && !a.calls(part) {
			local, flags = append(local, "the "+part), append(flags, "--"+part+"-url")
		}
	}
	switch len(local) {
	case 0:
	case 1:
		a.note("note: %s is made in this process, because %s is not set", local[0], flags[0])
	default:
		a.note("note: %s are made in this process, because %s are not set", strings.Join(local, " and "), strings.Join(flags, " and "))
	}
}

// plainReason is the reason why services on other machines need TLS.
const plainReason = "anyone who can read the network traffic can predict draws from the keys that are sent to it"

// plainServices returns the names of the services on other machines that are called
// without TLS.
func plainServices(s remote.Config) (names []string) {
	addresses := []*url.URL{s.Core, s.Text, s.Number, s.Prize}
	for i, name := range []string{remote.Core, remote.Text, remote.Number, remote.Prize} {
		if remote.IsPlain(addresses[i]) {
			names = append(names, name)
		}
	}
	return names
}

// textFormat returns the given text format, or the format of the text service if none was
// given.
func textFormat(ctx context.Context, a *app, given *settings.Value[textgen.Format]) (textgen.Format, error) {
	if a.calls(remote.Text) && !given.Given() {
		return a.client.TextFormat(ctx)
	}
	return given.Get(), nil
}

// numberFormat returns the given number format, or the format of the number service if
// none was given.
func numberFormat(ctx context.Context, a *app, given *settings.Value[numgen.Format]) (numgen.Format, error) {
	if a.calls(remote.Number) && !given.Given() {
		return a.client.NumberFormat(ctx)
	}
	return given.Get(), nil
}

// deployedFormats returns the formats that the services use. For a part that this process
// generates itself, it returns the default format.
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

// rulesFor returns the rules for a command: the rules of --rules if the flag was given,
// otherwise the rules of the prize service.
func rulesFor(ctx context.Context, a *app, rules *settings.Value[string]) (*prize.Rules, error) {
	if a.calls(remote.Prize) && !rules.Given() {
		return namedRules(ctx, a, "")
	}
	return namedRules(ctx, a, rules.Get())
}

// namedRules returns the rules that a reference names: built-in rules, a file, or rules
// of the prize service. An empty reference means the deployed rules of the prize service,
// or the default rules if there is no prize service.
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

// rulesURLFlag returns the part of a command line that sets the URL of the service that
// has the rules, or "" if the rules can be found without this service.
func rulesURLFlag(ctx context.Context, a *app, given string, rules *prize.Rules) string {
	if !a.calls(remote.Prize) || slices.Contains(prize.Builtins(), rules.Name) || given != prize.Default && given != rules.Name {
		return ""
	}
	service := remote.Prize
	if whole, err := a.client.Composes(ctx); whole && err == nil {
		service = remote.Core
	}
	address := a.client.Address(service)
	if address == nil {
		return ""
	}
	return " --" + service + "-url " + show.ShellWord(address.String())
}

// verifier returns the generator that recomputes draws: the services that generate parts,
// or this process. A core that makes only whole draws cannot recompute given draws.
func verifier(ctx context.Context, a *app) (draw.Generator, error) {
	if a.client == nil {
		return a.generator, nil
	}
	whole, err := a.client.Composes(ctx)
	if !whole || err != nil {
		return a.generator, err
	}
	a.note("note: the draws are recomputed in this process, because the core service at %s makes only whole draws", a.client.Address(remote.Core).Redacted())
	return draw.Local{}, nil
}

// unavailableHint returns a hint if err reports a service that is unavailable, or one that
// must not be called without TLS. Otherwise it returns "".
func unavailableHint(err error) string {
	var plain *remote.PlainError
	if errors.As(err, &plain) {
		return "use https and --service-ca, or --allow-plain-http if you trust every machine on the network"
	}
	var unavailable *remote.Unavailable
	if !errors.As(err, &unavailable) || !slices.Contains([]string{remote.Text, remote.Number, remote.Prize, remote.Core}, unavailable.Service) {
		return ""
	}
	return fmt.Sprintf("start it with prizegen serve --role=%s, set its URL with --%s-url, or run prizegen status", unavailable.Service, unavailable.Service)
}
