package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/prizegen/prizegen/pkg/store/storetest"
)

// play measures durable plays: each is on disk before its response is sent.
func play(ctx context.Context, l *lab) (section, error) {
	postgres, err := storetest.Launch(true)
	if err != nil {
		return section{}, err
	}
	defer postgres.Stop()
	services, stopServices, err := l.playServices(ctx, postgres.Address())
	defer stopServices()
	if err != nil {
		return section{}, err
	}
	alone, closeAlone, err := l.playAlone(ctx, postgres.Address())
	defer closeAlone()
	if err != nil {
		return section{}, err
	}
	singles, closeSingles, err := l.singleRows(ctx, postgres.Address())
	if err != nil {
		return section{}, err
	}
	defer closeSingles()
	bare, err := l.startBare(ctx)
	if err != nil {
		return section{}, err
	}
	defer bare.stop()
	results, err := interleave(ctx, l.rounds, slices.Concat(services, alone, singles, []contestant{
		{"bound: requests", "the same requests to a net/http handler that returns a constant", func(ctx context.Context) (float64, error) { return l.plays(ctx, bare.url, clients) }},
		{"bound: fsync × 64", fmt.Sprintf("how often 4 KiB can be written and synced per second, multiplied by the %d plays that can share a sync", clients), l.syncs},
	}))
	if err != nil {
		return section{}, err
	}
	lite, pg := find(results, "ours on SQLite"), find(results, "ours on PostgreSQL")
	return section{
		title: "A durable play over three services", unit: "plays/s", results: results,
		about: "Clients send `POST /v1/draws` with a campaign, an entrant and an `Idempotency-Key` over 64 connections. Every play is on disk before the response is sent. The contestants without HTTP run in one process, which saves the cost of the requests, but they commit each play separately.",
		aims: []aim{
			{text: "SQLite ÷ Flask", ratios: ratios(lite, find(results, "Flask on SQLite")), atLeast: 40},
			{text: "SQLite ÷ a transaction per play", ratios: ratios(lite, find(results, "a transaction per play, SQLite")), atLeast: 10},
			{text: "PostgreSQL ÷ a transaction per play", ratios: ratios(pg, find(results, "a transaction per play, PostgreSQL")), atLeast: 10},
			{text: "SQLite ÷ bare rows", ratios: ratios(lite, find(results, "bare rows in SQLite")), atLeast: 10},
			{text: "PostgreSQL ÷ bare rows", ratios: ratios(pg, find(results, "bare rows in PostgreSQL")), atLeast: 10},
		},
	}, nil
}

// playServices starts the contestants that consist of four services. stop stops all of
// their processes, even if playServices returns an error.
func (l *lab) playServices(ctx context.Context, postgres string) (all []contestant, stop func(), err error) {
	var running []*process
	stop = func() { stopAll(running) }
	for _, system := range []struct {
		name, what string
		start      func() ([]*process, error)
	}{
		{"ours on SQLite", "three services and a core; concurrent plays share a transaction", func() ([]*process, error) {
			return l.startOursApart(ctx, "--db", l.file("play.db"))
		}},
		{"ours on PostgreSQL", "the same with PostgreSQL", func() ([]*process, error) {
			return l.startOursApart(ctx, "--db", postgres)
		}},
		{"Flask on SQLite", "the four services in Flask behind gunicorn, with SQLite, a write-ahead log and one transaction per play", func() ([]*process, error) {
			return l.startFlaskApart(ctx, l.file("play-flask.db"))
		}},
	} {
		services, err := system.start()
		if err != nil {
			return nil, stop, err
		}
		running = append(running, services...)
		core := services[len(services)-1]
		all = append(all, contestant{system.name, system.what, func(ctx context.Context) (float64, error) {
			return l.plays(ctx, core.url, clients)
		}})
	}
	return all, stop, nil
}

// playAlone returns the contestants that play in this process, with one transaction per
// play. stop closes their databases.
func (l *lab) playAlone(ctx context.Context, postgres string) (all []contestant, stop func(), err error) {
	var open []*promotion
	stop = func() {
		for _, p := range open {
			p.close()
		}
	}
	const what = "the same work on the same tables, in one process without HTTP, but with one transaction per play"
	for _, database := range []struct{ name, address string }{
		{"a transaction per play, SQLite", l.file("alone.db")}, {"a transaction per play, PostgreSQL", postgres},
	} {
		p, err := openPromotion(ctx, database.address, "alone", 1)
		if err != nil {
			return nil, stop, err
		}
		open = append(open, p)
		all = append(all, contestant{database.name, what, func(ctx context.Context) (float64, error) { return p.playFor(ctx, l) }})
	}
	return all, stop, nil
}

// plays puts a core under a load of plays, each with a new once-only key. It returns the
// plays per second.
func (l *lab) plays(ctx context.Context, url string, clients int) (float64, error) {
	r, err := l.drive(ctx, url+"/v1/draws", load{kind: "play", clients: clients, time: l.time(), marks: l.mark()})
	return r.perSecond, err
}

// mark returns a different string on each call.
func (l *lab) mark() string {
	l.marks++
	return fmt.Sprintf("m%d-", l.marks)
}

// syncs returns how many plays per second could be stored if nothing but syncing to disk
// took time.
func (l *lab) syncs(context.Context) (float64, error) {
	file, err := os.CreateTemp(l.work, "sync")
	if err != nil {
		return 0, err
	}
	defer file.Close() //nolint:errcheck // temporary
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
