package ratelimit

import (
	"crypto/sha256"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"time"

	"golang.org/x/time/rate"
)

// Class is a kind of request with limits of its own.
type Class uint8

// The classes.
const (
	Plays   Class = iota // plays in a campaign
	Draws                // requests for draws that are not stored
	Exports              // exports of campaigns
	LogIns               // attempts to log in
	Rules                // compilations of rules
	Repeats              // answers that somebody has used all plays
)

// Classes returns all classes.
func Classes() []Class { return []Class{Plays, Draws, Exports, LogIns, Rules, Repeats} }

// String returns the name of the class for metrics.
func (c Class) String() string {
	switch c {
	case Plays:
		return "plays"
	case Draws:
		return "draws"
	case Exports:
		return "exports"
	case LogIns:
		return "log_ins"
	case Rules:
		return "rules"
	}
	return "repeats"
}

// noun returns the class as a part of a message, after "too many".
func (c Class) noun() string {
	switch c {
	case LogIns:
		return "attempts to log in"
	case Rules:
		return "sets of rules"
	case Repeats:
		return "plays" // the same for everybody, whether they have played or not
	}
	return c.String()
}

// Config configures [Limits].
type Config struct {
	// These limits hold for each address and, twice as high, for its network.
	Plays, Draws, Exports, LogIns, Rules Limit
	// CampaignPlays limits the plays in each campaign from all addresses together.
	CampaignPlays Limit
	// Repeats and CampaignRepeats are the maximum numbers of answers for each address and for
	// each campaign that somebody has used all plays. Their Burst is not used.
	Repeats, CampaignRepeats Limit

	// Trusted are networks without limits, except for attempts to log in.
	Trusted []netip.Prefix

	Now     func() time.Time // nil means time.Now
	Refused func(Class)      // called for every refusal; nil means nothing
}

// Defaults returns the default limits. docs/security.md gives the reasons for the numbers.
func Defaults() Config {
	return Config{
		Plays:           Limit{300, time.Minute, 80},
		Draws:           Limit{1200, time.Minute, 200},
		Exports:         Limit{30, time.Minute, 10},
		LogIns:          Limit{6, time.Minute, 10},
		Rules:           Limit{60, time.Minute, 20},
		CampaignPlays:   Limit{2000, time.Second, 10_000},
		Repeats:         Limit{5, time.Minute, 5},
		CampaignRepeats: Limit{30, time.Minute, 30},
	}
}

// These are the lengths of the prefixes that count as one address and as one network, and
// how many times as high the limits of a network are.
const (
	address4, network4 = 32, 24
	address6, network6 = 64, 48
	networkFactor      = 2
)

// maxTracked is the number of addresses and of networks that are tracked in each class, at
// least. At most twice as many are tracked, which takes about 2 MB for each of them.
const maxTracked = 1 << 13

// maxCampaigns is the number of campaigns that are tracked at least.
const maxCampaigns = 1 << 12

// source is an address, a network or a campaign, whose requests are counted together.
type source struct {
	bits uint8 // length of the prefix; 0 for a campaign and for an unknown address
	from [16]byte
}

// newSource returns the source with the first bits of an address.
func newSource(from netip.Addr, bits int) source {
	prefix, err := from.Prefix(bits)
	if err != nil { // an unknown address counts as one
		return source{}
	}
	return source{uint8(bits), prefix.Addr().As16()}
}

// campaignSource returns the source for a campaign.
func campaignSource(name string) source {
	sum := sha256.Sum256([]byte(name))
	return source{from: [16]byte(sum[:16])}
}

// Limits limits requests. A nil *Limits allows everything. It is safe for concurrent use.
type Limits struct {
	cfg       Config
	addresses [Repeats]*table // of limiters, by class; nil for a class without a limit
	networks  [Repeats]*table // of limiters, by class
	plays     *table          // of limiters for campaigns
	answers   *table          // for addresses
	ofAll     *table          // of answers for campaigns
}

