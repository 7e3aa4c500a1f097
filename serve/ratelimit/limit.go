package ratelimit

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Limit is a limit on events. On average, Events of them are allowed in each Per, and Burst
// of them at once. The zero Limit allows everything.
type Limit struct {
	Events int
	Per    time.Duration // a second, a minute or an hour
	Burst  int
}

// maxEvents is the maximum of the numbers in a limit.
const maxEvents = 1_000_000

// off is the text of the zero Limit.
const off = "off"

var errLimit = errors.New("must be a limit such as 10/s, 300/m, 300/m:80 (300 a minute, up to 80 at once) or 20/h, with numbers from 1 to 1000000, or off")

// ParseLimit parses a limit: a number of events for each second (s), minute (m) or hour (h),
// such as 300/m. The number of events at once may follow after a colon, as in 300/m:80;
// otherwise it is the number of events. The text off is the zero Limit.
func ParseLimit(text string) (Limit, error) {
	if text == off {
		return Limit{}, nil
	}
	events, rest, _ := strings.Cut(text, "/")
	unit, burst, hasBurst := strings.Cut(rest, ":")
	var l Limit
	switch unit {
	case "s":
		l.Per = time.Second
	case "m":
		l.Per = time.Minute
	case "h":
		l.Per = time.Hour
	default:
		return Limit{}, errLimit
	}
	var err error
	if l.Events, err = parseNumber(events); err != nil {
		return Limit{}, err
	}
	if l.Burst = l.Events; hasBurst {
		if l.Burst, err = parseNumber(burst); err != nil {
			return Limit{}, err
		}
	}
	return l, nil
}

// ParseMaximum parses a limit without a number of events at once.
func ParseMaximum(text string) (Limit, error) {
	if strings.Contains(text, ":") {
		return Limit{}, errors.New("must be a maximum such as 5/m, without a number of events at once, or off")
	}
	return ParseLimit(text)
}

// parseNumber parses a decimal number from 1 to maxEvents without a sign or leading zeros.
func parseNumber(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxEvents || strconv.Itoa(n) != text {
		return 0, errLimit
	}
	return n, nil
}

// String returns the limit in the format of [ParseLimit].
func (l Limit) String() string {
	if l.isOff() {
		return off
	}
	unit := "h"
	switch l.Per {
	case time.Second:
		unit = "s"
	case time.Minute:
		unit = "m"
	}
	text := strconv.Itoa(l.Events) + "/" + unit
	if l.Burst != l.Events {
		text += ":" + strconv.Itoa(l.Burst)
	}
	return text
}

// isOff reports whether the limit allows everything.
func (l Limit) isOff() bool { return l.Events == 0 }

// times returns a limit that is n times as high.
func (l Limit) times(n int) Limit { return Limit{n * l.Events, l.Per, n * l.Burst} }

// perSecond returns the average number of events in a second.
func (l Limit) perSecond() float64 { return float64(l.Events) / l.Per.Seconds() }
