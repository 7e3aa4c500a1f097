package main

import "context"

// composed measures draws whose parts come from three services over HTTP.
func composed(ctx context.Context, l *lab) (section, error) {
	ours, err := l.startOursApart(ctx, "--db", l.file("composed.db"))
	if err != nil {
		return section{}, err
	}
	defer stopAll(ours)
	bare, err := l.startBareApart(ctx)
	if err != nil {
		return section{}, err
	}
	defer stopAll(bare)
	flask, err := l.startFlaskApart(ctx, l.file("composed-flask.db"))
	if err != nil {
		return section{}, err
	}
	defer stopAll(flask)
	draw := func(services []*process) func(context.Context) (float64, error) {
		core := services[len(services)-1]
		return func(ctx context.Context) (float64, error) {
			r, err := l.drive(ctx, core.url+"/v1/draws", load{kind: "draw", clients: clients, time: l.time()})
			return r.perSecond, err
		}
	}
	results, err := interleave(ctx, l.rounds, []contestant{
		{"ours", "four processes of `prizegen serve`: the core requests the text, the number and the prize with subkeys, checks the responses, and returns the draw with everything needed to verify it", draw(ours)},
		{"net/http", "four processes with handlers that return a constant; the first handler calls the other three before it responds", draw(bare)},
		{"Flask", "the same four services in Flask behind gunicorn, using the requests library with persistent connections", draw(flask)},
	})
	if err != nil {
		return section{}, err
	}
	return section{
		title: "A draw composed of three services", unit: "draws/s", results: results,
		about: "Clients send `POST /v1/draws` with the body `{}` over 64 connections to a core, which gets all parts of the draw from the other services. *net/http* shows the cost of four such services that do no work, with one call to each service per draw. In *ours*, concurrent draws share calls.",
		aims:  []aim{{text: "ours ÷ Flask", ratios: ratios(find(results, "ours"), find(results, "Flask")), atLeast: 20}},
	}, nil
}