// New returns limits. Only those that are set in cfg are enforced.
func New(cfg Config) *Limits {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	l := &Limits{cfg: cfg}
	for class, limit := range [Repeats]Limit{cfg.Plays, cfg.Draws, cfg.Exports, cfg.LogIns, cfg.Rules} {
		l.addresses[class] = limiters(maxTracked, limit)
		l.networks[class] = limiters(maxTracked, limit.times(networkFactor))
	}
	l.plays = limiters(maxCampaigns, cfg.CampaignPlays)
	if !cfg.Repeats.isOff() {
		l.answers = newTable(maxTracked, newAnswers(cfg.Repeats))
	}
	if !cfg.CampaignRepeats.isOff() {
		l.ofAll = newTable(maxCampaigns, newAnswers(cfg.CampaignRepeats))
	}
	return l
}

// limiters returns a table of limiters, or nil for no limit.
func limiters(size int, limit Limit) *table {
	if limit.isOff() {
		return nil
	}
	return newTable(size, func() any { return rate.NewLimiter(rate.Limit(limit.perSecond()), limit.Burst) })
}

// AddrOf returns the address that a request comes from. The zero address means that it is
// not known.
func AddrOf(r *http.Request) netip.Addr {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return from.Addr().Unmap().WithZone("")
}

// Allow counts a request. It returns a [*Refusal] if there are too many of its class from its
// address or network. The class is not [Repeats].
func (l *Limits) Allow(c Class, from netip.Addr) error {
	if l == nil || l.addresses[c] == nil || c != LogIns && l.trusts(from) {
		return nil
	}
	now := l.cfg.Now()
	address, network := sourcesOf(from)
	if err := l.take(c, l.addresses[c], address, now, ofNetwork); err != nil {
		return err
	}
	return l.take(c, l.networks[c], network, now, ofNetwork)
}

// sourcesOf returns the address and the network of a request.
func sourcesOf(from netip.Addr) (address, network source) {
	if from.Is4() {
		return newSource(from, address4), newSource(from, network4)
	}
	return newSource(from, address6), newSource(from, network6)
}

// trusts reports whether an address has no limits.
func (l *Limits) trusts(from netip.Addr) bool {
	for _, network := range l.cfg.Trusted {
		if network.Contains(from) {
			return true
		}
	}
	return false
}

// take takes a token from the limiter of a source.
func (l *Limits) take(c Class, limiters *table, from source, now time.Time, of string) error {
	limiter := limiters.get(from).(*rate.Limiter)
	if limiter.AllowN(now, 1) {
		return nil
	}
	missing := 1 - limiter.TokensAt(now)
	return l.refuse(c, time.Duration(missing/float64(limiter.Limit())*float64(time.Second)), of)
}

// Forget forgets the requests of a class from an address and its network, after a successful
// one.
func (l *Limits) Forget(c Class, from netip.Addr) {
	if l == nil || l.addresses[c] == nil {
		return
	}
	address, network := sourcesOf(from)
	l.addresses[c].remove(address)
	l.networks[c].remove(network)
}

// These are the ends of messages.
const (
	ofNetwork  = "from your network"
	ofCampaign = "of this campaign"
)

// Refusal is the error for a request that exceeds a limit.
type Refusal struct {
	Class Class
	Wait  time.Duration // until a request may be allowed again
	of    string
}

func (l *Limits) refuse(c Class, wait time.Duration, of string) error {
	if l.cfg.Refused != nil {
		l.cfg.Refused(c)
	}
	return &Refusal{c, wait, of}
}

// Error says what there is too much of and how long to wait.
func (e *Refusal) Error() string {
	return fmt.Sprintf("too many %s %s; try again in %s", e.Class.noun(), e.of, e.Delay())
}

// Seconds returns the time to wait in whole seconds, rounded up. It is at least 1.
func (e *Refusal) Seconds() int { return max(int(math.Ceil(e.Wait.Seconds())), 1) }

// Delay returns the time to wait for a message, such as "12 seconds".
func (e *Refusal) Delay() string {
	if n := e.Seconds(); n > 1 {
		return fmt.Sprintf("%d seconds", n)
	}
	return "a second"
}
