package serve

import (
	"context"
	"net"
	"net/http"
	"runtime"
	"time"
)

// maxProfileTime is the maximum duration of a profile of the processor.
const maxProfileTime = 5 * time.Minute

// maxStacks is the maximum size of the stacks of all goroutines, in bytes.
const maxStacks = 4 << 20

// ServeDebug serves the metrics (/metrics) and the stacks of all goroutines
// (/debug/pprof/goroutine), and nothing else, on a listener without TLS until the context is
// done. If the program was built with the tag profiles, it serves all profiles under
// /debug/pprof/, with the parameters of net/http/pprof. Only administrators should reach the
// listener.
func (s *Server) ServeDebug(ctx context.Context, listener net.Listener) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.backend.metrics.handler)
	addProfiles(mux)
	return s.serveMore(ctx, listener, maxProfileTime+writeTime, newSecurityHeaders(0).handler(mux))
}

// writeStacks writes the stacks of all goroutines as text.
func writeStacks(w http.ResponseWriter, _ *http.Request) {
	buffer := make([]byte, maxStacks)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write(buffer[:runtime.Stack(buffer, true)]) // an error means that the client has gone
}
