package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// growthDraws measures how time and memory grow with the number of draws of a run.
func growthDraws(ctx context.Context, l *lab) (section, error) {
	most := 1_000_000_000
	if l.quick {
		most = 10_000_000
	}
	times, memory := line{name: "seconds"}, line{name: "MB"}
	t := table{columns: []string{"draws", "seconds", "draws/s", "memory at most, MB"}}
	for n := 1000; n <= most; n *= 10 {
		rounds := l.rounds
		if n > 10_000_000 {
			rounds = 1 // it takes long, and long enough to be told from what disturbs
		}
		var took, held []float64
		for range rounds {
			seconds, megabytes, err := drawMany(ctx, l.prizegen, n)
			if err != nil {
				return section{}, err
			}
			took, held = append(took, seconds), append(held, megabytes)
		}
		times.points = append(times.points, point{float64(n), median(took)})
		memory.points = append(memory.points, point{float64(n), median(held)})
		t.rows = append(t.rows, []string{group(float64(n)), figure(median(took)), figure(float64(n) / median(took)), figure(median(held))})
	}
	return section{
		title:  "Growing number of draws",
		about:  "`prizegen draw -n N -o csv` into /dev/null, from its start to its end. Up to 100,000 draws the start is what takes the time.",
		tables: []table{t},
		charts: []lineChart{
			{title: "Time of a run", x: "draws", y: "seconds", lines: []line{times}},
			{title: "Memory of a run", x: "draws", y: "MB, largest resident set", lines: []line{memory}},
		},
	}, nil
}

// onceCommand has this program run another one: once PROGRAM ARGUMENTS. It writes the
// seconds and the megabytes that one took. Linux counts the memory of the process that
// starts a program as the program's, so a small one has to start it.
const onceCommand = "once"

func runOnce(args []string) error {
	cmd := exec.Command(args[0], args[1:]...) //nolint:noctx // who started this one ends both
	started := time.Now()
	if err := cmd.Run(); err != nil {
		return err
	}
	seconds := time.Since(started).Seconds()
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return errors.New("the system does not tell the memory of a process")
	}
	fmt.Println(seconds, float64(usage.Maxrss)*1024/1e6)
	return nil
}

func drawMany(ctx context.Context, prizegen string, n int) (seconds, megabytes float64, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, 0, err
	}
	out, err := exec.CommandContext(ctx, self, onceCommand, prizegen, "draw", "--quiet", "-n", strconv.Itoa(n), "-o", "csv").Output()
	if err != nil {
		return 0, 0, fmt.Errorf("%d draws: %w", n, err)
	}
	_, err = fmt.Sscan(string(out), &seconds, &megabytes)
	return seconds, megabytes, err
}
