package main

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// start measures the time until the first draw or the first response.
func start(ctx context.Context, l *lab) (section, error) {
	run := func(name string, args ...string) func(context.Context) (float64, error) {
		return func(ctx context.Context) (float64, error) {
			const times = 10
			var took []float64
			for range times {
				started := time.Now()
				if err := exec.CommandContext(ctx, name, args...).Run(); err != nil {
					return 0, err
				}
				took = append(took, millis(time.Since(started)))
			}
			return median(took), nil
		}
	}
	ready := func(start func() (*process, error)) func(context.Context) (float64, error) {
		return func(context.Context) (float64, error) {
			started := time.Now()
			p, err := start()
			if err != nil {
				return 0, err
			}
			took := millis(time.Since(started))
			p.stop()
			return took, nil
		}
	}
	results, err := interleave(ctx, l.rounds, []contestant{
		{"ours, a draw", "`prizegen draw --quiet -o csv`, from start to exit", run(l.prizegen, "draw", "--quiet", "-o", "csv")},
		{"Python, a draw", "`bulk.py 1`, from start to exit", run(python, filepath.Join(l.flask, "bulk.py"), "1")},
		{"Python with Flask", "importing the Flask services", run(python, "-c", "import sys; sys.path.insert(0, sys.argv[1]); import services", l.flask)},
		{"Python, nothing", "`python3 -c pass`", run(python, "-c", "pass")},
		{"ours, a service", "`prizegen serve --role text` until its first response", ready(func() (*process, error) { return l.startOurs(ctx, "text") })},
		{"Flask, a service", "gunicorn with the text service until its first response", ready(func() (*process, error) { return l.startFlask(ctx, "text") })},
	})
	if err != nil {
		return section{}, err
	}
	first := find(results, "ours, a draw")
	return section{
		title: "Start", unit: "ms", less: true, results: results,
		about: "This section measures the time until the first result. All files are in the page cache.",
		aims: []aim{
			{text: "`prizegen draw`", ratios: first.samples, atMost: 15, absolute: "ms"},
			{text: "ours ÷ Python, each making a draw", ratios: ratios(first, find(results, "Python, a draw")), atMost: 0.1},
			{text: "ours ÷ Python with Flask", ratios: ratios(first, find(results, "Python with Flask")), atMost: 0.1},
		},
	}, nil
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// memory measures the memory of idle servers and the size of installations.
func memory(ctx context.Context, l *lab) (section, error) {
	measure := func(start func() ([]*process, error)) func(context.Context) (float64, error) {
		return func(context.Context) (float64, error) {
			all, err := start()
			if err != nil {
				return 0, err
			}
			defer stopAll(all)
			time.Sleep(3 * time.Second) // give the servers time to release memory that they needed only at start-up
			return groupMemory(all)
		}
	}
	alone := func(p *process, err error) ([]*process, error) { return []*process{p}, err }
	db := 0
	file := func() string {
		db++
		return l.file(fmt.Sprintf("idle-%d.db", db))
	}
	results, err := interleave(ctx, min(l.rounds, 3), []contestant{
		{"ours, a core", "`prizegen serve --role core`, with its site and a SQLite file", measure(func() ([]*process, error) { return alone(l.startOurs(ctx, "core", "--db", file())) })},
		{"ours, a text service", "`prizegen serve --role text`", measure(func() ([]*process, error) { return alone(l.startOurs(ctx, "text")) })},
		{"ours, all four services", "four processes; shared pages are counted once", measure(func() ([]*process, error) { return l.startOursApart(ctx, "--db", file()) })},
		{"Flask, a text service", "gunicorn with its workers", measure(func() ([]*process, error) { return alone(l.startFlask(ctx, "text")) })},
		{"Flask, all four services", "gunicorn with their workers", measure(func() ([]*process, error) { return l.startFlaskApart(ctx, file()) })},
	})
	if err != nil {
		return section{}, err
	}
	sizes, err := l.sizes(ctx)
	return section{
		title: "Idle memory and size", unit: "MB", less: true, results: results,
		about:  "This section measures the memory of a server's processes (proportional set size) three seconds after they started. One MB is a million bytes.",
		aims:   []aim{{text: "a core", ratios: find(results, "ours, a core").samples, atMost: 30, absolute: "MB"}},
		tables: []table{sizes},
	}, err
}

// groupMemory returns the total proportional set size of servers and their child processes,
// in megabytes. Each server is the leader of its own process group.
func groupMemory(all []*process) (float64, error) {
	rollups, err := filepath.Glob("/proc/[0-9]*/smaps_rollup")
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for _, path := range rollups {
		stat, err := os.ReadFile(filepath.Join(filepath.Dir(path), "stat"))
		if err != nil {
			continue // the process has exited
		}
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:])) // state, parent, group …
		for _, p := range all {
			if fields[2] == strconv.Itoa(p.cmd.Process.Pid) {
				text, err := os.ReadFile(path)
				if err != nil {
					return 0, err
				}
				sum += field(string(text), "Pss:") * 1024 / 1e6
			}
		}
	}
	return sum, nil
}

// field returns the number that follows name in text. It returns 0 if there is none.
func field(text, name string) float64 {
	_, rest, _ := strings.Cut(text, name)
	words := strings.Fields(rest)
	if len(words) == 0 {
		return 0
	}
	value, _ := strconv.ParseFloat(words[0], 64) // 0 if it is not a number
	return value
}

// sizes returns a table with the sizes of the installations.
func (l *lab) sizes(ctx context.Context) (table, error) {
	binary, err := os.ReadFile(l.prizegen)
	if err != nil {
		return table{}, err
	}
	var packed counter
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(binary); err != nil {
		return table{}, err
	}
	if err := w.Close(); err != nil {
		return table{}, err
	}
	t := table{columns: []string{"installation", "MB"}, rows: [][]string{
		{"the binary; the image contains nothing else except the licence", figure(float64(len(binary)) / 1e6)},
		{"the binary, compressed as for a download", figure(float64(packed) / 1e6)},
	}}
	list := exec.CommandContext(ctx, "sh", "-c", `dpkg-query -W -f '${Installed-Size}\n' $(apt-cache depends --recurse --installed --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances python3-flask gunicorn python3-requests | grep '^[a-z0-9]' | sort -u) 2>/dev/null`)
	out, err := list.Output()
	if err != nil {
		return t, nil //nolint:nilerr // not on Debian; the other rows are still valid
	}
	kib := 0.0
	for word := range strings.FieldsSeq(string(out)) {
		size, _ := strconv.ParseFloat(word, 64) // 0 if it is not a number
		kib += size
	}
	t.rows = append(t.rows, []string{"python3-flask, gunicorn, python3-requests and their dependencies in Debian", figure(kib * 1024 / 1e6)})
	return t, nil
}

// counter counts the bytes written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

var _ io.Writer = (*counter)(nil)
