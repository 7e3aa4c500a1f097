package serve

import (
	"context"
	"maps"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/prizegen/prizegen/pkg/remote"
)

func (a *api) registerStatus(service Role) {
	b := a.backend
	register(a, huma.Operation{
		Method: http.MethodGet, Path: "/v1/" + string(service) + "/status", OperationID: string(service) + "-status",
		Summary:   "Get the version, implementation and readiness of the " + string(service) + " service",
		Responses: ok(jsonContent(schemaOf[remote.Status](a))),
	}, func(ctx context.Context, _ *struct{}) (*output, error) {
		return &output{cacheControl: noStore, body: b.status(ctx, service)}, nil
	})
}

// registerHealth adds the operations that monitor the process.
func (a *api) registerHealth() {
	b := a.backend
	plain := map[string]*huma.MediaType{"text/plain": {}}
	a.raw(huma.Operation{
		Method: http.MethodGet, Path: "/healthz", OperationID: "health", Summary: "Check whether the process is alive", Responses: ok(plain),
	}, func(w *responseRecorder, _ *http.Request) error {
		return b.write(w, http.StatusOK, "text/plain; charset=utf-8", []byte("alive\n"))
	})
	a.raw(huma.Operation{
		Method: http.MethodGet, Path: "/metrics", OperationID: "metrics", Summary: "Get metrics in the Prometheus text format", Responses: ok(plain),
	}, func(w *responseRecorder, r *http.Request) error {
		b.metrics.handler.ServeHTTP(w, r)
		return nil
	})
	status := jsonContent(schemaOf[remote.Status](a))
	register(a, huma.Operation{
		Method: http.MethodGet, Path: "/readyz", OperationID: "readiness", Summary: "Check whether the server is ready: 200 if it is, 503 if not",
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

// status returns the status of a service of this server.
func (b *backend) status(ctx context.Context, service Role) *remote.Status {
	status := &remote.Status{Service: string(service), Version: b.cfg.Version, Entropy: b.fresh.name(), Reasons: map[string]string{}}
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
			maps.Copy(status.Reasons, b.missing(ctx))
		}
	}
	if b.campaigns != nil && service.has(Core) {
		ctx, cancel := context.WithTimeout(ctx, b.cfg.ProbeTime)
		defer cancel()
		if err := b.cfg.Store.Ping(ctx); err != nil {
			status.Reasons["database"] = err.Error()
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

// missing returns, by service, the reasons why the services that the core calls are not
// ready. It checks all of them concurrently.
func (b *backend) missing(ctx context.Context) map[string]string {
	ctx, cancel := context.WithTimeout(ctx, b.cfg.ProbeTime)
	defer cancel()
	var mu sync.Mutex
	var wg sync.WaitGroup
	missing := map[string]string{}
	for _, service := range []string{remote.Text, remote.Number, remote.Prize} {
		if !b.deployed.calls(service) {
			continue
		}
		wg.Go(func() {
			status, err := b.client.Status(ctx, service)
			var reason string
			switch {
			case err != nil:
				reason = err.Error()
			case !status.Ready:
				reason = "the " + service + " service is not ready"
			default:
				return
			}
			mu.Lock()
			defer mu.Unlock()
			missing[service] = reason
		})
	}
	wg.Wait()
	return missing
}
