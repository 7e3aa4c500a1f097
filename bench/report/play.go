package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/prizegen/prizegen/pkg/store/storetest"
)

// play measures how many plays are answered once they are on disk.
func play(ctx context.Context, l *lab) (section, error) {
	postgres, err := storetest.Launch(true)
	if err != nil {
		return section{}, err
	}
	defer postgres.Stop()
	var all []contestant
	var running []*process
	defer func() { stopAll(running) }()
	for _, system := range []struct {
		name, what string
		start      func() ([]*process, error)
	}{
		{"ours on SQLite", "three services, a core, plays that come together in one transaction", func() ([]*process, error) {
			return l.startOursApart(ctx, "--db", l.file("play.db"))
		}},
		{"ours on PostgreSQL", "the same on PostgreSQL", func() ([]*process, error) {
			return l.startOursApart(ctx, "--db", postgres.Address())
		}},
		{"Flask on SQLite", "the four services in Flask behind gunicorn, SQLite with WAL, a transaction a play", func() ([]*process, error) {
			return l.startFlaskApart(ctx, l.file("play-flask.db"))
		}},
	} {
		services, err := system.start()
		if err != nil {
			return section{}, err
		}
		running = append(running, services...)
		core := services[len(services)-1]
		all = append(all, contestant{system.name, system.what, func(ctx context.Context) (float64, error) {
			return l.plays(ctx, core.url, clients)
		}})
	}
	for _, alone := range []struct{ name, address string }{
		{"a play a transaction, SQLite", l.file("alone.db")}, {"a play a transaction, PostgreSQL", postgres.Address()},
	} {
		p, err := openPromotion(ctx, alone.address, "alone", 1)
		if err != nil {
			return section{}, err
		}
		defer p.close()
		all = append(all, contestant{alone.name, "the same work on the same tables in one process without HTTP, but no two plays in one transaction", func(ctx context.Context) (float64, error) { return p.playFor(ctx, l) }})
	}
	singles, closeSingles, err := l.singleRows(ctx, postgres.Address())
	if err != nil {
		return section{}, err
	}
	defer closeSingles()
	all = append(all, singles...)
	bare, err := l.startBare(ctx)
	if err != nil {
		return section{}, err
	}
	defer bare.stop()
	all = append(all,
		contestant{"bound: requests", "the same requests to a net/http handler that writes a constant", func(ctx context.Context) (float64, error) { return l.plays(ctx, bare.url, clients) }},
		contestant{"bound: fsync × 64", fmt.Sprintf("how often 4 KiB can be written and synced, times the %d plays that can wait at once", clients), l.syncs},
	)
	results, err := interleave(ctx, l.rounds, all)
	if err != nil {
		return section{}, err
	}
	lite, pg := find(results, "ours on SQLite"), find(results, "ours on PostgreSQL")
	return section{
		title: "A durable play over three services", unit: "plays/s", results: results,
		about: "`POST /v1/draws` with a campaign, an entrant and an `Idempotency-Key` over 64 connections; what is answered is on disk. The peers without HTTP are in one process and do not pay for requests, but have a commit for each play.",
		aims: []aim{
			{text: "SQLite ÷ Flask", ratios: ratios(lite, find(results, "Flask on SQLite")), atLeast: 40},
			{text: "SQLite ÷ a play a transaction", ratios: ratios(lite, find(results, "a play a transaction, SQLite")), atLeast: 10},
			{text: "PostgreSQL ÷ a play a transaction", ratios: ratios(pg, find(results, "a play a transaction, PostgreSQL")), atLeast: 10},
			{text: "SQLite ÷ bare rows", ratios: ratios(lite, find(results, "bare rows in SQLite")), atLeast: 10},
			{text: "PostgreSQL ÷ bare rows", ratios: ratios(pg, find(results, "bare rows in PostgreSQL")), atLeast: 10},
		},
	}, nil
}

// plays drives plays whose once-only keys no other load has.
func (l *lab) plays(ctx context.Context, url string, clients int) (float64, error) {
	r, err := l.drive(ctx, url+"/v1/draws", load{kind: "play", clients: clients, time: l.time(), marks: l.mark()})
	return r.perSecond, err
}

// mark is different each time.
func (l *lab) mark() string {
	l.marks++
	return fmt.Sprintf("m%d-", l.marks)
}

// syncs tells how many plays could be stored if storing took no more than syncing.
func (l *lab) syncs(context.Context) (float64, error) {
	file, err := os.CreateTemp(l.work, "sync")
	if err != nil {
		return 0, err
	}
	defer file.Close() //nolint:errcheck // thrown away
	page := make([]byte, 4096)
	started, n := time.Now(), 0
	for ; time.Since(started) < l.time(); n++ {
		if _, err := file.Write(page); err != nil {
			return 0, err
		}
		if err := file.Sync(); err != nil {
			return 0, err
		}
	}
	return clients * float64(n) / time.Since(started).Seconds(), nil
}
