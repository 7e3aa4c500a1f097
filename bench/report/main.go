// Command report measures prizegen and what people would use instead, side by side
// in one run, and writes report.md with a chart a section.
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

// run measures the sections that are asked for and writes the report.
func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("report", flag.ExitOnError)
	l := &lab{}
	flags.StringVar(&l.prizegen, "prizegen", "build/prizegen", "the `program` to measure")
	flags.StringVar(&l.flask, "flask", "bench/flask", "`folder` of the Flask services")
	flags.IntVar(&l.rounds, "rounds", 5, "how often each thing is measured")
	flags.BoolVar(&l.quick, "quick", false, "measure for a short time each, and little growth")
	flags.BoolVar(&l.long, "long", false, "store 10,000,000 draws where otherwise 1,000,000 do")
	out := flags.String("out", "build/bench", "`folder` of the report")
	only := flags.String("only", ".", "measure the sections whose names match this `pattern`")
	_ = flags.Parse(args) // it exits where there is a mistake
	pick, err := regexp.Compile(*only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	if l.rounds < 1 {
		return errors.New("-rounds: expected at least 1")
	}
	for _, path := range []*string{&l.prizegen, &l.flask} {
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
	}
	if l.work, err = os.MkdirTemp("", "prizegen-bench"); err != nil {
		return err
	}
	defer os.RemoveAll(l.work) //nolint:errcheck // temporary
	if err := os.WriteFile(l.file(loadFile), loadScript, 0o644); err != nil {
		return err
	}
	// Debian has NGINX where only root looks for programs.
	if err := os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin"); err != nil {
		return err
	}
	if err := l.check(); err != nil {
		return err
	}
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
			measured = section{title: s.name, about: "It could not be measured: " + err.Error()}
		}
		measured.name = s.name
		r.sections = append(r.sections, measured)
		// What is measured already is not lost where the run is broken off.
		if err := r.write(); err != nil {
			return err
		}
	}
	fmt.Fprintf(os.Stderr, "%4.0f s  %s\n", time.Since(started).Seconds(), filepath.Join(*out, "report.md"))
	return errors.Join(failed...)
}

// sections lists what is measured, in the order of the report.
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
