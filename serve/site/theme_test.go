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

// theme has one file.
func theme(name, text string) fstest.MapFS { return fstest.MapFS{name: {Data: []byte(text)}} }

// TestTheme puts files of an operator over those of the site, one of them new.
func TestTheme(t *testing.T) {
	files := theme("templates/trouble.html", `{{define "body"}}<h1>Oh dear</h1><img src="{{asset "shop.svg"}}" alt="">{{end}}`)
	files["static/style.css"] = &fstest.MapFile{Data: []byte("body { color: teal }")}
	files["static/shop.svg"] = &fstest.MapFile{Data: []byte("<svg xmlns='http://www.w3.org/2000/svg'/>")}
	h := build(t, func(c *serve.Config) { c.Theme = files })
	v := h.visitor(t)
	p := v.want(v.get("/c/nothing"), http.StatusNotFound)
	v.says(p, "Oh dear")
	style := p.find("link", "rel", "stylesheet")
	if style == nil {
		t.Fatal(p.text)
	}
	if css := v.want(v.get(attribute(style, "href")), http.StatusOK); !strings.Contains(css.text, "teal") || !strings.Contains(css.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("%v %s", css.Header, css.text)
	}
	logo := p.find("img", "src", "")
	for _, node := range p.elements() {
		if strings.HasPrefix(attribute(node, "src"), "/static/shop.svg?") {
			logo = node
		}
	}
	if logo == nil {
		t.Fatalf("the theme's own file is not linked:\n%s", p.text)
	}
	if svg := v.want(v.get(attribute(logo, "src")), http.StatusOK); svg.Header.Get("Content-Type") != "image/svg+xml" {
		t.Errorf("%v", svg.Header)
	}
	v.says(v.want(v.get("/try"), http.StatusOK), "Free play") // is not in the theme
}

// TestWrongTheme starts with themes that have mistakes: the error says where.
func TestWrongTheme(t *testing.T) {
	for name, want := range map[string]string{
		"templates/trouble.html": "theme: template: trouble.html:2",
		"templates/layout.html":  "theme: template: layout.html:2",
		"templates/parts.html":   "theme: template: parts.html:2",
	} {
		_, err := site.New(site.Config{Theme: theme(name, "first\n{{.Title"), Log: slog.New(slog.DiscardHandler)})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, expected %s", name, err, want)
		}
	}
	for name, want := range map[string]string{
		"templates/troubel.html": "theme: no page has the template templates/troubel.html, expected one of admin-campaign.html,",
		"static/fonts/own.woff2": "theme: static/fonts is a folder, expected files directly in static",
	} {
		_, err := site.New(site.Config{Theme: theme(name, "text"), Log: slog.New(slog.DiscardHandler)})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, expected %s", name, err, want)
		}
	}
}
