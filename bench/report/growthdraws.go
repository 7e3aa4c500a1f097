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

// growthDraws measures how time and memory grow with the number of draws in a run.
func growthDraws(ctx context.Context, l *lab) (section, error) {
	most := 1_000_000_000
	if l.quick {
		most = 10_000_000
	}
	seconds, memory := line{name: "seconds"}, line{name: "MB"}
	t := table{columns: []string{"draws", "seconds", "draws/s", "peak memory, MB"}}
	for n := 1000; n <= most; n *= 10 {
		rounds := l.rounds
		if n > 10_000_000 {
			rounds = 1 // long enough for disturbances to be negligible
		}
		var took, used []float64
		for range rounds {
			s, mb, err := drawMany(ctx, l.prizegen, n)
			if err != nil {
				return section{}, err
			}
			took, used = append(took, s), append(used, mb)
		}
		seconds.points = append(seconds.points, point{float64(n), median(took)})
		memory.points = append(memory.points, point{float64(n), median(used)})
		t.rows = append(t.rows, []string{group(float64(n)), figure(median(took)), figure(float64(n) / median(took)), figure(median(used))})
	}
	return section{
		title:  "Growing number of draws",
		about:  "This section measures the run time and the peak memory of `prizegen draw -n N -o csv`, with its output written to /dev/null. For up to 100,000 draws, start-up takes most of the time.",
		tables: []table{t},
		charts: []lineChart{
			{title: "Time of a run", x: "draws", y: "seconds", lines: []line{seconds}},
			{title: "Memory of a run", x: "draws", y: "MB, peak resident set", lines: []line{memory}},
		},
	}, nil
}

// onceCommand makes this program run another one: once PROGRAM ARGUMENTS. It writes the
// seconds and the peak memory in megabytes that the other program used. Linux includes the
// memory of the parent process in that peak, so the parent must be small.
const onceCommand = "once"

func runOnce(args []string) error {
	cmd := exec.Command(args[0], args[1:]...) //nolint:noctx // the parent stops both processes
	started := time.Now()
	if err := cmd.Run(); err != nil {
		return err
	}
	seconds := time.Since(started).Seconds()
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return errors.New("this system does not report the memory of a process")
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
