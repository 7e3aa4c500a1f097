package serve

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/prizegen/prizegen/pkg/excerpt"
)

// handler handles a request. If it returns an error, the answer is a problem.
type handler func(w *responseRecorder, r *http.Request) error

// mux is the mux of a server. It counts and logs the requests of every route.
type mux struct {
	*http.ServeMux
	server *Server
}

func (m *mux) handle(pattern string, h handler) {
	m.Handle(pattern, m.server.measured(pattern, h))
}

// HandleFunc registers a handler whose requests have the trace in their context.
func (m *mux) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	m.handle(pattern, func(w *responseRecorder, r *http.Request) error {
		h(w, r.WithContext(w.context()))
		return nil
	})
}

// routes returns the handler of all routes of the role.
func (s *Server) routes() http.Handler {
	s.mux = &mux{http.NewServeMux(), s}
	a := newAPI(s, s.mux)
	if s.cfg.Role.has(Text) {
		a.registerTexts()
		a.registerStatus(Text)
	}
	if s.cfg.Role.has(Number) {
		a.registerNumbers()
		a.registerStatus(Number)
	}
	if s.cfg.Role.has(Prize) {
		a.registerPrizes()
		a.registerStatus(Prize)
	}
	if s.cfg.Role.has(Core) {
		a.registerDraws()
		a.registerStatus(Core)
		for _, page := range s.site.Routes() {
			s.mux.HandleFunc(page.Pattern, page.Handler.ServeHTTP)
		}
	}
	if s.campaigns != nil {
		a.registerCampaigns()
		a.registerStoredDraws()
		a.registerEntrants()
		a.registerChanges()
	}
	a.registerHealth()
	a.registerDocument()
	s.mux.handle("/", s.notFound)
	return s.cfg.Proxies.behind(s.traced(s.mux))
}

// registerDocument adds the operation that returns the document of itself and of all
// operations added before.
func (a *api) registerDocument() {
	s := a.server
	var text []byte
	a.raw(huma.Operation{
		Method: http.MethodGet, Path: "/openapi.json", OperationID: "openapi", Summary: "This document",
		Responses: ok(jsonContent(nil)),
	}, func(w *responseRecorder, _ *http.Request) error {
		return s.write(w, http.StatusOK, jsonType, text)
	})
	text = a.document()
}

// methods returns the methods that a route may have.
func methods() []string {
	return []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete}
}

// notFound answers requests that match no route: with 405 if the path has other methods,
// otherwise with 404, and with a page if a browser asks.
func (s *Server) notFound(w *responseRecorder, r *http.Request) error {
	var allowed []string
	for _, method := range methods() {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := s.mux.Handler(other); pattern != "/" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 && s.site != nil && strings.Contains(r.Header.Get("Accept"), "text/html") && !strings.HasPrefix(r.URL.Path, "/v1/") {
		s.site.NotFound().ServeHTTP(w, r.WithContext(w.context()))
		return nil
	}
	path := excerpt.Of(r.URL.Path)
	if len(allowed) == 0 {
		return problem(http.StatusNotFound, "there is nothing at %s; /openapi.json lists all paths", path)
	}
	list := strings.Join(allowed, ", ")
	w.Header().Set("Allow", list)
	return problem(http.StatusMethodNotAllowed, "method %s is not allowed for %s; use %s", excerpt.Of(r.Method), path, list)
}
