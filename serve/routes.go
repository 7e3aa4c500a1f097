package serve

import (
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/prizegen/prizegen/pkg/remote"
)

// api is what all routes share.
type api struct {
	buffers  buffers
	log      *slog.Logger
	readTime time.Duration

	// Values of headers, which all answers share.
	jsonType, noStore []string
}

// route is one thing that a server does, and how it is documented.
type route struct {
	method, path string
	name         string // of the operation in the OpenAPI document
	summary      string
	query        []parameter
	request      reflect.Type // nil for none
	answer       reflect.Type // nil where the answer is not JSON
	created      reflect.Type // of an answer with the status 201, nil for none
	empty        bool         // whether the answer has the status 204 and says nothing
	admin        bool         // whether it takes the token of the administrator
	kind         string       // of an answer that is not JSON
	refusals     []int        // statuses of problems that it may answer with
	handle       func(x *exchange, r *http.Request) error
}

// parameter is a query or path parameter of a route.
type parameter struct {
	name, in, doc string
	kind          reflect.Type
	least, most   int // of a number
}

// otherRoute is the label, in metrics, of requests that match no route.
const otherRoute = "other"

// routes puts together what the role answers.
func (s *Server) routes() http.Handler {
	a := &api{log: s.cfg.Log, readTime: s.cfg.ReadTime, jsonType: []string{"application/json"}, noStore: []string{"no-store"}}
	var list []route
	if s.cfg.Role.has(Text) {
		list = append(list, s.textRoutes(a)...)
	}
	if s.cfg.Role.has(Number) {
		list = append(list, s.numberRoutes(a)...)
	}
	if s.cfg.Role.has(Prize) {
		list = append(list, s.prizeRoutes(a)...)
	}
	if s.cfg.Role.has(Core) {
		list = append(list, s.coreRoutes(a)...)
	}
	list = append(list, s.healthRoutes(a)...)
	list = append(list, documentRoute(a, s.cfg, list))

	mux := http.NewServeMux()
	for _, route := range list {
		mux.Handle(route.method+" "+route.path, s.measured(a, route))
	}
	if s.cfg.Role.has(Core) {
		for _, page := range s.site.Routes() {
			mux.Handle(page.Pattern, s.measured(a, pageRoute(page)))
		}
	}
	mux.Handle("/", s.measured(a, route{path: otherRoute, handle: s.notFound(mux)}))
	return s.cfg.Proxies.behind(s.traced(mux))
}

// notFound tells a wrong path from a wrong method. Who looks for a page of the core
// in a browser gets a page.
func (s *Server) notFound(mux *http.ServeMux) func(*exchange, *http.Request) error {
	return func(x *exchange, r *http.Request) error {
		var allowed []string
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete} {
			other := r.Clone(r.Context())
			other.Method = method
			if _, pattern := mux.Handler(other); pattern != "/" {
				allowed = append(allowed, method)
			}
		}
		if len(allowed) == 0 && s.site != nil && strings.Contains(r.Header.Get("Accept"), "text/html") && !strings.HasPrefix(r.URL.Path, "/v1/") {
			s.site.NotFound().ServeHTTP(x, r)
			return nil
		}
		if len(allowed) == 0 {
			return problem(http.StatusNotFound, "there is nothing at %s; /openapi.json lists what there is", clip(r.URL.Path))
		}
		x.Header().Set("Allow", strings.Join(allowed, ", "))
		return problem(http.StatusMethodNotAllowed, "%s can't be done with %s, expected %s", clip(r.Method), clip(r.URL.Path), strings.Join(allowed, ", "))
	}
}

// The statuses that routes with a body may refuse it with.
func bodyRefusals() []int {
	return []int{http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusServiceUnavailable}
}

// partsParameters are those of a GET for texts or numbers.
func partsParameters() []parameter {
	return []parameter{
		{name: "format", in: "query", doc: "Format of the parts; the deployed one where it is left out.", kind: reflect.TypeFor[string]()},
		{name: "count", in: "query", doc: "How many parts to make; 1 where it is left out.", kind: reflect.TypeFor[int](), least: 1, most: remote.MaxCount},
	}
}
