package remote

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
	"github.com/prizegen/prizegen/pkg/wire"
)

// Address returns the URL of a service, or nil if its part is generated in this process.
func (c *Client) Address(name string) *url.URL {
	if s := c.service(name); s != nil {
		return s.base
	}
	return nil
}

// service returns the service with the given role, or nil if it has no URL.
func (c *Client) service(name string) *service {
	switch name {
	case Text:
		return c.text
	case Number:
		return c.number
	case Prize:
		return c.prize
	case Core:
		return c.core
	}
	return nil
}

// noAddress returns the error for a call to a service without a URL.
func noAddress(name string) error { return fmt.Errorf("the %s service has no address", name) }

// Status returns the status that a service reports. If the service does not respond, the
// error is an [*Unavailable].
func (c *Client) Status(ctx context.Context, name string) (wire.Status, error) {
	s := c.service(name)
	if s == nil {
		return wire.Status{}, noAddress(name)
	}
	return s.status(ctx)
}

func (s *service) status(ctx context.Context) (status wire.Status, err error) {
	return status, s.call(ctx, http.MethodGet, "/v1/"+s.name+"/status", nil, &status)
}

// TextFormat returns the format that is deployed at the text service.
func (c *Client) TextFormat(ctx context.Context) (textgen.Format, error) {
	by, err := c.informant(ctx, Text)
	if err != nil {
		return textgen.Format{}, err
	}
	d, err := by.deployed(ctx, Text)
	if err != nil {
		return textgen.Format{}, err
	}
	format, err := textgen.Parse(d.Implementation)
	if err != nil {
		err = by.invalidResponse(err)
	}
	return format, err
}

// NumberFormat returns the format that is deployed at the number service.
func (c *Client) NumberFormat(ctx context.Context) (numgen.Format, error) {
	by, err := c.informant(ctx, Number)
	if err != nil {
		return numgen.Format{}, err
	}
	d, err := by.deployed(ctx, Number)
	if err != nil {
		return numgen.Format{}, err
	}
	format, err := numgen.Parse(d.Implementation)
	if err != nil {
		err = by.invalidResponse(err)
	}
	return format, err
}

// Rules returns the rules with the given name from the prize service, or from the core if
// it makes complete draws. An empty name means the deployed rules. If the name is unknown,
// the error wraps [prize.ErrUnknownRules].
func (c *Client) Rules(ctx context.Context, name string) (*prize.Rules, error) {
	by, err := c.informant(ctx, Prize)
	if err != nil {
		return nil, err
	}
	if name == "" {
		d, err := by.deployed(ctx, Prize)
		if err != nil {
			return nil, err
		}
		if rules := c.received.get(d.RulesSHA256); rules != nil {
			return rules, nil
		}
		name = d.Implementation
	}
	var answer wire.RulesResponse
	if err := by.call(ctx, http.MethodGet, rulesPath(by, name), nil, &answer); err != nil {
		return nil, err
	}
	if rules := c.received.get(answer.RulesSHA256); rules != nil {
		return rules, nil
	}
	rules, err := prize.Parse(answer.Rules, []byte(answer.RulesYAML))
	if err != nil {
		return nil, by.invalidResponse(err)
	}
	if rules.SHA256() != answer.RulesSHA256 {
		return nil, by.invalidResponse(fmt.Errorf("its rules %q have SHA-256 %s, want %q", rules.Name, rules.SHA256(), answer.RulesSHA256))
	}
	c.received.add(rules)
	return rules, nil
}

// rulesCache is a cache of rules, keyed by their SHA-256. It is safe for concurrent use.
type rulesCache struct {
	mu    sync.Mutex
	rules map[string]*prize.Rules
}

// get returns the cached rules with the given SHA-256, or nil if there are none.
func (c *rulesCache) get(sha256 string) *prize.Rules {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rules[sha256]
}

// add adds rules to the cache.
func (c *rulesCache) add(rules *prize.Rules) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rules == nil || len(c.rules) >= maxCached {
		c.rules = map[string]*prize.Rules{}
	}
	c.rules[rules.SHA256()] = rules
}

