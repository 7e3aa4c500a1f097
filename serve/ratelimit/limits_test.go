package ratelimit

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// clock is a clock that moves when a test says so.
type clock struct{ nanos atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(1_800_000_000, c.nanos.Load()) }
func (c *clock) advance(d time.Duration) { c.nanos.Add(int64(d)) }

// limitsFor returns limits with one limit for all classes, and their clock.
func limitsFor(limit Limit, trusted ...string) (*Limits, *clock) {
	c := &clock{}
	cfg := Config{Plays: limit, Draws: limit, Exports: limit, LogIns: limit, Rules: limit, Now: c.now}
	for _, network := range trusted {
		cfg.Trusted = append(cfg.Trusted, netip.MustParsePrefix(network))
	}
	return New(cfg), c
}

// count returns how many of n requests from each address are allowed.
func count(l *Limits, c Class, n int, addresses ...string) int {
	allowed := 0
	for range n {
		for _, address := range addresses {
			if l.Allow(c, netip.MustParseAddr(address)) == nil {
				allowed++
			}
		}
	}
	return allowed
}

// TestAddressesAndNetworks checks which addresses share a limit, and that the limit of a
// network is twice as high.
func TestAddressesAndNetworks(t *testing.T) {
	limit := Limit{60, time.Minute, 10}
	for name, test := range map[string]struct {
		addresses []string
		want      int
	}{
		"an IPv4 address":            {[]string{"192.0.2.1"}, 10},
		"two IPv4 addresses":         {[]string{"192.0.2.1", "192.0.2.2"}, 20},
		"an IPv4 network":            {[]string{"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.255"}, 20},
		"two IPv4 networks":          {[]string{"192.0.2.1", "192.0.3.1"}, 20},
		"three IPv4 networks":        {[]string{"192.0.2.1", "192.0.3.1", "192.0.4.1"}, 30},
		"addresses of a customer":    {[]string{"2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:3:4:5:6"}, 10},
		"networks of a customer":     {[]string{"2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:1:4::1"}, 20},
		"two IPv6 networks":          {[]string{"2001:db8:1:2::1", "2001:db8:2:2::1"}, 20},
		"IPv4 and its IPv6 notation": {[]string{"192.0.2.1", "2001:db8::c000:201"}, 20},
	} {
		t.Run(name, func(t *testing.T) {
			l, _ := limitsFor(limit)
			if got := count(l, Draws, 50, test.addresses...); got != test.want {
				t.Errorf("got %d requests, want %d", got, test.want)
			}
		})
	}
}

// TestRecovery checks the time to wait, and that just this time is enough.
func TestRecovery(t *testing.T) {
	l, c := limitsFor(Limit{6, time.Minute, 3})
	from := netip.MustParseAddr("192.0.2.1")
	if got := count(l, Exports, 5, "192.0.2.1"); got != 3 {
		t.Fatalf("got %d requests at once, want 3", got)
	}
	var refusal *Refusal
	if err := l.Allow(Exports, from); !errors.As(err, &refusal) || refusal.Seconds() != 10 || refusal.Class != Exports {
		t.Fatalf("got %v, want a refusal for 10 seconds", err)
	}
	c.advance(9500 * time.Millisecond)
	if err := l.Allow(Exports, from); !errors.As(err, &refusal) || refusal.Seconds() != 1 {
		t.Errorf("after 9.5 seconds: got %v, want a refusal for a second", err)
	}
	c.advance(time.Second / 2)
	if err := l.Allow(Exports, from); err != nil {
		t.Errorf("after 10 seconds: got %v", err)
	}
	c.advance(time.Hour)
	if got := count(l, Exports, 5, "192.0.2.1"); got != 3 {
		t.Errorf("after an hour: got %d requests at once, want 3", got)
	}
}

