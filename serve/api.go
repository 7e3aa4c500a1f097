package serve

import (
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/wire"
)

// api is a huma API that encodes JSON and problems itself.
type api struct {
	huma.API
	mux     *mux
	backend *backend
}

// tokenScheme is the name of the bearer token's security scheme in the OpenAPI document.
const tokenScheme = "token"

// bodySchema is the metadata key for the schema of an operation's request body.
const bodySchema = "body"

// newAPI returns an API without operations. It registers handlers on mux.
func newAPI(b *backend, mux *mux) *api {
	schemas := huma.NewMapRegistry("#/components/schemas/", schemaName)
	schemas.RegisterTypeAlias(reflect.TypeFor[jsontext.Value](), reflect.TypeFor[any]())
	return &api{mux: mux, backend: b, API: humago.New(mux, huma.Config{OpenAPI: &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title:       "prizegen, role " + string(b.cfg.Role),
			Version:     b.cfg.Version,
			Description: "Instant-win prize draws that anyone can verify.",
			License:     &huma.License{Name: "MIT", Identifier: "MIT"},
		},
		Components: &huma.Components{
			Schemas: schemas,
			SecuritySchemes: map[string]*huma.SecurityScheme{
				tokenScheme: {Type: "http", Scheme: "bearer", Description: "The token of an administrator or of a program."},
			},
		},
	}})}
}

// unwrap returns the response recorder and the request of a context.
func unwrap(ctx huma.Context) (*responseRecorder, *http.Request) {
	r, w := humago.Unwrap(ctx)
	return recorderOf(w), r
}

// Negotiate implements [huma.API]. All responses are JSON, regardless of the Accept
// header.
func (a *api) Negotiate(string) (string, error) { return jsonType, nil }

// Transform implements [huma.API]. It encodes a problem before the header is sent, because
// the header contains the length.
func (a *api) Transform(ctx huma.Context, _ string, v any) (any, error) {
	err, ok := v.(*problemError)
	if !ok {
		return nil, fmt.Errorf("%T is not a problem", v)
	}
	text, encodeErr := json.Marshal(err.problem)
	if encodeErr != nil {
		return nil, fmt.Errorf("encode a problem: %w", encodeErr)
	}
	ctx.SetHeader("Cache-Control", noStore)
	if len(text) > buffered {
		ctx.SetHeader("Content-Length", strconv.Itoa(len(text)))
	}
	return text, nil
}

// Marshal implements [huma.API]. It writes the bytes that Transform has encoded.
func (a *api) Marshal(w io.Writer, _ string, v any) error {
	text, ok := v.([]byte)
	if !ok {
		return fmt.Errorf("%T is not encoded", v)
	}
	_, _ = w.Write(text) // fails only if the client has disconnected
	return nil
}

// DocumentOperation implements [huma.OperationDocumenter].
func (a *api) DocumentOperation(op *huma.Operation) {
	delete(op.Responses, "default")
	if schema, ok := op.Metadata[bodySchema].(*huma.Schema); ok { // otherwise, huma would read the body
		op.RequestBody = &huma.RequestBody{Required: true, Content: jsonContent(schema)}
	}
	a.OpenAPI().AddOperation(op)
}

// raw adds an operation whose handler itself reads the request and writes the response. op
// documents the operation.
func (a *api) raw(op huma.Operation, handle handler) {
	a.documentErrors(&op)
	a.OpenAPI().AddOperation(&op)
	a.mux.handle(op.Method+" "+op.Path, handle)
}

// documentErrors moves op.Errors to op.Responses, because huma would document its own type
// of problem for them.
func (a *api) documentErrors(op *huma.Operation) {
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	for _, status := range op.Errors {
		op.Responses[strconv.Itoa(status)] = &huma.Response{
			Description: http.StatusText(status),
			Content:     map[string]*huma.MediaType{wire.ProblemType: {Schema: schemaOf[wire.Problem](a)}},
		}
	}
	op.Errors = nil
}

// bodyErrors returns the given statuses and those of problems with a request body.
func bodyErrors(more ...int) []int {
	return append(more, http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusServiceUnavailable)
}

func schemaOf[T any](a *api) *huma.Schema {
	return a.schema(reflect.TypeFor[T]())
}

func (a *api) schema(t reflect.Type) *huma.Schema {
	return a.OpenAPI().Components.Schemas.Schema(t, true, "")
}

func jsonContent(schema *huma.Schema) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{jsonType: {Schema: schema}}
}

// ok returns responses that document status 200, with the given content, as the only
// success.
func ok(content map[string]*huma.MediaType) map[string]*huma.Response {
	return map[string]*huma.Response{"200": {Description: http.StatusText(http.StatusOK), Content: content}}
}

// registerDocument adds the operation that returns the OpenAPI document. The document
// describes this operation and those added before it.
func (a *api) registerDocument() {
	var text []byte
	a.raw(huma.Operation{
		Method: http.MethodGet, Path: "/openapi.json", OperationID: "openapi", Summary: "Get this document",
		Responses: ok(jsonContent(nil)),
	}, func(w *responseRecorder, _ *http.Request) error {
		return a.backend.write(w, http.StatusOK, jsonType, text)
	})
	text = a.document()
}

// document returns the OpenAPI document as JSON.
func (a *api) document() []byte {
	schemas := a.OpenAPI().Components.Schemas.Map()
	delete(schemas, "ErrorModel") // huma's own type of problem is not used
	delete(schemas, "ErrorDetail")
	for name, schema := range schemas {
		setFormats(schema, a.OpenAPI().Components.Schemas.TypeFromRef("#/components/schemas/"+name))
		if won := schema.Properties["prize"]; won != nil && won.Ref != "" {
			// huma does not document that a pointer to a struct can be null.
			schema.Properties["prize"] = &huma.Schema{
				Description: "The prize that was won, or null for no prize.",
				AnyOf:       []*huma.Schema{{Ref: won.Ref}, {Type: "null"}},
			}
		}
	}
	text, err := json.Marshal(a.OpenAPI())
	if err != nil {
		panic("serve: " + err.Error()) // cannot fail, because the document does not depend on any input
	}
	return text
}

// setFormats sets the format of a struct's unsigned 64-bit numbers. huma documents them as
// int64, which cannot hold large ones.
func setFormats(schema *huma.Schema, of reflect.Type) {
	if of == nil || of.Kind() != reflect.Struct {
		return
	}
	for _, field := range reflect.VisibleFields(of) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if property := schema.Properties[name]; property != nil && field.Type.Kind() == reflect.Uint64 {
			property.Format = "uint64"
		}
	}
}

// schemaName returns the name of a type in the document. Stored draws and draws that are
// not stored have different names. The schema of a type such as [wire.TextsResponse] is
// TextsAnswer, because programs are generated from these names.
func schemaName(t reflect.Type, hint string) string {
	if t == reflect.TypeFor[campaign.Draw]() {
		return "StoredDraw"
	}
	name := huma.DefaultSchemaNamer(t, hint)
	if response, ok := strings.CutSuffix(name, "Response"); ok {
		return response + "Answer"
	}
	return name
}

var _ huma.OperationDocumenter = (*api)(nil)
