// Command load simulates visitors who play in a campaign with their browsers, at a steady
// rate. Each play has a once-only key. If a response is lost, load repeats the play with
// the same key. It writes the completed plays to a file as NDJSON and, at the end, a JSON
// summary to standard output. It exits with status 1 if a request failed permanently or a
// response was wrong.
//
//	load --url https://play.example.org --campaign summer --rate 25 --least 20000 --out plays.ndjson
//
// With --rate 0, visitors arrive as fast as they are served, which measures the
// throughput of a deployment. With --only-plays, visitors play without viewing any pages.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// options holds the command-line options.
type options struct {
	url, campaign, authority, out string
	rate                          float64
	least                         int64
	visitors                      int
	onlyPlays                     bool
	patience                      time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.url, "url", "", "URL of the site")
	flag.StringVar(&o.campaign, "campaign", "", "campaign to play")
	flag.StringVar(&o.authority, "ca", "", "PEM file with the root certificate for the site")
	flag.StringVar(&o.out, "out", "", "file for the completed plays")
	flag.Float64Var(&o.rate, "rate", 25, "visitors per second")
	flag.Int64Var(&o.least, "least", 20000, "minimum number of requests, even if SIGTERM arrives earlier")
	flag.IntVar(&o.visitors, "visitors", 150, "maximum number of concurrent visitors")
	flag.BoolVar(&o.onlyPlays, "only-plays", false, "play without viewing any pages")
	duration := flag.Duration("for", 0, "how long new visitors arrive (default: until SIGTERM)")
	flag.DurationVar(&o.patience, "patience", 5*time.Minute, "maximum time for a request, including retries")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *duration)
		defer cancel()
	}
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// run sends visitors until ctx is done and at least o.least requests have been sent.
func run(ctx context.Context, o options) error {
	client, err := newClient(o.authority)
	if err != nil {
		return err
	}
	out, err := os.Create(o.out)
	if err != nil {
		return err
	}
	t := &tally{plays: json.NewEncoder(out), troubles: map[string]int{}}
	v := visitors{options: o, client: client, tally: t}
	started := time.Now()
	next, stop := every(o.rate)
	defer stop()
	var visits sync.WaitGroup
	slots := make(chan struct{}, o.visitors) // visitors wait until a slot is free
	for n := 0; ctx.Err() == nil || t.requests.Load() < o.least; n++ {
		next()
		slots <- struct{}{}
		visits.Go(func() {
			defer func() { <-slots }()
			v.visit(n)
		})
	}
	visits.Wait()
	if err := errors.Join(t.writeErr, out.Close()); err != nil {
		return err
	}
	summary := t.summary(time.Since(started))
	if err := json.NewEncoder(os.Stdout).Encode(summary); err != nil {
		return err
	}
	if summary.FailedPlays+summary.FailedLooks+summary.Wrong > 0 {
		return fmt.Errorf("%d plays and %d page views failed, and %d responses were wrong", summary.FailedPlays, summary.FailedLooks, summary.Wrong)
	}
	return nil
}

// every returns a function that waits until the next of rate visitors per second is due. If
// rate is 0, the function does not wait. stop releases its resources.
func every(rate float64) (next, stop func()) {
	if rate == 0 {
		return func() {}, func() {}
	}
	tick := time.NewTicker(time.Duration(float64(time.Second) / rate))
	return func() { <-tick.C }, tick.Stop
}

func newClient(authority string) (*http.Client, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: 150, ForceAttemptHTTP2: false, TLSClientConfig: &tls.Config{}}
	if authority != "" {
		file, err := os.Open(authority)
		if err != nil {
			return nil, err
		}
		pem, err := io.ReadAll(file)
		if err := errors.Join(err, file.Close()); err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("no certificate in %s", authority)
		}
		transport.TLSClientConfig.RootCAs = roots
	}
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}, nil
}
