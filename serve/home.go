package serve

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
)

//go:embed home.html
var homePage string

//go:embed home.css
var homeStyle string

// contentPolicy lets a page load what comes from here and nothing else.
const contentPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// homeRoute is a page that says what this is and what it answers.
func (s *Server) homeRoute(a *api, routes []route) route {
	page := template.Must(template.New("home").Parse(homePage))
	type line struct{ Method, Path, Summary string }
	var lines []line
	for _, r := range routes {
		lines = append(lines, line{r.method, r.path, r.summary})
	}
	return route{method: http.MethodGet, path: "/", handle: func(x *exchange, r *http.Request) error {
		var b bytes.Buffer
		err := page.Execute(&b, map[string]any{"Version": s.cfg.Version, "Routes": lines, "Host": r.Host})
		if err != nil {
			return err
		}
		x.Header().Set("Content-Security-Policy", contentPolicy)
		x.Header().Set("Referrer-Policy", "no-referrer")
		return a.write(x, http.StatusOK, "text/html; charset=utf-8", b.Bytes())
	}}
}

// styleRoute is the style sheet of the pages.
func (s *Server) styleRoute(a *api) route {
	return route{method: http.MethodGet, path: "/style.css", handle: func(x *exchange, _ *http.Request) error {
		x.Header().Set("Cache-Control", "max-age=300")
		return a.write(x, http.StatusOK, "text/css; charset=utf-8", []byte(homeStyle))
	}}
}
