package remote

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// Address tells where a service is; nil where its part is made in this process.
func (c *Client) Address(name string) *url.URL {
	if s := c.service(name); s != nil {
		return s.base
	}
	return nil
}

// service finds a service by its role; it is nil where that has no address.
func (c *Client) service(name string) *service {
	return map[string]*service{Text: c.text, Number: c.number, Prize: c.prize, Core: c.core}[name]
}

// call asks a service for something and reads its answer.
func (c *Client) call(ctx context.Context, name, method, path string, request, answer any) error {
	s := c.service(name)
	if s == nil {
		return fmt.Errorf("the %s service has no address", name)
	}
	return s.call(ctx, method, path, request, answer)
}

// Status asks a service how it is. It is an [Unavailable] where the service does
// not answer.
func (c *Client) Status(ctx context.Context, name string) (Status, error) {
	var status Status
	err := c.call(ctx, name, http.MethodGet, "/v1/"+name+"/status", nil, &status)
	return status, err
}

// TextFormat asks the text service for the format that is deployed there.
func (c *Client) TextFormat(ctx context.Context) (textgen.Format, error) {
	status, err := c.Status(ctx, Text)
	if err != nil {
		return textgen.Format{}, err
	}
	format, err := textgen.Parse(status.Implementation)
	if err != nil {
		err = c.text.strange(err)
	}
	return format, err
}

// NumberFormat asks the number service for the format that is deployed there.
func (c *Client) NumberFormat(ctx context.Context) (numgen.Format, error) {
	status, err := c.Status(ctx, Number)
	if err != nil {
		return numgen.Format{}, err
	}
	format, err := numgen.Parse(status.Implementation)
	if err != nil {
		err = c.number.strange(err)
	}
	return format, err
}

// Rules asks the prize service for rules by their name, the deployed ones where
// it is empty. Unknown names are [prize.ErrUnknownRules].
func (c *Client) Rules(ctx context.Context, name string) (*prize.Rules, error) {
	if name == "" {
		status, err := c.Status(ctx, Prize)
		if err != nil {
			return nil, err
		}
		if rules := c.kept(status.RulesSHA256); rules != nil {
			return rules, nil
		}
		name = status.Implementation
	}
	var answer RulesAnswer
	if err := c.call(ctx, Prize, http.MethodGet, "/v1/prize/rules/"+url.PathEscape(name), nil, &answer); err != nil {
		return nil, err
	}
	if rules := c.kept(answer.RulesSHA256); rules != nil {
		return rules, nil
	}
	rules, err := prize.Parse(answer.Rules, []byte(answer.RulesYAML))
	if err != nil {
		return nil, c.prize.strange(err)
	}
	if rules.SHA256() != answer.RulesSHA256 {
		return nil, c.prize.strange(fmt.Errorf("its rules %q have the SHA-256 %s, expected %q as it says", rules.Name, rules.SHA256(), answer.RulesSHA256))
	}
	c.keep(rules)
	return rules, nil
}

func (c *Client) kept(sha256 string) *prize.Rules {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read[sha256]
}

func (c *Client) keep(rules *prize.Rules) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.read) >= maxKept {
		clear(c.read)
	}
	c.read[rules.SHA256()] = rules
}

// Draws has the core make draws that are not stored.
func (c *Client) Draws(ctx context.Context, request *DrawsRequest) (*DrawsAnswer, error) {
	var answer DrawsAnswer
	if err := c.call(ctx, Core, http.MethodPost, "/v1/draws", request, &answer); err != nil {
		return nil, err
	}
	return &answer, nil
}
