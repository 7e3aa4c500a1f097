package serve

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/prizegen/prizegen/pkg/prize"
	"golang.org/x/sync/semaphore"
)

// sentRules returns rules named after i with the given number of prizes.
func sentRules(i, prizes int) string {
	text := fmt.Sprintf("name: x%d\ncurrency: JPY\nrules:\n- prizes:\n", i)
	for i := range prizes {
		text += fmt.Sprintf("  - {win: %d, chance: 1/10000}\n", i+1)
	}
	return text
}

// TestOneCompilationAtATime checks that a request waits while other rules are being
// compiled, and is refused after five seconds.
func TestOneCompilationAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &backend{compiling: semaphore.NewWeighted(1)}
		cache := &ruleCache{compile: b.compile}
		done, err := b.compile(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := cache.get(t.Context(), prize.Public(), sentRules(1, 1), allowed); !errors.Is(err, errCompiling) {
			t.Errorf("while other rules are being compiled: got error %v, want %v", err, errCompiling)
		}
		done()
		if _, err := cache.get(t.Context(), prize.Public(), sentRules(1, 1), allowed); err != nil {
			t.Errorf("afterwards: got error %v, want nil", err)
		}
		if _, err := b.compile(t.Context()); err != nil {
			t.Errorf("afterwards: got error %v, want the semaphore to be free", err)
		}
		if _, err := cache.get(t.Context(), prize.Public(), sentRules(1, 1), allowed); err != nil {
			t.Errorf("rules in the cache: got error %v, want no compilation", err)
		}
	})
}

// TestSentRulesAreLimited checks that the cache keeps the most recent rules, and drops
// others if there are too many or they are too large.
func TestSentRulesAreLimited(t *testing.T) {
	cache := &ruleCache{compile: func(context.Context) (func(), error) { return func() {}, nil }}
	for i := range maxSentRules + 10 {
		if _, err := cache.get(t.Context(), prize.Trusted(), sentRules(i, 1), allowed); err != nil {
			t.Fatal(err)
		}
	}
	if len(cache.list) != maxSentRules {
		t.Errorf("small rules in the cache: got %d, want %d", len(cache.list), maxSentRules)
	}
	for i := range 20 {
		if _, err := cache.get(t.Context(), prize.Trusted(), sentRules(i, 5000)+strings.Repeat("#\n", 10_000), allowed); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(cache.list); n == 0 || n > 10 || cache.memory > maxSentMemory {
		t.Errorf("large rules in the cache: got %d with %d bytes, want a few with at most %d", n, cache.memory, maxSentMemory)
	}
}

func allowed() error { return nil }
