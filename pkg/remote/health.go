package remote

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
)

// Health is how a service is, as it looks from here.
type Health struct {
	Service        string  `json:"service"`
	Address        string  `json:"address"` // empty where its part is made in this process
	Up             bool    `json:"up"`
	Ready          bool    `json:"ready"`
	Version        string  `json:"version,omitempty"` // empty where its part is made in this process
	Implementation string  `json:"implementation,omitempty"`
	Milliseconds   float64 `json:"latency_ms"`
	Reason         string  `json:"reason,omitempty"` // why it is not ready

	// Spared tells that it was not asked, since it did not answer shortly before.
	Spared bool `json:"-"`
}

// Healths asks all services at once how they are: the core first, then those that
// make the parts.
func (c *Client) Healths(ctx context.Context) []Health {
	names := []string{Core, Text, Number, Prize}
	list := make([]Health, len(names))
	var asked sync.WaitGroup
	for i, name := range names {
		asked.Go(func() { list[i] = c.health(ctx, name) })
	}
	asked.Wait()
	return list
}

// health asks one service how it is.
func (c *Client) health(ctx context.Context, name string) Health {
	h := Health{Service: name}
	address := c.Address(name)
	if address == nil {
		h.Up, h.Ready, h.Implementation = true, true, "in this process"
		return h
	}
	h.Address = address.Redacted()
	started := time.Now()
	status, err := c.Status(ctx, name)
	took := time.Since(started)
	h.Milliseconds = float64(took.Microseconds()) / 1000
	if err != nil {
		h.Reason, h.Spared = reasonOf(err, took), errors.Is(err, circuitbreaker.ErrOpen)
		return h
	}
	h.Answered(status)
	return h
}

// Answered takes over what a service says of itself.
func (h *Health) Answered(status Status) {
	h.Up, h.Ready, h.Version, h.Implementation = true, status.Ready, status.Version, status.Implementation
	h.Reason = strings.Join(slices.Sorted(maps.Values(status.Reasons)), "; ")
}

// reasonOf says why a service gave no answer, less its name and address, which
// stand beside it. took is how long it was waited for.
func reasonOf(err error, took time.Duration) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Sprintf("no answer within %s", took.Round(time.Second/10))
	}
	var lost *Unavailable
	if errors.As(err, &lost) {
		return lost.Err.Error()
	}
	return err.Error()
}
