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

// decider has rules and the encodings of their outcomes.
type decider struct {
	rules *prize.Rules
	texts *remote.OutcomeTexts
	named bool // whether metrics may have the names of the rules, because they are deployed
}

func newDecider(rules *prize.Rules, named bool) *decider {
	return &decider{rules: rules, texts: remote.NewOutcomeTexts(rules), named: named}
}

// ruleBook has the deployed rules. They can be reloaded while it is in use.
type ruleBook struct {
	read func() ([]*prize.Rules, error)
	list atomic.Pointer[[]*decider] // the deployed ones first
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
			return fmt.Errorf("two of the deployed rules have the name %q", r.Name)
		}
		list = append(list, newDecider(r, true))
	}
	b.list.Store(&list)
	return nil
}

// find returns the rules with a name; an empty name means the first deployed rules.
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

// ruleCache keeps the most recently used compiled rules that callers have sent.
type ruleCache struct {
	mu   sync.Mutex
	list []*decider // the most recently used is last
}

// maxSentRules is the number of sent rules that are kept.
const maxSentRules = 32

func newRuleCache() *ruleCache { return &ruleCache{} }

// get returns the compiled rules of a text. If the text has mistakes, it returns a
// [prize.FileError].
func (c *ruleCache) get(text string) (*decider, error) {
	sum := sha256.Sum256([]byte(text))
	name := hex.EncodeToString(sum[:])
	if d := c.find(name); d != nil {
		return d, nil
	}
	// Two callers may compile the same text at once; the results are equal.
	rules, err := prize.Parse("rules_yaml", []byte(text))
	if err != nil {
		return nil, err
	}
	d := newDecider(rules, false)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.list) >= maxSentRules {
		c.list = slices.Delete(c.list, 0, 1)
	}
	c.list = append(c.list, d)
	return d, nil
}

func (c *ruleCache) find(sha256 string) *decider {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.list, func(d *decider) bool { return d.rules.SHA256() == sha256 })
	if i < 0 {
		return nil
	}
	d := c.list[i]
	c.list = append(slices.Delete(c.list, i, i+1), d)
	return d
}
