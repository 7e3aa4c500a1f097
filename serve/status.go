package serve

import (
	"context"
	"maps"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/prizegen/prizegen/pkg/remote"
)

// statusRoute tells callers, also those behind a proxy, how one service is.
func (s *Server) statusRoute(a *api, service Role) route {
	return route{
		method: http.MethodGet, path: "/v1/" + string(service) + "/status", name: string(service) + "-status",
		summary: "Version, implementation and readiness of the " + string(service) + " service",
		answer:  reflect.TypeFor[remote.Status](),
		handle: func(x *exchange, r *http.Request) error {
			x.Header()["Cache-Control"] = a.noStore
			return a.answer(x, http.StatusOK, s.status(x.context(), service))
		},
	}
}

// healthRoutes are for those who watch over the process.
func (s *Server) healthRoutes(a *api) []route {
	return []route{
		{
			method: http.MethodGet, path: "/healthz", name: "health", summary: "Whether the process is alive", kind: "text/plain",
			handle: func(x *exchange, _ *http.Request) error {
				return a.write(x, http.StatusOK, "text/plain; charset=utf-8", []byte("alive\n"))
			},
		},
		{
			method: http.MethodGet, path: "/readyz", name: "readiness", summary: "Whether work can be done: 200 if so, 503 if not",
			answer: reflect.TypeFor[remote.Status](),
			handle: func(x *exchange, r *http.Request) error {
				status, code := s.status(x.context(), s.cfg.Role), http.StatusOK
				if !status.Ready {
					code = http.StatusServiceUnavailable
				}
				x.Header()["Cache-Control"] = a.noStore
				return a.answer(x, code, status)
			},
		},
		{
			method: http.MethodGet, path: "/metrics", name: "metrics", summary: "Metrics in the text format of Prometheus", kind: "text/plain",
			handle: func(x *exchange, r *http.Request) error {
				s.metrics.handler.ServeHTTP(x, r)
				return nil
			},
		},
	}
}

// status tells how a service of this server is.
func (s *Server) status(ctx context.Context, service Role) *remote.Status {
	status := &remote.Status{Service: string(service), Version: s.cfg.Version, Entropy: s.fresh.name(), Reasons: map[string]string{}}
	switch service {
	case Text:
		status.Implementation = s.cfg.Text.String()
	case Number:
		status.Implementation = s.cfg.Number.String()
	case Prize, All:
		by, err := s.rules.find("")
		if err == nil {
			status.Implementation, status.RulesSHA256, status.Rules = by.rules.Name, by.rules.SHA256(), s.rules.names()
		}
		if service == All {
			status.Implementation = s.cfg.Text.String() + " " + s.cfg.Number.String() + " " + status.Implementation
		}
	case Core:
		status.Implementation = "in process"
		if s.client != nil {
			status.Implementation = "services"
			maps.Copy(status.Reasons, s.deployed.missing(ctx))
		}
	}
	if s.promoter != nil && service.has(Core) {
		ctx, cancel := context.WithTimeout(ctx, readyTime)
		defer cancel()
		if err := s.cfg.Store.Ping(ctx); err != nil {
			status.Reasons["database"] = err.Error()
		}
	}
	if s.draining.Load() {
		status.Reasons["drain"] = "the server is about to end"
	}
	status.Ready = len(status.Reasons) == 0
	if status.Ready {
		s.started.Store(true)
	}
	status.Started = s.started.Load()
	return status
}

// readyTime is how long a service may take to say how it is.
const readyTime = time.Second

// missing asks the services that the core calls, all at once, and tells why some
// can't work.
func (d *deployed) missing(ctx context.Context) map[string]string {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	var mu sync.Mutex
	var asked sync.WaitGroup
	missing := map[string]string{}
	for _, service := range []string{remote.Text, remote.Number, remote.Prize} {
		if !d.calls(service) {
			continue
		}
		asked.Go(func() {
			status, err := d.s.client.Status(ctx, service)
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
	asked.Wait()
	return missing
}
