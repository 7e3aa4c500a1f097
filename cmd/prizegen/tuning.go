package main

import (
	"context"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
)

// gcPercent lets the heap of a server grow to five times the live memory before it is
// collected; Go's default is twice. This saves 10% of the time of every request and costs
// a few megabytes under load.
const gcPercent = 400

// startTime is the time after which a server is considered fully started.
const startTime = 2 * time.Second

// The percentages of a container's memory that the Go runtime and the requests in progress
// may use. The rest is for what Go does not count, such as the buffers of connections.
const (
	limitPercent   = 80
	requestPercent = 40
)

// tuneMemory sets the garbage collection percentage and the memory limit of a server,
// unless the user has chosen them with GOGC and GOMEMLIMIT. It returns the memory that
// requests in progress may use together, or 0 if there is no limit, and a function that
// must be called when the server stops.
//
// Once the server has started, tuneMemory runs the garbage collector twice, because only
// the second run frees the memory in pools. The migrations leave 12 MB in a pool, which
// is much for an idle core of 30 MB.
func tuneMemory(ctx context.Context, a *app, log *slog.Logger) (requests int64, end func()) {
	if a.env("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if a.env("GOMEMLIMIT") == "" {
		if bytes, ok := containerMemory(os.DirFS("/")); ok {
			debug.SetMemoryLimit(bytes / 100 * limitPercent)
		}
	}
	if limit := debug.SetMemoryLimit(-1); limit < math.MaxInt64 {
		requests = limit / 100 * requestPercent
		log.DebugContext(ctx, "memory is limited", slog.Int64("limit_mb", limit>>20), slog.Int64("requests_mb", requests>>20))
	}
	timer := time.AfterFunc(startTime, func() {
		runtime.GC()
		debug.FreeOSMemory()
	})
	return requests, func() { timer.Stop() }
}

// containerMemory returns the memory limit of the control group of this process, from the
// files of version 2 or version 1. It reports false if there is no limit. The library
// automemlimit does the same, but also evaluates mounts, which containers do not need.
func containerMemory(root fs.FS) (limit int64, ok bool) {
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(groups)) {
		_, group, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, folder, _ := strings.Cut(group, ":")
		mount, name := "sys/fs/cgroup", "memory.max"
		switch {
		case slices.Contains(strings.Split(controllers, ","), "memory"):
			mount, name = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		case controllers != "":
			continue
		}
		// The limits of all groups above apply too.
		for ; ; folder = path.Dir(folder) {
			text, _ := fs.ReadFile(root, path.Join(mount, folder, name))
			bytes, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
			if err == nil && bytes > 0 && bytes < unlimited && (!ok || bytes < limit) {
				limit, ok = bytes, true
			}
			if folder == "/" || folder == "." {
				break
			}
		}
	}
	return limit, ok
}

// unlimited is less than the number that version 1 reports if there is no limit.
const unlimited = 1 << 60
