package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/partgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
	"github.com/prizegen/prizegen/pkg/wire"
)

// Check is the result of one check of a service's conformance.
type Check struct {
	Service string `json:"service"`
	Check   string `json:"check"` // what the service must do
	OK      bool   `json:"ok"`
	Reason  string `json:"reason,omitempty"` // why the check failed
}

// namedCheck is a check with a description of what the service must do.
type namedCheck struct {
	name string
	do   func(ctx context.Context) error
}

// Conformance checks that a text, number or prize service does what a core needs. It calls
// report after each check. docs/services.md describes the checks.
func (c *Client) Conformance(ctx context.Context, service string, report func(Check)) error {
	var checks []namedCheck
	switch service {
	case Text:
		checks = partsChecks(c.texts, "lower", func(name string) (partgen.Format, error) {
			f, err := textgen.Parse(name)
			return f.Format, err
		})
	case Number:
		checks = partsChecks(c.numbers, "digits", func(name string) (partgen.Format, error) {
			f, err := numgen.Parse(name)
			return f.Format, err
		})
	case Prize:
		checks = c.prizeChecks()
	default:
		return fmt.Errorf("the %s service cannot be checked", service)
	}
	for _, check := range checks {
		result := Check{Service: service, Check: check.name}
		err := check.do(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if result.OK = err == nil; err != nil {
			result.Reason = err.Error()
		}
		report(result)
	}
	return nil
}

// partsChecks returns the checks for a text or number service. kind is a kind of format
// that the service may support in addition to the deployed one.
func partsChecks(s *partsClient, kind string, parse func(string) (partgen.Format, error)) []namedCheck {
	deployed := func(ctx context.Context) (partgen.Format, error) {
		status, err := s.status(ctx)
		if err != nil {
			return partgen.Format{}, err
		}
		return parse(status.Implementation)
	}
	// draws returns a check of the parts in ranges, which have different keys.
	draws := func(ranges ...entropy.Range) func(context.Context) error {
		return func(ctx context.Context) error {
			f, err := deployed(ctx)
			if err != nil {
				return err
			}
			return s.compare(ctx, f, ranges)
		}
	}
	return append([]namedCheck{
		{"reports its status", func(ctx context.Context) error {
			err := s.checkReady(ctx)
			if err == nil {
				_, err = deployed(ctx)
			}
			return err
		}},
		{"generates the first part for a key", draws(entropy.Range{Key: newKey(), Count: 1})},
		{"generates 100,000 parts for a key", draws(sample(wire.MaxCount))},
		{"generates the parts of the last indexes", draws(entropy.Range{Key: newKey(), Start: math.MaxUint64 - 2, Count: 3})},
		{"generates parts for several keys", draws(sample(2), sample(1), sample(3))},
		{"generates different parts without a key", func(ctx context.Context) error {
			f, err := deployed(ctx)
			if err != nil {
				return err
			}
			return s.compareFresh(ctx, f)
		}},
		{"generates parts in other formats, or refuses them", func(ctx context.Context) error {
			f, err := parse(kind + "7")
			if err == nil {
				err = s.compare(ctx, f, []entropy.Range{sample(3)})
			}
			if errors.Is(err, partgen.ErrFormat) {
				return nil
			}
			return err
		}},
	}, s.refusals(map[string]string{
		"a key that is too short":        `{"key":"00"}`,
		"a count of 0":                   `{"count":0}`,
		"more than 100,000 parts":        `{"count":100001}`,
		"indexes after the last one":     `{"key":"` + newKey().Hex() + `","start":18446744073709551615,"count":2}`,
		"a body that is not JSON":        `{"count"`,
		"a range of parts without a key": `{"start":1}`,
		"a format that does not exist":   `{"format":"lower0"}`,
	})...)
}

// checkReady returns an error unless the service reports its role and that it is ready.
func (s *service) checkReady(ctx context.Context) error {
	status, err := s.status(ctx)
	if err == nil && (status.Service != s.name || !status.Ready) {
		err = fmt.Errorf("got service %q and ready %v, want %q and true", status.Service, status.Ready, s.name)
	}
	return err
}

// compare requests the parts in ranges, and compares them with those generated in this
// process.
func (c *partsClient) compare(ctx context.Context, f partgen.Format, ranges []entropy.Range) error {
	request := partsRequest(f, ranges[0])
	if len(ranges) > 1 {
		request = &wire.PartsRequest{Format: f.String(), Count: 1}
		for _, r := range ranges {
			request.Ranges = append(request.Ranges, wire.NewRange(r))
		}
	}
	var want []byte
	for _, r := range ranges {
		want = f.Append(want, r)
	}
	got, err := c.request(ctx, nil, f, len(want)/f.Len(), request)
	if err == nil && !bytes.Equal(got, want) {
		i := 0
		for got[i] == want[i] {
			i++
		}
		i -= i % f.Len()
		err = fmt.Errorf("part %d is %q, want %q", i/f.Len(), got[i:i+f.Len()], want[i:i+f.Len()])
	}
	return err
}

// compareFresh requests parts without a key twice, and checks that they differ.
func (c *partsClient) compareFresh(ctx context.Context, f partgen.Format) error {
	const count = 50
	first, err := c.request(ctx, nil, f, count, &wire.PartsRequest{Format: f.String(), Count: count})
	if err != nil {
		return err
	}
	second, err := c.request(ctx, nil, f, count, &wire.PartsRequest{Format: f.String(), Count: count})
	if err == nil && bytes.Equal(first, second) {
		err = errors.New("two requests returned the same parts")
	}
	return err
}

// refusals returns checks that the service refuses each of bodies with a status from 400 to
// 499.
func (s *service) refusals(bodies map[string]string) (checks []namedCheck) {
	for _, name := range slices.Sorted(maps.Keys(bodies)) {
		body := bodies[name]
		checks = append(checks, namedCheck{"refuses " + name, func(ctx context.Context) error {
			_, err := s.do(ctx, call{method: http.MethodPost, path: "/v1/" + s.name, body: encodedBody(body)})
			var problem *wire.Problem
			var invalid *InvalidResponse
			switch {
			case err == nil:
				return errors.New("the request was accepted")
			case errors.As(err, &problem) && problem.Status < 500, errors.As(err, &invalid) && invalid.Status >= 400 && invalid.Status < 500:
				return nil
			}
			return err
		}})
	}
	return checks
}

// unknownRules are rules that no service has deployed.
const unknownRules = `name: conformance
currency: EUR
rules:
- match: "7$"
  prizes: [{prize: Mug, chance: 1/3}, {win: 5, chance: 1/7}]
- prizes: [{win: 1, chance: 1/1000}]
`

// prizeChecks returns the checks for a prize service.
func (c *Client) prizeChecks() []namedCheck {
	draws := func(load func(context.Context) (*prize.Rules, error), r entropy.Range) func(context.Context) error {
		return func(ctx context.Context) error {
			rules, err := load(ctx)
			if err == nil {
				_, err = c.Prizes(ctx, nil, rules, sampleAccounts(int(r.Count)), r)
			}
			return err
		}
	}
	deployed := func(ctx context.Context) (*prize.Rules, error) { return c.Rules(ctx, "") }
	sent := func(context.Context) (*prize.Rules, error) { return prize.Parse("conformance", []byte(unknownRules)) }
	several := func(ctx context.Context) error {
		rules, err := deployed(ctx)
		if err != nil {
			return err
		}
		return c.awards.compare(ctx, rules, []entropy.Range{sample(2), sample(1), sample(3)})
	}
	return append([]namedCheck{
		{"reports its status", c.prize.checkReady},
		{"returns its rules", func(ctx context.Context) error { _, err := deployed(ctx); return err }},
		{"awards the prize of the first draw for a key", draws(deployed, entropy.Range{Key: newKey(), Count: 1})},
		{"awards the prizes of 10,000 draws for a key", draws(deployed, sample(10_000))},
		{"awards the prizes of the last draws", draws(deployed, entropy.Range{Key: newKey(), Start: math.MaxUint64 - 2, Count: 3})},
		{"awards the prizes of draws for several keys", several},
		{"awards prizes by rules in the request", draws(sent, sample(100))},
	}, c.prize.refusals(map[string]string{
		"a key that is too short":              `{"accounts":["ABC1"],"key":"00"}`,
		"no account numbers":                   `{"accounts":[]}`,
		"an account number with a space":       `{"accounts":["A B"]}`,
		"rules with a different SHA-256":       `{"accounts":["ABC1"],"rules_sha256":"` + newKey().Hex() + `"}`,
		"rules with mistakes":                  `{"accounts":["ABC1"],"rules_yaml":"name: x"}`,
		"a body that is not JSON":              `{"accounts"`,
		"more draws than account numbers":      `{"accounts":["ABC1"],"ranges":[{"key":"` + newKey().Hex() + `","count":2}]}`,
		"indexes after the last one of a seed": `{"accounts":["ABC1","ABC2"],"key":"` + newKey().Hex() + `","start":18446744073709551615}`,
	})...)
}

// compare requests the outcomes of the draws in ranges, and compares them with those
// computed in this process.
func (c *awardsClient) compare(ctx context.Context, rules *prize.Rules, ranges []entropy.Range) error {
	request := &wire.AwardRequest{}
	var want []prize.Outcome
	for _, r := range ranges {
		accounts := sampleAccounts(int(r.Count))
		for i := range accounts.Len() {
			request.Accounts.Append(string(accounts.At(i)))
		}
		request.Ranges = append(request.Ranges, wire.NewRange(r))
		want = rules.Award(want, accounts, r)
	}
	got, err := c.award(ctx, nil, c.textsOf(rules), request)
	for i := range got {
		if err == nil && got[i] != want[i] {
			err = fmt.Errorf("prize %d is wrong", i)
		}
	}
	return err
}
