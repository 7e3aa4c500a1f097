package ratelimit_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/prizegen/prizegen/serve/ratelimit"
)

func Example() {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	limit, err := ratelimit.ParseLimit("6/m:2")
	if err != nil {
		panic(err)
	}
	limits := ratelimit.New(ratelimit.Config{Exports: limit, Now: func() time.Time { return now }})
	visitor := netip.MustParseAddr("192.0.2.9")
	for range 3 {
		fmt.Println(limits.Allow(ratelimit.Exports, visitor))
	}
	now = now.Add(10 * time.Second)
	fmt.Println(limits.Allow(ratelimit.Exports, visitor))
	// Output:
	// <nil>
	// <nil>
	// too many exports from your network; try again in 10 seconds
	// <nil>
}
