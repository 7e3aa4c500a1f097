package site_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/site"
)

// themeWith returns a theme with one file.
func themeWith(name, text string) fstest.MapFS { return fstest.MapFS{name: {Data: []byte(text)}} }

// TestTheme uses a theme that replaces a template and a static file, and adds another file.
func TestTheme(t *testing.T) {
	theme := themeWith("templates/trouble.html", `{{define "body"}}<h1>Oh dear</h1><img src="{{asset "shop.svg"}}" alt="">{{end}}`)
	theme["static/style.css"] = &fstest.MapFile{Data: []byte("body { color: teal }")}
	theme["static/shop.svg"] = &fstest.MapFile{Data: []byte("<svg xmlns='http://www.w3.org/2000/svg'/>")}
	s := newServer(t, func(c *serve.Config) { c.Theme = theme })
	v := s.visitor(t)
	p := v.wantStatus(v.get("/c/nothing"), http.StatusNotFound)
	v.wantText(p, "Oh dear")
	style := p.find("link", "rel", "stylesheet")
	if style == nil {
		t.Fatalf("links to style sheets: got none, want one:\n%s", p.text)
	}
	css := v.wantStatus(v.get(attribute(style, "href")), http.StatusOK)
	if !strings.Contains(css.text, "teal") {
		t.Errorf("style sheet: got %q, want the theme's style sheet", css.text)
	}
	if got := css.Header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("Cache-Control of the style sheet: got %q, want immutable", got)
	}
	logo := ""
	for _, node := range p.elements() {
		if src := attribute(node, "src"); strings.HasPrefix(src, "/static/shop.svg?") {
			logo = src
		}
	}
	if logo == "" {
		t.Fatalf("link to shop.svg: got none, want one:\n%s", p.text)
	}
	if got := v.wantStatus(v.get(logo), http.StatusOK).Header.Get("Content-Type"); got != "image/svg+xml" {
		t.Errorf("Content-Type of shop.svg: got %q, want image/svg+xml", got)
	}
	v.wantText(v.wantStatus(v.get("/try"), http.StatusOK), "Free play") // the theme does not replace this template
}

// TestWrongTheme checks the errors for themes with mistakes.
func TestWrongTheme(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"templates/trouble.html", "first\n{{.Title", "theme: template: trouble.html:2"},
		{"templates/layout.html", "first\n{{.Title", "theme: template: layout.html:2"},
		{"templates/parts.html", "first\n{{.Title", "theme: template: parts.html:2"},
		{"templates/troubel.html", "text", "theme: unknown template templates/troubel.html; use admin-administrator.html, admin-administrators.html, admin-campaign.html,"},
		{"static/fonts/own.woff2", "text", "theme: static/fonts is a folder; put its files directly into static"},
	} {
		_, err := site.New(site.Config{Theme: themeWith(tt.name, tt.text), Log: slog.New(slog.DiscardHandler)})
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: got error %v, want %s…", tt.name, err, tt.want)
		}
	}
}
