package serve

import (
	"context"
	"sync"
	"time"

	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// deployed returns the deployed formats and rules: those of this process, or those of
// the services that it calls, which it caches for a moment.
type deployed struct {
	s      *Server
	text   cached[textgen.Format]
	number cached[numgen.Format]
	prize  cached[*prize.Rules]
}

// maxAge is the time that the answer of a service is cached. The core notices a new
// deployment of the service after at most this time.
const maxAge = 2 * time.Second

// cached is a value that is fetched again after maxAge.
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

// calls reports whether the core calls a service.
func (d *deployed) calls(service string) bool {
	return d.s.client != nil && d.s.client.Address(service) != nil
}

func (d *deployed) textFormat(ctx context.Context) (textgen.Format, error) {
	if !d.calls(remote.Text) {
		return d.s.cfg.Text, nil
	}
	return d.text.get(func() (textgen.Format, error) { return d.s.client.TextFormat(ctx) })
}

func (d *deployed) numberFormat(ctx context.Context) (numgen.Format, error) {
	if !d.calls(remote.Number) {
		return d.s.cfg.Number, nil
	}
	return d.number.get(func() (numgen.Format, error) { return d.s.client.NumberFormat(ctx) })
}

func (d *deployed) rules(ctx context.Context, name string) (*prize.Rules, error) {
	if !d.calls(remote.Prize) {
		by, err := d.s.rules.find(name)
		if err != nil {
			return nil, err
		}
		return by.rules, nil
	}
	if name != "" {
		return d.s.client.Rules(ctx, name)
	}
	return d.prize.get(func() (*prize.Rules, error) { return d.s.client.Rules(ctx, "") })
}
