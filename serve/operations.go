package serve

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// output is the answer of an operation.
type output struct {
	status       int // 0 means the default of the operation
	location     string
	cacheControl string
	body         any // encoded as JSON
	stream       func(*responseRecorder)
}

// respond returns the answer of an operation, or its error. A struct{} has no body.
func respond[T any](value T, err error) (*output, error) {
	if _, empty := any(value).(struct{}); empty || err != nil {
		return nil, err
	}
	return &output{body: value}, nil
}

// register adds an operation whose parameters are the fields of an I. The Responses of op
// document its answers, and the Errors the statuses of its problems.
func register[I any](a *api, op huma.Operation, handle func(context.Context, *I) (*output, error)) {
	a.documentErrors(&op)
	a.documentParameters(&op, reflect.TypeFor[I]())
	huma.Register(a, op, func(ctx context.Context, r *request) (*huma.StreamResponse, error) {
		in := new(I)
		err := a.bind(r.ctx, reflect.ValueOf(in).Elem())
		var out *output
		if err == nil {
			out, err = handle(ctx, in)
		}
		switch {
		case err != nil:
			return nil, a.server.problem(ctx, err)
		case out == nil:
			return nil, nil
		}
		return &huma.StreamResponse{Body: out.write}, nil
	})
}

// write answers a request.
func (o *output) write(ctx huma.Context) {
	s, w, _ := unwrap(ctx)
	if o.stream != nil {
		o.stream(w)
		return
	}
	if o.location != "" {
		w.Header().Set("Location", o.location)
	}
	if o.cacheControl != "" {
		w.Header().Set("Cache-Control", o.cacheControl)
	}
	if err := s.answer(w, cmp.Or(o.status, ctx.Operation().DefaultStatus), o.body); err != nil {
		panic(fmt.Errorf("encode %T: %w", o.body, err)) // becomes status 500
	}
}

// documentAnswer sets the answer of a successful operation to a T. Only a T without
// fields has no body.
func documentAnswer[T any](a *api, op *huma.Operation) {
	var content map[string]*huma.MediaType
	if reflect.TypeFor[T]() == reflect.TypeFor[struct{}]() {
		op.DefaultStatus = http.StatusNoContent
	} else {
		op.DefaultStatus = cmp.Or(op.DefaultStatus, http.StatusOK)
		content = jsonContent(schemaOf[T](a))
	}
	response := &huma.Response{Description: http.StatusText(op.DefaultStatus), Content: content}
	if op.DefaultStatus == http.StatusCreated {
		response.Headers = map[string]*huma.Header{"Location": {Schema: &huma.Schema{Type: huma.TypeString}}}
	}
	op.Responses = map[string]*huma.Response{strconv.Itoa(op.DefaultStatus): response}
}

// bodySchema is the key of the schema of the body in the metadata of an operation.
const bodySchema = "body"

// publicOperation adds an operation for everyone. A request with the token runs as the
// administrator.
func publicOperation[I, T any](a *api, op huma.Operation, handle func(context.Context, caller, *I) (T, error)) {
	documentAnswer[T](a, &op)
	callerOperation(a, op, func(ctx context.Context, c caller, in *I) (*output, error) { return respond(handle(ctx, c, in)) })
}

// adminOperation adds an operation for the administrator.
func adminOperation[I, T any](a *api, op huma.Operation, handle func(context.Context, *campaign.Admin, *I) (T, error)) {
	publicOperation(a, forAdmin(op), func(ctx context.Context, c caller, in *I) (T, error) { return handle(ctx, c.admin, in) })
}

// jsonOperation adds an operation for the administrator that takes a B as JSON.
func jsonOperation[I, B, T any](a *api, op huma.Operation, handle func(context.Context, *campaign.Admin, *I, *B) (T, error)) {
	patchOperation(a, op, func(ctx context.Context, admin *campaign.Admin, in *I, apply func(*B) error) (result T, err error) {
		body := new(B)
		if err := apply(body); err != nil {
			return result, err
		}
		return handle(ctx, admin, in, body)
	})
}

// patchOperation adds an operation for the administrator that takes parts of a B as
// JSON. apply sets the members of a B that the request has.
func patchOperation[I, B, T any](a *api, op huma.Operation, handle func(ctx context.Context, admin *campaign.Admin, in *I, apply func(*B) error) (T, error)) {
	documentAnswer[T](a, &op)
	bodyOperation(a, op, schemaOf[B](a), func(ctx context.Context, admin *campaign.Admin, in *I, body []byte) (*output, error) {
		return respond(handle(ctx, admin, in, func(value *B) error { return unmarshal(body, value) }))
	})
}

// createOperation adds an operation for the administrator that makes a T from a B in
// JSON. location returns the address of what was made.
func createOperation[B, T any](a *api, op huma.Operation, location func(T) string, handle func(context.Context, *campaign.Admin, *B) (T, error)) {
	op.DefaultStatus = http.StatusCreated
	documentAnswer[T](a, &op)
	bodyOperation(a, op, schemaOf[B](a), func(ctx context.Context, admin *campaign.Admin, _ *struct{}, text []byte) (*output, error) {
		body := new(B)
		if err := unmarshal(text, body); err != nil {
			return nil, err
		}
		value, err := handle(ctx, admin, body)
		if err != nil {
			return nil, err
		}
		return &output{location: location(value), body: value}, nil
	})
}

// bodyOperation adds an operation for the administrator that takes a JSON body, which is
// valid only during the call. Unlike huma's Body field, it reports the position of a mistake
// in the body.
func bodyOperation[I any](a *api, op huma.Operation, schema *huma.Schema, handle func(ctx context.Context, admin *campaign.Admin, in *I, body []byte) (*output, error)) {
	op.Metadata = map[string]any{bodySchema: schema}
	callerOperation(a, forAdmin(op), func(ctx context.Context, c caller, in *I) (*output, error) {
		buffer := a.server.buffers.get()
		defer a.server.buffers.put(buffer)
		if err := a.server.readBody(c.w, c.w.request, buffer); err != nil {
			return nil, err
		}
		return handle(ctx, c.admin, in, buffer.Bytes())
	})
}

// forAdmin returns op as an operation for the administrator only.
func forAdmin(op huma.Operation) huma.Operation {
	op.Security = []map[string][]string{{tokenScheme: {}}}
	op.Errors = append(op.Errors, http.StatusUnauthorized)
	return op
}

// callerOperation adds an operation whose handler gets the caller of a request.
func callerOperation[I any](a *api, op huma.Operation, handle func(context.Context, caller, *I) (*output, error)) {
	op.Middlewares = append(op.Middlewares, a.authenticate)
	register(a, op, func(ctx context.Context, in *I) (*output, error) {
		c, _ := ctx.Value(callerKey{}).(caller)
		return handle(ctx, c, in)
	})
}
