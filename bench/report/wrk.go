package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

//go:embed load.lua
var loadScript []byte

// loadFile is where the script of wrk is.
const loadFile = "load.lua"

// load is what is asked of a server, again and again, over connections that are kept.
type load struct {
	kind    string // get, draw or play
	clients int
	time    time.Duration
	marks   string // of plays: makes the once-only keys different from those of other loads
}

// reached is what came of a load.
type reached struct {
	perSecond float64
	p50, p99  time.Duration
}

// drive puts a load on a URL. The first one is preceded by one that does not count,
// since connections are made and memory is found then.
func (l *lab) drive(ctx context.Context, url string, o load) (reached, error) {
	if l.warm == nil {
		l.warm = map[string]bool{}
	}
	if !l.warm[url] {
		l.warm[url] = true
		first := o
		first.time, first.marks = time.Second, o.marks+"first-"
		if _, err := l.driveOnce(ctx, url, first); err != nil {
			return reached{}, err
		}
	}
	return l.driveOnce(ctx, url, o)
}

// driveOnce has wrk put a load on a URL. An answer that is no success is an error.
func (l *lab) driveOnce(ctx context.Context, url string, o load) (reached, error) {
	cmd := exec.CommandContext(ctx, "wrk", "-t1", fmt.Sprintf("-c%d", o.clients), fmt.Sprintf("-d%.0fs", o.time.Seconds()),
		"--timeout", "60s", "-s", l.file(loadFile), url, "--", o.kind, o.marks)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return reached{}, fmt.Errorf("wrk: %w\n%s", err, out)
	}
	_, line, found := strings.Cut(string(out), "reached ")
	var requests, failed, lost, micros, p50, p99 float64
	if !found {
		return reached{}, errors.New("wrk: " + string(out))
	}
	if _, err := fmt.Sscanf(line, "%f %f %f %f %f %f", &requests, &failed, &lost, &micros, &p50, &p99); err != nil {
		return reached{}, fmt.Errorf("wrk: %w: %s", err, out)
	}
	if requests == 0 || failed > 0 || lost > requests/1000 {
		return reached{}, fmt.Errorf("%s: %.0f answers, %.0f of them errors, %.0f requests lost", url, requests, failed, lost)
	}
	return reached{requests / micros * 1e6, time.Duration(p50) * time.Microsecond, time.Duration(p99) * time.Microsecond}, nil
}
