package serve

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
)

// decider is rules, and their outcomes as they are answered.
type decider struct {
	rules *prize.Rules
	texts *remote.OutcomeTexts
	named bool // whether these are deployed, so that metrics may name them
}

func newDecider(rules *prize.Rules, named bool) *decider {
	return &decider{rules: rules, texts: remote.NewOutcomeTexts(rules), named: named}
}

// ruleBook has the deployed rules by their names. They can be read anew while it
// is in use.
type ruleBook struct {
	read func() ([]*prize.Rules, error)
	list atomic.Pointer[[]*decider] // the deployed ones first
}

func newRuleBook(read func() ([]*prize.Rules, error)) (*ruleBook, error) {
	b := &ruleBook{read: read}
	return b, b.reload()
}

// reload reads the rules; the old ones stay where there is an error.
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
			return fmt.Errorf("two of the deployed rules are called %q, expected another name", r.Name)
		}
		list = append(list, newDecider(r, true))
	}
	b.list.Store(&list)
	return nil
}

// find gives the rules of a name, the deployed ones where it is empty.
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
	return nil, fmt.Errorf("%w %q: expected %s", prize.ErrUnknownRules, name, strings.Join(b.names(), ", "))
}

// names lists the rules that can be asked for.
func (b *ruleBook) names() []string {
	var names []string
	for _, d := range *b.list.Load() {
		names = append(names, d.rules.Name)
	}
	return names
}

// ruleCache keeps rules that callers have sent, compiled. The ones that have not
// been asked for longest are dropped first.
type ruleCache struct {
	mu   sync.Mutex
	keep []*decider // the one used last is at the end
}

// maxSentRules is how many sent rules are kept.
const maxSentRules = 32

func newRuleCache() *ruleCache { return &ruleCache{} }

// get compiles the text of a rules file, or finds what was made of it before. Its
// mistakes are a [prize.FileError].
func (c *ruleCache) get(text string) (*decider, error) {
	sum := sha256.Sum256([]byte(text))
	name := hex.EncodeToString(sum[:])
	if d := c.find(name); d != nil {
		return d, nil
	}
	// Two callers at once may both compile; the rules they get are the same.
	rules, err := prize.Parse("rules_yaml", []byte(text))
	if err != nil {
		return nil, err
	}
	d := newDecider(rules, false)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.keep) >= maxSentRules {
		c.keep = slices.Delete(c.keep, 0, 1)
	}
	c.keep = append(c.keep, d)
	return d, nil
}

func (c *ruleCache) find(sha256 string) *decider {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.keep, func(d *decider) bool { return d.rules.SHA256() == sha256 })
	if i < 0 {
		return nil
	}
	d := c.keep[i]
	c.keep = append(slices.Delete(c.keep, i, i+1), d)
	return d
}
