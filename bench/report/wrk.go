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

// loadFile is the file name of the wrk script.
const loadFile = "load.lua"

// load describes requests that are repeated over persistent connections.
type load struct {
	kind    string // get, draw or play
	clients int
	time    time.Duration
	marks   string // prefix for the once-only keys of plays; different for each load
}

// loadResult is the result of a load.
type loadResult struct {
	perSecond float64
	p50, p99  time.Duration
}

// drive puts a URL under load. Before the first load on a URL, it runs a warm-up load, so
// that the server opens connections and allocates memory, and discards the result.
func (l *lab) drive(ctx context.Context, url string, o load) (loadResult, error) {
	if l.warm == nil {
		l.warm = map[string]bool{}
	}
	if !l.warm[url] {
		l.warm[url] = true
		warmUp := o
		warmUp.time, warmUp.marks = time.Second, o.marks+"warmup-"
		if _, err := l.driveOnce(ctx, url, warmUp); err != nil {
			return loadResult{}, err
		}
	}
	return l.driveOnce(ctx, url, o)
}

// driveOnce puts a URL under load with wrk. It returns an error if any request fails.
func (l *lab) driveOnce(ctx context.Context, url string, o load) (loadResult, error) {
	cmd := exec.CommandContext(ctx, "wrk", "-t1", fmt.Sprintf("-c%d", o.clients), fmt.Sprintf("-d%.0fs", o.time.Seconds()),
		"--timeout", "60s", "-s", l.file(loadFile), url, "--", o.kind, o.marks)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return loadResult{}, fmt.Errorf("wrk: %w\n%s", err, out)
	}
	_, line, found := strings.Cut(string(out), "result: ")
	var requests, failed, broken, micros, p50, p99 float64
	if !found {
		return loadResult{}, errors.New("wrk: " + string(out))
	}
	if _, err := fmt.Sscanf(line, "%f %f %f %f %f %f", &requests, &failed, &broken, &micros, &p50, &p99); err != nil {
		return loadResult{}, fmt.Errorf("wrk: %w: %s", err, out)
	}
	if requests == 0 || failed > 0 || broken > requests/1000 {
		return loadResult{}, fmt.Errorf("%s: got %.0f responses, %.0f of them errors, and %.0f requests without a response", url, requests, failed, broken)
	}
	return loadResult{requests / micros * 1e6, time.Duration(p50) * time.Microsecond, time.Duration(p99) * time.Microsecond}, nil
}
