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

// deployed knows what is deployed: here, or in the services that are called. What
// those say is taken to hold for a moment, so that not every draw asks again.
type deployed struct {
	s      *Server
	text   recent[textgen.Format]
	number recent[numgen.Format]
	prize  recent[*prize.Rules]
}

// recently is how long what a service says of itself is taken to hold: a rolled
// out implementation is seen that much later.
const recently = 2 * time.Second

// recent is a value that is asked for again when it is too old.
type recent[T any] struct {
	mu    sync.Mutex
	value T
	asked time.Time
}

// get gives the value, and asks for it where it is too old or there is none.
func (r *recent[T]) get(ask func() (T, error)) (T, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.asked.IsZero() && time.Since(r.asked) < recently {
		return r.value, nil
	}
	value, err := ask()
	if err == nil {
		r.value, r.asked = value, time.Now()
	}
	return value, err
}

// calls says whether a service is called for its part.
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
