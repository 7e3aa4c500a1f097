package serve

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/prizegen/prizegen/pkg/wire"
)

func (a *api) registerStatus(service Role) {
	b := a.backend
	register(a, huma.Operation{
		Method: http.MethodGet, Path: "/v1/" + string(service) + "/status", OperationID: string(service) + "-status",
		Summary:   "Get the version, implementation and readiness of the " + string(service) + " service",
		Responses: ok(jsonContent(schemaOf[wire.Status](a))),
	}, func(ctx context.Context, _ *struct{}) (*output, error) {
		return &output{cacheControl: noStore, body: b.status(ctx, service)}, nil
	})
}

// These are the paths of the operations that monitor the process.
const (
	healthPath  = "/healthz"
	readyPath   = "/readyz"
	metricsPath = "/metrics"
)

// registerHealth adds the operations that monitor the process.
func (a *api) registerHealth() {
	b := a.backend
	plain := map[string]*huma.MediaType{"text/plain": {}}
	a.raw(huma.Operation{
		Method: http.MethodGet, Path: healthPath, OperationID: "health", Summary: "Check whether the process is alive", Responses: ok(plain),
	}, func(w *responseRecorder, _ *http.Request) error {
		return b.write(w, http.StatusOK, "text/plain; charset=utf-8", []byte("alive\n"))
	})
	a.raw(huma.Operation{
		Method: http.MethodGet, Path: metricsPath, OperationID: "metrics", Summary: "Get metrics in the Prometheus text format", Responses: ok(plain),
	}, func(w *responseRecorder, r *http.Request) error {
		b.metrics.set.ServeHTTP(w, r)
		return nil
	})
	status := jsonContent(schemaOf[wire.Status](a))
	register(a, huma.Operation{
		Method: http.MethodGet, Path: readyPath, OperationID: "readiness", Summary: "Check whether the server is ready: 200 if it is, 503 if not",
		Responses: map[string]*huma.Response{"200": {Description: "OK", Content: status}, "503": {Description: "Not ready", Content: status}},
	}, func(ctx context.Context, _ *struct{}) (*output, error) {
		status := b.status(ctx, b.cfg.Role)
		out := &output{cacheControl: noStore, body: status}
		if !status.Ready {
			out.status = http.StatusServiceUnavailable
		}
		return out, nil
	})
}

// implementation returns the status of a service in this process, with the deployed format
// or rules as its implementation.
func (b *backend) implementation(service Role) *wire.Status {
	status := &wire.Status{Service: string(service), Version: b.cfg.Version, Entropy: b.fresh.name(), Reasons: map[string]string{}}
	switch service {
	case Text:
		status.Implementation = b.cfg.Text.String()
	case Number:
		status.Implementation = b.cfg.Number.String()
	case Prize, All:
		by, err := b.rules.find("")
		if err == nil {
			status.Implementation, status.RulesSHA256, status.Rules = by.rules.Name, by.rules.SHA256(), b.rules.names()
		}
		if service == All {
			status.Implementation = b.cfg.Text.String() + " " + b.cfg.Number.String() + " " + status.Implementation
		}
	case Core:
		status.Implementation = "in process"
		if b.client != nil {
			status.Implementation = "services"
		}
	}
	return status
}

// status returns the state of a service of this server.
func (b *backend) status(ctx context.Context, service Role) *wire.Status {
	status := b.implementation(service)
	if service.has(Core) {
		status.DependsOn = b.dependencies(ctx)
	}
	for _, d := range status.DependsOn {
		if !d.Ready {
			status.Reasons[d.Service] = d.Reason
		}
	}
	if b.traffic.draining.Load() {
		status.Reasons["drain"] = "the server is shutting down"
	}
	status.Ready = len(status.Reasons) == 0
	if status.Ready {
		b.started.Store(true)
	}
	status.Started = b.started.Load()
	return status
}

// dependencies returns the state of everything that a core needs. It asks the services
// that the core calls and the database concurrently.
func (b *backend) dependencies(ctx context.Context) []wire.Dependency {
	list := make([]wire.Dependency, 0, 4)
	for _, service := range []Role{Text, Number, Prize} {
		list = append(list, wire.Dependency{Service: string(service)})
	}
	if b.campaigns != nil {
		list = append(list, wire.Dependency{Service: "database"})
	}
	var wg sync.WaitGroup
	for i := range list {
		wg.Go(func() { b.ask(ctx, &list[i]) })
	}
	wg.Wait()
	return list
}

// ask sets the state of the database, of a service that the core calls, or of a service
// whose work the core does itself.
func (b *backend) ask(ctx context.Context, d *wire.Dependency) {
	ctx, cancel := context.WithTimeout(ctx, b.cfg.ProbeTime)
	defer cancel()
	var status wire.Status
	var err error
	switch {
	case d.Service == "database":
		err = b.cfg.Store.Ping(ctx)
	case b.deployed.calls(d.Service):
		if status, err = b.client.Status(ctx, d.Service); err == nil && !status.Ready {
			err = errors.New("the " + d.Service + " service is not ready")
		} else if err == nil {
			err = b.conforms(ctx, d.Service)
		}
	default:
		status, d.InProcess = *b.implementation(Role(d.Service)), true
	}
	d.Version, d.Implementation, d.RulesSHA256 = status.Version, status.Implementation, status.RulesSHA256
	if d.Ready = err == nil; err != nil {
		d.Reason = err.Error()
	}
}

// conforms returns an error unless a service gave right results just now, and has sent no
// wrong response for a while.
func (b *backend) conforms(ctx context.Context, service string) error {
	if err := b.client.Conforms(ctx, service); err != nil {
		return err
	}
	return b.client.Refused(service)
}
