package ratelimit

import (
	"testing"
	"time"
)

// TestParseLimit parses limits, some of them malformed.
func TestParseLimit(t *testing.T) {
	for text, want := range map[string]Limit{
		"off":             {},
		"10/s":            {10, time.Second, 10},
		"300/m:80":        {300, time.Minute, 80},
		"1/h":             {1, time.Hour, 1},
		"1/h:1000000":     {1, time.Hour, 1_000_000},
		"1000000/s:1":     {1_000_000, time.Second, 1},
		"1000000/m:25000": {1_000_000, time.Minute, 25_000},
	} {
		got, err := ParseLimit(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("ParseLimit(%q) = %+v (%s), %v, want %+v", text, got, got, err, want)
		}
	}
	if l, err := ParseLimit("5/m:5"); err != nil || l.String() != "5/m" {
		t.Errorf("5/m:5: got %s, %v, want 5/m", l, err)
	}
	for _, text := range []string{
		"", "0/s", "-1/s", "+1/s", "01/s", "1", "1/", "/s", "1/d", "1/S", "1/sec", "1/ s", " 1/s", "1/s ", "1.5/s", "1e3/s", "0x1/s", "1_0/s", "٣/s",
		"1000001/s", "99999999999999999999/s", "1/s:", "1/s:0", "1/s:-1", "1/s:1000001", "1/s:1:1", "1/s/1", "OFF", "on", "off:1", "unlimited",
	} {
		if l, err := ParseLimit(text); err == nil {
			t.Errorf("ParseLimit(%q) = %s, want an error", text, l)
		}
	}
	if l, err := ParseMaximum("5/m"); err != nil || l.Events != 5 {
		t.Errorf("ParseMaximum(5/m) = %s, %v", l, err)
	}
	if l, err := ParseMaximum("5/m:9"); err == nil {
		t.Errorf("ParseMaximum(5/m:9) = %s, want an error", l)
	}
}

// FuzzParseLimit checks that every limit is within bounds and can be written and parsed again.
func FuzzParseLimit(f *testing.F) {
	for _, text := range []string{"off", "10/s", "300/m:80", "1/h:1000000", "5/m:", "1/s:1:1", "00/s", "9223372036854775808/s"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ParseLimit(text)
		if err != nil {
			return
		}
		if again, err := ParseLimit(l.String()); err != nil || again != l {
			t.Errorf("%q: got %s, and %s, %v when parsed again", text, l, again, err)
		}
		if l != (Limit{}) && (l.Events < 1 || l.Events > maxEvents || l.Burst < 1 || l.Burst > maxEvents || l.Per < time.Second || l.Per > time.Hour) {
			t.Errorf("%q: got %+v, which is out of bounds", text, l)
		}
	})
}
