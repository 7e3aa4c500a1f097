package serve

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/textgen"
	"github.com/prizegen/prizegen/pkg/wire"
)

// deployed provides the formats and rules that are deployed in this process or in the
// services that it calls. It briefly caches what services report.
type deployed struct {
	textDefault   textgen.Format
	numberDefault numgen.Format
	book          *ruleBook
	client        *remote.Client // nil if the process calls no other service

	text   cached[textgen.Format]
	number cached[numgen.Format]
	prize  cached[*prize.Rules]
}

// maxAge is how long a response from a service is cached. After a deployment, the core uses
// the service's new format or rules within this time.
const maxAge = 2 * time.Second

// cached holds a value that is fetched again after maxAge.
type cached[T any] struct {
	mu    sync.Mutex
	value T
	read  time.Time
}

// get returns the value. It fetches the value if it is missing or too old.
func (c *cached[T]) get(fetch func() (T, error)) (T, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.read.IsZero() && time.Since(c.read) < maxAge {
		return c.value, nil
	}
	value, err := fetch()
	if err == nil {
		c.value, c.read = value, time.Now()
	}
	return value, err
}

// calls reports whether this process calls the given service instead of providing it.
func (d *deployed) calls(service string) bool {
	return d.client != nil && d.client.Address(service) != nil
}

func (d *deployed) textFormat(ctx context.Context) (textgen.Format, error) {
	if !d.calls(remote.Text) {
		return d.textDefault, nil
	}
	return d.text.get(func() (textgen.Format, error) { return d.client.TextFormat(ctx) })
}

func (d *deployed) numberFormat(ctx context.Context) (numgen.Format, error) {
	if !d.calls(remote.Number) {
		return d.numberDefault, nil
	}
	return d.number.get(func() (numgen.Format, error) { return d.client.NumberFormat(ctx) })
}

func (d *deployed) rules(ctx context.Context, name string) (*prize.Rules, error) {
	if !d.calls(remote.Prize) {
		by, err := d.book.find(name)
		if err != nil {
			return nil, err
		}
		return by.rules, nil
	}
	if name != "" {
		return d.client.Rules(ctx, name)
	}
	return d.prize.get(func() (*prize.Rules, error) { return d.client.Rules(ctx, "") })
}

// complete returns plan with the deployed formats and rules for those that it omits.
func (d *deployed) complete(ctx context.Context, plan campaign.Plan) (campaign.Plan, error) {
	if plan.Rules != "" && plan.RulesYAML != "" {
		return plan, wire.Invalid("/rules_yaml", "rules_yaml cannot be used together with rules")
	}
	if plan.TextFormat == "" {
		format, err := d.textFormat(ctx)
		if err != nil {
			return plan, err
		}
		plan.TextFormat = format.String()
	}
	if plan.NumberFormat == "" {
		format, err := d.numberFormat(ctx)
		if err != nil {
			return plan, err
		}
		plan.NumberFormat = format.String()
	}
	if plan.RulesYAML == "" {
		rules, err := d.rules(ctx, plan.Rules)
		if err != nil {
			return plan, wire.At("/rules", err)
		}
		plan.RulesYAML = string(rules.Source())
	}
	plan.Rules = ""
	return plan, nil
}

// decider contains rules and the encodings of their outcomes.
type decider struct {
	rules *prize.Rules
	texts *wire.OutcomeTexts
	named bool // whether metrics may contain their names; true for deployed rules
}

// memory returns the approximate memory in bytes of the rules and the encodings.
func (d *decider) memory() int { return d.rules.Memory() + d.texts.Memory() }

func newDecider(rules *prize.Rules, named bool) *decider {
	return &decider{rules: rules, texts: wire.NewOutcomeTexts(rules), named: named}
}

// ruleBook contains the deployed rules. They can be reloaded while it is in use.
type ruleBook struct {
	read func() ([]*prize.Rules, error)
	list atomic.Pointer[[]*decider] // the deployed rules, then the other built-in ones
}

func newRuleBook(read func() ([]*prize.Rules, error)) (*ruleBook, error) {
	b := &ruleBook{read: read}
	return b, b.reload()
}

// reload reads the rules. If that fails, the old rules stay in use.
func (b *ruleBook) reload() error {
	rules, err := b.read()
	if err != nil {
		return err
	}
	for _, name := range prize.Builtins() {
		builtin, err := prize.Builtin(name)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(rules, func(r *prize.Rules) bool { return r.Name == name }) {
			rules = append(rules, builtin)
		}
	}
	list := make([]*decider, 0, len(rules))
	for i, r := range rules {
		if slices.ContainsFunc(rules[:i], func(other *prize.Rules) bool { return other.Name == r.Name }) {
			return fmt.Errorf("two deployed sets of rules are named %q", r.Name)
		}
		list = append(list, newDecider(r, true))
	}
	b.list.Store(&list)
	return nil
}

// find returns the rules with the given name. An empty name means the first deployed rules.
func (b *ruleBook) find(name string) (*decider, error) {
	list := *b.list.Load()
	if name == "" {
		return list[0], nil
	}
	for _, d := range list {
		if d.rules.Name == name {
			return d, nil
		}
	}
	return nil, fmt.Errorf("%w %q; the rules are %s", prize.ErrUnknownRules, name, strings.Join(b.names(), ", "))
}

// names returns the names of all rules.
func (b *ruleBook) names() []string {
	var names []string
	for _, d := range *b.list.Load() {
		names = append(names, d.rules.Name)
	}
	return names
}
