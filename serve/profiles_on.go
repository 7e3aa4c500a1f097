//go:build profiles

package serve

import (
	"net/http"
	"runtime/pprof"
	"strconv"
	"time"
)

// addProfiles adds all profiles. Package net/http/pprof would also reveal the command line, and
// would register its handlers in [http.DefaultServeMux].
func addProfiles(mux *http.ServeMux) {
	mux.HandleFunc("GET /debug/pprof/{$}", listProfiles)
	mux.HandleFunc("GET /debug/pprof/profile", profileProcessor)
	mux.HandleFunc("GET /debug/pprof/{name}", writeProfile)
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
	if p != nil && p.Name() == "goroutine" && r.FormValue("debug") == "2" {
		writeStacks(w, r)
		return
	}
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