// TestClasses checks that classes have limits of their own, that trusted networks are limited
// only in their attempts to log in, and that Forget resets a limit.
func TestClasses(t *testing.T) {
	var refused [6]int
	l, _ := limitsFor(Limit{60, time.Minute, 10}, "198.51.100.0/24")
	l.cfg.Refused = func(c Class) { refused[c]++ }
	for _, class := range []Class{Plays, Draws, Exports, LogIns, Rules} {
		if got := count(l, class, 12, "192.0.2.1"); got != 10 || refused[class] != 2 {
			t.Errorf("%s: got %d requests and %d refusals, want 10 and 2", class, got, refused[class])
		}
		want := 100
		if class == LogIns {
			want = 10
		}
		if got := count(l, class, 100, "198.51.100.7"); got != want {
			t.Errorf("%s: got %d requests from a trusted network, want %d", class, got, want)
		}
	}
	l.Forget(LogIns, netip.MustParseAddr("192.0.2.1"))
	if got := count(l, LogIns, 12, "192.0.2.1"); got != 10 {
		t.Errorf("after Forget: got %d requests, want 10", got)
	}
	var none *Limits
	none.Forget(LogIns, netip.Addr{})
	if got := count(none, Plays, 1000, "192.0.2.1"); got != 1000 {
		t.Errorf("without limits: got %d requests, want 1000", got)
	}
	if got := count(New(Config{}), Plays, 1000, "192.0.2.1"); got != 1000 {
		t.Errorf("with zero limits: got %d requests, want 1000", got)
	}
	names := map[string]bool{}
	for _, class := range Classes() {
		names[class.String()] = true
	}
	if len(names) != 6 {
		t.Errorf("got classes %v, want 6 different ones", names)
	}
}

// TestAddrOf reads the addresses of requests. Requests without one count as one visitor.
func TestAddrOf(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.1:99":                 "192.0.2.1",
		"[2001:db8::1]:99":             "2001:db8::1",
		"[::ffff:192.0.2.1]:99":        "192.0.2.1",
		"[fe80::1%eth0]:99":            "fe80::1",
		"192.0.2.1":                    "invalid IP",
		"@":                            "invalid IP",
		"":                             "invalid IP",
		"/run/prizegen/prizegen.sock:": "invalid IP",
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
		r.RemoteAddr = remote
		if got := AddrOf(r).String(); got != want {
			t.Errorf("%q: got %s, want %s", remote, got, want)
		}
	}
	l, _ := limitsFor(Limit{60, time.Minute, 10})
	allowed := 0
	for range 20 {
		if l.Allow(Plays, netip.Addr{}) == nil {
			allowed++
		}
	}
	if allowed != 10 {
		t.Errorf("no address: got %d requests, want 10", allowed)
	}
}

// TestMemoryIsBounded sends requests from a million networks. Only a bounded number of them
// is kept, but the visitor who keeps sending requests is not forgotten.
func TestMemoryIsBounded(t *testing.T) {
	l, _ := limitsFor(Limit{1, time.Hour, 5})
	busy := netip.MustParseAddr("2001:db8::1")
	allowed := 0
	var address [16]byte
	for i := range uint32(1_000_000) {
		binary.BigEndian.PutUint32(address[2:], i+1)
		if err := l.Allow(Draws, netip.AddrFrom16(address)); err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
		if i%100 == 0 && l.Allow(Draws, busy) == nil {
			allowed++
		}
	}
	if n := l.addresses[Draws].len() + l.networks[Draws].len(); n > 4*maxTracked {
		t.Errorf("got %d addresses and networks, want at most %d", n, 4*maxTracked)
	}
	if allowed != 5 {
		t.Errorf("the visitor was allowed %d requests, want 5", allowed)
	}
}

// TestConcurrentRequests sends requests at the same time.
func TestConcurrentRequests(t *testing.T) {
	l, _ := limitsFor(Limit{1, time.Hour, 100})
	var allowed atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { allowed.Add(int64(count(l, Plays, 100, "192.0.2.1"))) })
	}
	wg.Wait()
	if got := allowed.Load(); got != 100 {
		t.Errorf("got %d requests, want 100", got)
	}
}

// BenchmarkAllow measures a request that is allowed, from one of a thousand addresses.
func BenchmarkAllow(b *testing.B) {
	l := New(Config{Plays: Limit{maxEvents, time.Second, maxEvents}})
	addresses := make([]netip.Addr, 1000)
	for i := range addresses {
		addresses[i] = netip.MustParseAddr(fmt.Sprintf("10.%d.%d.1", i/250, i%250))
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if err := l.Allow(Plays, addresses[i%len(addresses)]); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// TestAllowDoesNotAllocate checks that requests from known addresses need no memory.
func TestAllowDoesNotAllocate(t *testing.T) {
	l, _ := limitsFor(Limit{maxEvents, time.Second, maxEvents})
	from := netip.MustParseAddr("192.0.2.1")
	if n := testing.AllocsPerRun(100, func() { _ = l.Allow(Plays, from) }); n != 0 {
		t.Errorf("got %v allocations, want 0", n)
	}
}
