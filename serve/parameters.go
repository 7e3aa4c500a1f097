package serve

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/wire"
)

// request is the input type of every operation for huma. The compiler instantiates
// huma.Register for each combination of input and output types, which adds 34 KB to the
// program each time. Therefore bind, rather than huma, decodes the parameters into the
// actual input types.
type request struct{ ctx huma.Context }

// Resolve implements [huma.Resolver].
func (r *request) Resolve(ctx huma.Context) []error {
	r.ctx = ctx
	return nil
}

// documentParameters documents the fields of an input type. Each field has a path or
// query tag with its name.
func (a *api) documentParameters(op *huma.Operation, input reflect.Type) {
	for field := range input.Fields() {
		schema := huma.SchemaFromField(a.OpenAPI().Components.Schemas, field, "")
		p := &huma.Param{Name: field.Tag.Get("path"), In: "path", Required: true, Schema: schema, Description: schema.Description}
		if p.Name == "" {
			p.Name, p.In, p.Required, p.Explode = field.Tag.Get("query"), "query", field.Tag.Get("required") == "true", new(bool)
		}
		op.Parameters = append(op.Parameters, p)
	}
}

// bind decodes the parameters of a request into the fields of input.
func (a *api) bind(ctx huma.Context, input reflect.Value) error {
	if err := checkQuery(ctx); err != nil {
		return err
	}
	var result huma.ValidateResult
	place := huma.NewPathBuffer(nil, 0)
	for i, p := range ctx.Operation().Parameters {
		text := ctx.Query(p.Name)
		if p.In == "path" {
			text = ctx.Param(p.Name)
		}
		place.Reset()
		place.Push(p.Name)
		if text == "" {
			if p.Required {
				result.Add(place, "", "required "+p.In+" parameter is missing")
			}
			continue
		}
		value, err := setField(input.Field(i), text)
		if err != nil {
			result.Add(place, text, err.Error())
			continue
		}
		huma.Validate(a.OpenAPI().Components.Schemas, p.Schema, place, huma.ModeWriteToServer, value, &result)
	}
	if len(result.Errors) > 0 {
		return parametersProblem(result.Errors)
	}
	return nil
}

// setField parses text, sets a field of an input to the result, and returns it.
func setField(field reflect.Value, text string) (any, error) {
	switch field.Kind() {
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, errors.New("invalid integer")
		}
		field.SetInt(n)
		return n, nil
	case reflect.Bool:
		field.SetBool(text == "true") // checkQuery accepts only true and false
		return text == "true", nil
	}
	field.SetString(text)
	return text, nil
}

// parametersProblem returns the problem for invalid parameters.
func parametersProblem(errs []error) error {
	p := badRequest()
	var details []string
	for _, err := range errs {
		var found *huma.ErrorDetail
		if !errors.As(err, &found) {
			return err
		}
		name, detail := excerpt.Of(found.Location), found.Message
		if found.Value != nil && found.Value != "" {
			detail += fmt.Sprintf(", got %q", excerpt.Of(fmt.Sprint(found.Value)))
		}
		p.Errors = append(p.Errors, wire.FieldError{Detail: detail, Parameter: name})
		details = append(details, name+": "+detail)
	}
	p.Detail = strings.Join(details, "; ")
	return p
}

// checkQuery returns an error for a malformed query, repeated or unknown parameters, empty
// numbers, and booleans other than true and false. An operation without query parameters
// accepts any query.
func checkQuery(ctx huma.Context) error {
	var names []string
	for _, p := range ctx.Operation().Parameters {
		if p.In == "query" {
			names = append(names, p.Name)
		}
	}
	if names == nil {
		return nil
	}
	address := ctx.URL()
	values, err := url.ParseQuery(address.RawQuery)
	if err != nil {
		return malformedQuery(err)
	}
	for _, p := range ctx.Operation().Parameters {
		list := values[p.Name]
		switch {
		case p.In != "query" || len(list) == 0:
		case len(list) > 1:
			return repeatedParameter(p.Name, len(list))
		case p.Schema.Type == huma.TypeInteger && list[0] == "":
			return parameterProblem(p.Name, "must be a whole number, got %q", "")
		case p.Schema.Type == huma.TypeBoolean && list[0] != "true" && list[0] != "false":
			return parameterProblem(p.Name, "must be true or false, got %q", excerpt.Of(list[0]))
		}
	}
	var unknown []error
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !slices.Contains(names, name) {
			unknown = append(unknown, &huma.ErrorDetail{Location: name, Message: "unknown query parameter; the parameters are " + strings.Join(names, ", ")})
		}
	}
	if unknown != nil {
		return parametersProblem(unknown)
	}
	return nil
}

func malformedQuery(err error) error {
	return problem(http.StatusBadRequest, "malformed query: %v", err)
}

func repeatedParameter(name string, n int) error {
	return parameterProblem(name, "must not be repeated, got %d values", n)
}
