package serve

import (
	"log/slog"
	"sync"
	"time"

	"github.com/prizegen/prizegen/pkg/remote"
)

// observer observes calls to services. It counts and logs refused responses: the core
// recomputes what services send, and refuses anything wrong.
type observer struct {
	*metrics
	log *slog.Logger

	mu     sync.Mutex
	logged map[string]time.Time // by service: when a refused response was last logged
}

var _ remote.Observer = (*observer)(nil)

func newObserver(m *metrics, log *slog.Logger) *observer {
	return &observer{metrics: m, log: log, logged: map[string]time.Time{}}
}

// logInterval is the minimum time between log lines about refused responses from a service.
const logInterval = time.Hour

// Refused implements [remote.Observer]. It is called for every wrong response; a broken
// service may send nothing else.
func (o *observer) Refused(service string, err *remote.InvalidResponse) {
	o.refused.with(service).Inc()
	o.mu.Lock()
	defer o.mu.Unlock()
	if last, ok := o.logged[service]; ok && time.Since(last) < logInterval {
		return
	}
	o.logged[service] = time.Now()
	o.log.Error("refused a response; the metrics count further ones", slog.String("service", service), slog.Any("error", err))
}