// Health is the state of a service as a client sees it.
type Health struct {
	Service        string  `json:"service"`
	Address        string  `json:"address"` // empty if its part is generated in this process
	Up             bool    `json:"up"`
	Ready          bool    `json:"ready"`
	Version        string  `json:"version,omitempty"` // empty if its part is generated in this process
	Implementation string  `json:"implementation,omitempty"`
	Milliseconds   float64 `json:"latency_ms"`
	Reason         string  `json:"reason,omitempty"` // why it is not ready
	Via            string  `json:"via,omitempty"`    // "core" if only the core calls it, "in core" if the core does its work

	// Skipped reports whether the service was not called because its circuit breaker is
	// open.
	Skipped bool `json:"-"`
}

// The values of Via in a [Health].
const (
	viaCore = Core
	inCore  = "in core"
)

// Healths returns the state of the core, text, number and prize services, in this
// order. It calls them concurrently. For a service that only the core calls, and for the
// database of the core, it returns the state that the core reports.
func (c *Client) Healths(ctx context.Context) []Health {
	// If this fails, the core does not respond, and its health contains the reason.
	whole, _ := c.Composes(ctx)
	names := []string{Core, Text, Number, Prize}
	list := make([]Health, len(names))
	var dependencies []wire.Dependency // of the core
	var wg sync.WaitGroup
	for i, name := range names {
		switch {
		case c.service(name) == nil && c.core == nil:
			list[i] = Health{Service: name, Up: true, Ready: true, Implementation: "in this process"}
		case c.service(name) == nil || whole && name != Core:
			list[i] = Health{Service: name, Via: viaCore, Reason: "unknown, because the core does not report it"}
		default:
			wg.Go(func() {
				var status wire.Status
				if list[i], status = c.service(name).health(ctx); name == Core {
					dependencies = status.DependsOn
				}
			})
		}
	}
	wg.Wait()
	for _, d := range dependencies {
		i := slices.IndexFunc(list, func(h Health) bool { return h.Service == d.Service })
		switch {
		case i < 0:
			list = append(list, dependencyHealth(&d))
		case list[i].Via != "":
			list[i] = dependencyHealth(&d)
		}
	}
	return list
}

// dependencyHealth returns the state of a dependency as the core reports it.
func dependencyHealth(d *wire.Dependency) Health {
	h := Health{
		Service: d.Service, Via: viaCore, Up: d.Ready || d.Implementation != "", Ready: d.Ready,
		Version: d.Version, Implementation: d.Implementation, Reason: d.Reason,
	}
	if d.InProcess {
		h.Via = inCore
	}
	return h
}

// health returns the state of a service and the status that it reports.
func (s *service) health(ctx context.Context) (Health, wire.Status) {
	h := Health{Service: s.name, Address: s.base.Redacted()}
	started := time.Now()
	status, err := s.status(ctx)
	took := time.Since(started)
	h.Milliseconds = float64(took.Microseconds()) / 1000
	if err != nil {
		h.Reason, h.Skipped = unavailableReason(err, took), isBreakerOpen(err)
		return h, status
	}
	h.Answered(status)
	return h, status
}

// Answered updates h with the status that a service reports.
func (h *Health) Answered(status wire.Status) {
	h.Up, h.Ready, h.Version, h.Implementation = true, status.Ready, status.Version, status.Implementation
	h.Reason = strings.Join(slices.Sorted(maps.Values(status.Reasons)), "; ")
}

// unavailableReason returns the reason for an error, without the name and the address of
// the service. took is how long the call took.
func unavailableReason(err error, took time.Duration) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Sprintf("no response within %s", took.Round(time.Second/10))
	}
	var unavailable *Unavailable
	if errors.As(err, &unavailable) {
		return unavailable.Err.Error()
	}
	return err.Error()
}

// Draws returns draws that the core makes but does not store.
func (c *Client) Draws(ctx context.Context, request *wire.DrawsRequest) (*wire.DrawsResponse, error) {
	if c.core == nil {
		return nil, noAddress(Core)
	}
	return c.core.draws(ctx, request)
}

func (s *service) draws(ctx context.Context, request *wire.DrawsRequest) (*wire.DrawsResponse, error) {
	var response wire.DrawsResponse
	if err := s.call(ctx, http.MethodPost, "/v1/draws", request, &response); err != nil {
		return nil, err
	}
	return &response, nil
}
