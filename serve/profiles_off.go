//go:build !profiles

package serve

import "net/http"

// addProfiles adds the stacks of goroutines. Package runtime/pprof would add 0.2 MB to the
// program, so the other profiles need a build tag.
func addProfiles(mux *http.ServeMux) {
	mux.HandleFunc("GET /debug/pprof/goroutine", writeStacks)
	mux.HandleFunc("GET /debug/pprof/{name...}", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "this build serves only /debug/pprof/goroutine; build prizegen with -tags profiles to get all profiles", http.StatusNotImplemented)
	})
}
