package remote

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/prize"
)

// newKey returns a random key.
func newKey() (key entropy.Key) {
	_, _ = rand.Read(key[:]) // never fails
	return key
}

// sample returns a range of draws with a random key, for checking a service.
func sample(count uint64) entropy.Range {
	return entropy.Range{Key: newKey(), Start: uint64(time.Now().UnixNano()), Count: count}
}

// Conforms returns an error if a service gives wrong results for a few draws with a random
// key and its deployed format or rules.
func (c *Client) Conforms(ctx context.Context, service string) error {
	const draws = 3
	switch service {
	case Text:
		format, err := c.TextFormat(ctx)
		if err == nil {
			_, err = c.Texts(ctx, nil, format, sample(draws))
		}
		return err
	case Number:
		format, err := c.NumberFormat(ctx)
		if err == nil {
			_, err = c.Numbers(ctx, nil, format, sample(draws))
		}
		return err
	case Prize:
		rules, err := c.Rules(ctx, "")
		if err == nil {
			_, err = c.Prizes(ctx, nil, rules, sampleAccounts(draws), sample(draws))
		}
		return err
	}
	return fmt.Errorf("the %s service cannot be checked", service)
}

// sampleAccounts returns account numbers that different rules may match.
func sampleAccounts(count int) *prize.Accounts {
	var accounts prize.Accounts
	for i := range count {
		accounts.Append(fmt.Sprintf("%c%c%c%04d", 'A'+i%26, 'a'+i/26%26, 'b', i*7%10000))
	}
	return &accounts
}

// refusedTime is how long after a wrong response a service counts as nonconforming.
const refusedTime = 30 * time.Second

// Refused returns the error for the last refused response from a service, or nil if that
// was more than refusedTime ago.
func (c *Client) Refused(service string) error {
	s := c.service(service)
	if s == nil {
		return nil
	}
	if last := s.wrong.Load(); last != nil && time.Since(last.at) < refusedTime {
		return last.err
	}
	return nil
}
