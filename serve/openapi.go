package serve

import (
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/remote"
)

// documentRoute answers with the OpenAPI document of the routes.
func documentRoute(a *api, cfg Config, routes []route) route {
	self := route{method: http.MethodGet, path: "/openapi.json", name: "openapi", summary: "This document", kind: "application/json"}
	text, err := json.Marshal(document(cfg, append(routes[:len(routes):len(routes)], self)))
	if err != nil {
		panic("serve: " + err.Error()) // the document is the same whenever the program starts
	}
	self.handle = func(x *exchange, _ *http.Request) error {
		return a.write(x, http.StatusOK, "application/json", text)
	}
	return self
}

// document describes routes in OpenAPI 3.1, by the Go types that they answer
// with.
func document(cfg Config, routes []route) *huma.OpenAPI {
	registry := huma.NewMapRegistry("#/components/schemas/", schemaName)
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title:       "prizegen, role " + string(cfg.Role),
			Version:     cfg.Version,
			Description: "Instant-win prize draws that anyone can check.",
			License:     &huma.License{Name: "MIT", Identifier: "MIT"},
		},
		Components: &huma.Components{Schemas: registry, SecuritySchemes: map[string]*huma.SecurityScheme{
			"token": {Type: "http", Scheme: "bearer", Description: "The token of the administrator."},
		}},
	}
	refusal := registry.Schema(reflect.TypeFor[remote.Problem](), true, "Problem")
	for _, route := range routes {
		op := &huma.Operation{
			Method: route.method, Path: route.path, OperationID: route.name, Summary: route.summary,
			Responses: map[string]*huma.Response{},
		}
		route.successes(registry, op)
		if route.admin {
			op.Security = []map[string][]string{{"token": {}}}
		}
		for _, p := range route.query {
			op.Parameters = append(op.Parameters, p.document())
		}
		if route.request != nil {
			op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
				"application/json": {Schema: registry.Schema(route.request, true, "")},
			}}
		}
		if route.path == "/readyz" {
			op.Responses["503"] = &huma.Response{Description: "Not ready", Content: op.Responses["200"].Content}
		}
		for _, status := range route.refusals {
			op.Responses[strconv.Itoa(status)] = &huma.Response{
				Description: http.StatusText(status),
				Content:     map[string]*huma.MediaType{remote.ProblemType: {Schema: refusal}},
			}
		}
		doc.AddOperation(op)
	}
	allowNoPrize(registry)
	return doc
}

// schemaName names a type in the document. A draw of a campaign has a name of its own
// beside the draw that is not stored.
func schemaName(t reflect.Type, hint string) string {
	if t == reflect.TypeFor[campaign.Draw]() {
		return "StoredDraw"
	}
	return huma.DefaultSchemaNamer(t, hint)
}

// allowNoPrize lets the prize of a draw or an outcome be null, which huma does not
// see in a pointer to a struct.
func allowNoPrize(registry huma.Registry) {
	for _, schema := range registry.Map() {
		if won := schema.Properties["prize"]; won != nil && won.Ref != "" {
			schema.Properties["prize"] = &huma.Schema{
				Description: "What was won; null for nothing.",
				AnyOf:       []*huma.Schema{{Ref: won.Ref}, {Type: "null"}},
			}
		}
	}
}

func success(registry huma.Registry, route route) *huma.Response {
	if route.answer == nil {
		kind, _, _ := strings.Cut(route.kind, ";")
		return &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{kind: {}}}
	}
	return &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{
		"application/json": {Schema: registry.Schema(route.answer, true, "")},
	}}
}

// successes documents the answers of a route that are none of problems.
func (r route) successes(registry huma.Registry, op *huma.Operation) {
	if r.empty {
		op.Responses["204"] = &huma.Response{Description: "Done"}
		return
	}
	if r.created == nil || r.answer != nil {
		op.Responses["200"] = success(registry, r)
	}
	if r.created != nil {
		op.Responses["201"] = &huma.Response{Description: "Created", Content: map[string]*huma.MediaType{
			"application/json": {Schema: registry.Schema(r.created, true, "")},
		}}
	}
}

func (p parameter) document() *huma.Param {
	schema := &huma.Schema{Type: huma.TypeString}
	if p.kind.Kind() == reflect.Int {
		least, most := float64(p.least), float64(p.most)
		schema = &huma.Schema{Type: huma.TypeInteger, Minimum: &least, Maximum: &most}
	}
	return &huma.Param{Name: p.name, In: p.in, Description: p.doc, Required: p.in == "path", Schema: schema}
}
