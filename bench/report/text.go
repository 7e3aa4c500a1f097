package main

import "context"

// clients is the usual number of connections in a load.
const clients = 64

// text measures requests for texts over HTTP.
func text(ctx context.Context, l *lab) (section, error) {
	var all []*process
	defer func() { stopAll(all) }()
	started := func(p *process, err error) (*process, error) {
		if err == nil {
			all = append(all, p)
		}
		return p, err
	}
	ours, err := started(l.startOurs(ctx, "text"))
	if err != nil {
		return section{}, err
	}
	bare, err := started(l.startBare(ctx))
	if err != nil {
		return section{}, err
	}
	nginx, err := started(l.startNginx(ctx))
	if err != nil {
		return section{}, err
	}
	flask, err := started(l.startFlask(ctx, "text"))
	if err != nil {
		return section{}, err
	}
	get := func(p *process) func(context.Context) (float64, error) {
		return func(ctx context.Context) (float64, error) {
			r, err := l.drive(ctx, p.url+"/v1/text", load{kind: "get", clients: clients, time: l.time()})
			return r.perSecond, err
		}
	}
	results, err := interleave(ctx, l.rounds, []contestant{
		{"ours", "`prizegen serve --role text`: fresh randomness for each request, with a trace, limits and metrics", get(ours)},
		{"net/http", "a handler that returns a constant", get(bare)},
		{"NGINX", "`return 200` with the same body", get(nginx)},
		{"Flask", "`random.choices` in Flask behind gunicorn", get(flask)},
	})
	if err != nil {
		return section{}, err
	}
	first := find(results, "ours")
	return section{
		title: "A text over HTTP", unit: "requests/s", results: results,
		about: "wrk sends `GET /v1/text` requests over 64 persistent connections. It runs on the same machine, and takes the same share of the CPU from every contestant.",
		aims: []aim{
			{text: "ours ÷ net/http", ratios: ratios(first, find(results, "net/http")), atLeast: 0.85},
			{text: "ours ÷ Flask", ratios: ratios(first, find(results, "Flask")), atLeast: 8},
		},
	}, nil
}
