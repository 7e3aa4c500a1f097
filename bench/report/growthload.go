package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/prizegen/prizegen/pkg/store/storetest"
)

// growthClients measures how the rates of texts and plays change as the number of clients
// grows.
func growthClients(ctx context.Context, l *lab) (section, error) {
	text, err := l.startOurs(ctx, "text")
	if err != nil {
		return section{}, err
	}
	defer text.stop()
	services, err := l.startOursApart(ctx, "--db", l.file("clients.db"))
	if err != nil {
		return section{}, err
	}
	defer stopAll(services)
	core := services[len(services)-1]
	texts, plays, typical, slowest := line{name: "texts/s"}, line{name: "plays/s"}, line{name: "median"}, line{name: "99th percentile"}
	t := table{columns: []string{"clients", "texts/s", "plays/s", "time of a play, median, ms", "99th percentile, ms"}}
	for _, n := range []int{1, 4, 16, 64, 250, 1000} {
		var textRates, playRates, p50, p99 []float64
		for range min(l.rounds, 3) {
			r, err := l.drive(ctx, text.url+"/v1/text", load{kind: "get", clients: n, time: l.time()})
			if err != nil {
				return section{}, err
			}
			textRates = append(textRates, r.perSecond)
			if r, err = l.drive(ctx, core.url+"/v1/draws", load{kind: "play", clients: n, time: l.time(), marks: l.mark()}); err != nil {
				return section{}, err
			}
			playRates, p50, p99 = append(playRates, r.perSecond), append(p50, millis(r.p50)), append(p99, millis(r.p99))
		}
		x := float64(n)
		texts.points = append(texts.points, point{x, median(textRates)})
		plays.points = append(plays.points, point{x, median(playRates)})
		typical.points = append(typical.points, point{x, median(p50)})
		slowest.points = append(slowest.points, point{x, median(p99)})
		t.rows = append(t.rows, []string{group(x), figure(median(textRates)), figure(median(playRates)), figure(median(p50)), figure(median(p99))})
	}
	return section{
		title:  "Growing number of clients",
		about:  "In separate runs, clients request texts from one service, and make durable plays over three services on SQLite. Each client uses a persistent connection, and sends its next request as soon as it has received a response.",
		tables: []table{t},
		charts: []lineChart{
			{title: "Throughput", x: "clients", y: "per second", lines: []line{texts, plays}},
			{title: "Time of a play", x: "clients", y: "ms", lines: []line{typical, slowest}},
		},
	}, nil
}

// growthReplicas measures how the rate of plays changes as the number of replicas that
// share a PostgreSQL database grows.
func growthReplicas(ctx context.Context, l *lab) (section, error) {
	postgres, err := storetest.Launch(true)
	if err != nil {
		return section{}, err
	}
	defer postgres.Stop()
	var replicas []*process
	defer func() { stopAll(replicas) }()
	rate := line{name: "plays/s"}
	t := table{columns: []string{"replicas", "plays/s"}}
	for n := 1; n <= 4; n++ {
		p, err := l.startOurs(ctx, "all", "--db", postgres.Address())
		if err != nil {
			return section{}, err
		}
		replicas = append(replicas, p)
		var rates []float64
		for range min(l.rounds, 3) {
			r, err := l.playOn(ctx, replicas)
			if err != nil {
				return section{}, err
			}
			rates = append(rates, r)
		}
		rate.points = append(rate.points, point{float64(n), median(rates)})
		t.rows = append(t.rows, []string{fmt.Sprint(n), figure(median(rates))})
	}
	return section{
		title:  "Growing number of replicas",
		about:  "In one campaign, 64 clients make durable plays. The clients are divided among several processes of `prizegen serve`, which share one PostgreSQL database. Everything runs on this machine, so additional replicas do not get additional CPU cores. The campaign's indexes have no gaps, so its plays are stored one batch after the other, no matter which replica makes them.",
		tables: []table{t},
		charts: []lineChart{{title: "Plays of all replicas on one machine", x: "replicas", y: "plays/s", lines: []line{rate}}},
	}, nil
}

// playOn divides the clients among replicas. It returns the total number of plays per
// second.
func (l *lab) playOn(ctx context.Context, replicas []*process) (float64, error) {
	rates, errs := make([]float64, len(replicas)), make([]error, len(replicas))
	var running sync.WaitGroup
	for i, p := range replicas {
		o := load{kind: "play", clients: clients / len(replicas), time: l.time(), marks: l.mark()}
		running.Go(func() {
			r, err := l.driveOnce(ctx, p.url+"/v1/draws", o)
			rates[i], errs[i] = r.perSecond, err
		})
	}
	running.Wait()
	sum := 0.0
	for i := range replicas {
		if errs[i] != nil {
			return 0, errs[i]
		}
		sum += rates[i]
	}
	return sum, nil
}
