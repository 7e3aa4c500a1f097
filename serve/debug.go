package serve

import (
	"context"
	"net"
	"net/http"
	"runtime/pprof"
	"strconv"
	"time"
)

// maxProfileTime is the maximum duration of a profile of the processor.
const maxProfileTime = 5 * time.Minute

// ServeDebug serves the metrics and the profiles of the process (/metrics and /debug/pprof/),
// and nothing else, on a listener without TLS until the context is done. Only administrators
// should reach the listener.
//
// The profiles have the same paths and parameters as those of net/http/pprof, which would add
// 0.4 MB to the program and reveal its command line.
func (s *Server) ServeDebug(ctx context.Context, listener net.Listener) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.backend.metrics.set)
	mux.HandleFunc("GET /debug/pprof/{$}", listProfiles)
	mux.HandleFunc("GET /debug/pprof/profile", profileProcessor)
	mux.HandleFunc("GET /debug/pprof/{name}", writeProfile)
	return s.serveMore(ctx, listener, maxProfileTime+writeTime, newSecurityHeaders(0).handler(mux))
}

// listProfiles writes the names of all profiles.
func listProfiles(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	text := "profile (of the processor; seconds=30)\n"
	for _, p := range pprof.Profiles() {
		text += p.Name() + " (" + strconv.Itoa(p.Count()) + "; debug=1 for text)\n"
	}
	_, _ = w.Write([]byte(text)) // an error means that the client has gone
}

// writeProfile writes the current state of a profile.
func writeProfile(w http.ResponseWriter, r *http.Request) {
	p := pprof.Lookup(r.PathValue("name"))
	if p == nil {
		http.NotFound(w, r)
		return
	}
	debug, err := strconv.Atoi(r.FormValue("debug"))
	if err != nil {
		debug = 0
	}
	setProfileType(w, debug > 0)
	_ = p.WriteTo(w, debug) // an error means that the client has gone
}

func setProfileType(w http.ResponseWriter, isText bool) {
	kind := "application/octet-stream"
	if isText {
		kind = "text/plain; charset=utf-8"
	}
	w.Header().Set("Content-Type", kind)
}

// profileProcessor writes a profile of the processor over the given number of seconds, 30 by
// default.
func profileProcessor(w http.ResponseWriter, r *http.Request) {
	seconds, err := strconv.ParseFloat(r.FormValue("seconds"), 64)
	if err != nil || seconds <= 0 {
		seconds = 30
	}
	setProfileType(w, false)
	if err := pprof.StartCPUProfile(w); err != nil {
		http.Error(w, err.Error(), http.StatusConflict) // another profile is in progress
		return
	}
	defer pprof.StopCPUProfile()
	select {
	case <-r.Context().Done():
	case <-time.After(min(time.Duration(seconds*float64(time.Second)), maxProfileTime)):
	}
}
