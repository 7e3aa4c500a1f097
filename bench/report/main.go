// Command report measures prizegen and its alternatives side by side in a single run. It
// writes report.md and a chart for each section.
//
//	report -prizegen build/prizegen -flask bench/flask -out build/bench
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == bareCommand {
		exit(serveBare(os.Args[2]))
	}
	if len(os.Args) > 2 && os.Args[1] == onceCommand {
		exit(runOnce(os.Args[2:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(run(ctx, os.Args[1:]))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// run measures the chosen sections and writes the report.
func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("report", flag.ExitOnError)
	l := &lab{}
	flags.StringVar(&l.prizegen, "prizegen", "build/prizegen", "the `program` to measure")
	flags.StringVar(&l.flask, "flask", "bench/flask", "`folder` of the Flask services")
	flags.IntVar(&l.rounds, "rounds", 5, "measure each alternative this many `times`")
	flags.BoolVar(&l.quick, "quick", false, "measure for a short time, and stop growth early")
	flags.BoolVar(&l.long, "long", false, "store up to 10,000,000 draws instead of 1,000,000")
	out := flags.String("out", "build/bench", "`folder` of the report")
	only := flags.String("only", ".", "measure only the sections whose names match `pattern`")
	_ = flags.Parse(args) // the flag package exits on errors
	pick, err := regexp.Compile(*only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	if l.rounds < 1 {
		return fmt.Errorf("-rounds must be at least 1, got %d", l.rounds)
	}
	if err := l.prepare(); err != nil {
		return err
	}
	defer os.RemoveAll(l.work) //nolint:errcheck // temporary
	r := report{folder: *out, machine: l.machine(ctx)}
	var failed []error
	started := time.Now()
	for _, s := range sections() {
		if !pick.MatchString(s.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%4.0f s  %s\n", time.Since(started).Seconds(), s.name)
		measured, err := s.measure(ctx, l)
		if err != nil {
			if ctx.Err() != nil {
				return err
			}
			failed = append(failed, fmt.Errorf("%s: %w", s.name, err))
			measured = section{title: s.name, about: "Not measured: " + err.Error()}
		}
		measured.name = s.name
		r.sections = append(r.sections, measured)
		// Write the report after each section, so that an interrupted run keeps its
		// results.
		if err := r.write(); err != nil {
			return err
		}
	}
	fmt.Fprintf(os.Stderr, "%4.0f s  %s\n", time.Since(started).Seconds(), filepath.Join(*out, "report.md"))
	return errors.Join(failed...)
}

// sections returns all sections in the order of the report.
func sections() []struct {
	name    string
	measure func(context.Context, *lab) (section, error)
} {
	return []struct {
		name    string
		measure func(context.Context, *lab) (section, error)
	}{
		{"bulk", bulk},
		{"text", text},
		{"composed", composed},
		{"play", play},
		{"start", start},
		{"memory", memory},
		{"growth-draws", growthDraws},
		{"growth-rules", growthRules},
		{"growth-stored", growthStored},
		{"growth-clients", growthClients},
		{"growth-replicas", growthReplicas},
	}
}
