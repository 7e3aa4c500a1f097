package serve

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sync"

	"github.com/prizegen/prizegen/pkg/prize"
)

// ruleCache keeps the most recently used compiled rules that callers have sent.
type ruleCache struct {
	compile func(context.Context) (done func(), err error)

	mu     sync.Mutex
	list   []*decider // ordered from the least to the most recently used
	memory int        // total of the list, in bytes
}

// The cache keeps as many rules as fit in both limits, and at least one.
const (
	maxSentRules  = 32
	maxSentMemory = 16 << 20 // bytes
)

// get returns the compiled rules for a YAML text. If the text has mistakes or exceeds the
// limits, the error is a [*prize.FileError]. Before it compiles
// rules, it calls allow, which may return an error.
func (c *ruleCache) get(ctx context.Context, limits prize.Limits, text string, allow func() error) (*decider, error) {
	sum := sha256.Sum256([]byte(text))
	name := hex.EncodeToString(sum[:])
	if d := c.find(name); d != nil {
		return d, nil
	}
	if err := allow(); err != nil {
		return nil, err
	}
	done, err := c.compile(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if d := c.find(name); d != nil { // another request has compiled it meanwhile
		return d, nil
	}
	rules, err := prize.ParseWithin(limits, "rules_yaml", []byte(text))
	if err != nil {
		return nil, err
	}
	d := newDecider(rules, false)
	c.add(d)
	return d, nil
}

// add adds rules. If the cache exceeds its limits, it removes the least recently used ones.
func (c *ruleCache) add(d *decider) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, d)
	c.memory += d.memory()
	for len(c.list) > 1 && (len(c.list) > maxSentRules || c.memory > maxSentMemory) {
		c.memory -= c.list[0].memory()
		c.list = slices.Delete(c.list, 0, 1)
	}
}

// find returns the rules with the given SHA-256, or nil if the cache does not contain them.
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
