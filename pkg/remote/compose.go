package remote

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/wire"
)

var _ draw.Composer = (*Client)(nil)

// The values of Client.composing.
const (
	composingUnknown = iota
	composingYes
	composingNo
)

// Composes reports whether the core makes complete draws for the client. It does if only
// the core has a URL, or if all services share one URL but no text service is there. To
// find out, Composes calls the shared URL once.
func (c *Client) Composes(ctx context.Context) (bool, error) {
	if c.core == nil {
		return false, nil
	}
	parts := []*service{c.text, c.number, c.prize}
	if !slices.ContainsFunc(parts, func(s *service) bool { return s != nil }) {
		return true, nil
	}
	if slices.ContainsFunc(parts, func(s *service) bool { return s == nil || *s.base != *c.core.base }) {
		return false, nil
	}
	if known := c.composing.Load(); known != composingUnknown {
		return known == composingYes, nil
	}
	_, err := c.Status(ctx, Text)
	var invalid *InvalidResponse
	missing := errors.As(err, &invalid) && invalid.Status == http.StatusNotFound
	switch {
	case missing:
		c.composing.Store(composingYes)
	case err == nil:
		c.composing.Store(composingNo)
	default:
		return false, err
	}
	return missing, nil
}

// serviceFor returns the service for a part, or nil if this process generates the part. It
// returns an error if there is a core but no service for the part.
func (c *Client) serviceFor(name string) (*service, error) {
	s := c.service(name)
	if c.core == nil || s != nil && c.composing.Load() != composingYes {
		return s, nil
	}
	return nil, fmt.Errorf("the core service at %s makes only complete draws; set the URL of the %s service", c.core.base.Redacted(), name)
}

// composedDraws is the number of draws in a request for complete draws. A core may refuse
// larger requests from callers without a token.
const composedDraws = 1000

// Compose implements [draw.Composer]. If the core is the only service, it requests the
// draws from the core; otherwise, it reports false.
func (c *Client) Compose(ctx context.Context, dst []prize.Outcome, accounts *prize.Accounts, spec *draw.Spec, r entropy.Range) ([]prize.Outcome, bool, error) {
	if whole, err := c.Composes(ctx); err != nil || !whole {
		return dst, false, err
	}
	local := draw.Spec{Seed: spec.Seed, Text: spec.Text, Number: spec.Number, Rules: spec.Rules}
	accounts.Reset()
	for from := uint64(0); from < r.Count; from += composedDraws {
		part := r.Slice(from, min(from+composedDraws, r.Count))
		answer, err := c.core.composed(ctx, spec, part)
		if err != nil {
			return dst, false, err
		}
		local.Start, local.Count = part.Start, part.Count
		position := 0
		err = draw.Run(ctx, draw.Local{}, local, nil, func(b *draw.Batch) error {
			for i := range b.Len() {
				if err := c.core.compareDraw(b, i, &answer.Draws[position+i]); err != nil {
					return err
				}
				accounts.Append(string(b.Accounts.At(i)))
			}
			position += b.Len()
			dst = append(dst, b.Outcomes...)
			return nil
		})
		if err != nil {
			return dst, false, err
		}
	}
	return dst, true, nil
}

// composed requests complete draws. If the core refuses because of too many requests,
// composed waits for as long as the core says, and tries again.
func (s *service) composed(ctx context.Context, spec *draw.Spec, r entropy.Range) (*wire.DrawsResponse, error) {
	request := &wire.DrawsRequest{
		Count: int(r.Count), Seed: string(spec.Seed), Start: r.Start,
		TextFormat: spec.Text.String(), NumberFormat: spec.Number.String(), Rules: spec.Rules.Name,
	}
	for {
		answer, err := s.draws(ctx, request)
		var throttled *Unavailable
		switch {
		case err == nil && len(answer.Draws) != request.Count:
			return nil, s.invalidResponse(fmt.Errorf("the response has %d draws, want %d", len(answer.Draws), request.Count))
		case !errors.As(err, &throttled) || !isStatus(err, http.StatusTooManyRequests):
			return answer, err
		}
		select {
		case <-time.After(max(throttled.RetryAfter, time.Second)):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// compareDraw compares draw i of a batch that was made in this process with the core's
// version.
func (s *service) compareDraw(b *draw.Batch, i int, got *draw.Draw) error {
	want := b.Draw(i)
	if got.RulesSHA256 != want.RulesSHA256 {
		return fmt.Errorf("%w %q with SHA-256 %s; the core service at %s has different rules of that name",
			prize.ErrUnknownRules, want.Rules, want.RulesSHA256, s.base.Redacted())
	}
	if got.Index != want.Index || got.Account != want.Account || nameOf(got.Rule) != nameOf(want.Rule) || wonBy(got) != wonBy(&want) {
		return s.invalidResponse(fmt.Errorf("draw %d does not follow from its seed", want.Index))
	}
	return nil
}

// nameOf returns the name of a rule, or "" if there is none.
func nameOf(rule *string) string {
	if rule == nil {
		return ""
	}
	return *rule
}

// wonBy returns the name of a draw's prize, or "" if there is none.
func wonBy(d *draw.Draw) string {
	if d.Prize == nil {
		return ""
	}
	return d.Prize.Name
}

// informant returns the service to ask what is deployed for a part.
func (c *Client) informant(ctx context.Context, part string) (*service, error) {
	whole, err := c.Composes(ctx)
	if err != nil || whole {
		return c.core, err
	}
	by, err := c.serviceFor(part)
	if err == nil && by == nil {
		err = noAddress(part)
	}
	return by, err
}

// deployed returns what a service reports as deployed for a part.
func (s *service) deployed(ctx context.Context, part string) (wire.Dependency, error) {
	status, err := s.status(ctx)
	if err != nil || s.name != Core {
		return wire.Dependency{Implementation: status.Implementation, RulesSHA256: status.RulesSHA256}, err
	}
	for _, d := range status.DependsOn {
		switch {
		case d.Service != part:
		case d.Implementation == "":
			return d, &Unavailable{Service: part, URL: s.base.Redacted(), Err: errors.New(d.Reason)}
		default:
			return d, nil
		}
	}
	return wire.Dependency{}, fmt.Errorf("the core service at %s does not report what is deployed for the %s of a draw", s.base.Redacted(), part)
}

// rulesPath returns the path of rules at service by.
func rulesPath(by *service, name string) string {
	return "/v1/" + by.name + "/rules/" + url.PathEscape(name)
}
