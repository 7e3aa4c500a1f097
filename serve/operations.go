package serve

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/prizegen/prizegen/pkg/access"
	"github.com/prizegen/prizegen/pkg/campaign"
)

// output is the response of an operation.
type output struct {
	status       int // 0 means the operation's default status
	location     string
	cacheControl string
	body         any // will be encoded as JSON
	stream       func(*responseRecorder)
}

// respond returns an operation's response with value as its body, or the error. A struct{}
// means no body.
func respond(value any, err error) (*output, error) {
	if _, empty := value.(struct{}); empty || err != nil {
		return nil, err
	}
	if out, ok := value.(*output); ok {
		return out, nil
	}
	return &output{body: value}, nil
}

// operation handles the requests for an operation. Their parameters are decoded into a
// pointer to the operation's input type.
type operation func(ctx context.Context, in any) (*output, error)

// register adds an operation whose parameters are the fields of an I. op.Responses
// documents its responses, and op.Errors lists the statuses of its problems.
func register[I any](a *api, op huma.Operation, handle func(context.Context, *I) (*output, error)) {
	a.register(op, reflect.TypeFor[I](), func(ctx context.Context, in any) (*output, error) { return handle(ctx, in.(*I)) })
}

func (a *api) register(op huma.Operation, input reflect.Type, handle operation) {
	a.documentErrors(&op)
	a.documentParameters(&op, input)
	huma.Register(a, op, func(ctx context.Context, r *request) (*huma.StreamResponse, error) {
		in := reflect.New(input)
		err := a.bind(r.ctx, in.Elem())
		var out *output
		if err == nil {
			out, err = handle(ctx, in.Interface())
		}
		switch {
		case err != nil:
			return nil, a.backend.problem(ctx, err)
		case out == nil:
			return nil, nil
		}
		return &huma.StreamResponse{Body: func(ctx huma.Context) { out.write(ctx, a.backend.responder) }}, nil
	})
}

// write sends the response to a request.
func (o *output) write(ctx huma.Context, to *responder) {
	w, _ := unwrap(ctx)
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
	if err := to.answer(w, cmp.Or(o.status, ctx.Operation().DefaultStatus), o.body); err != nil {
		panic(fmt.Errorf("encode %T: %w", o.body, err)) // becomes status 500
	}
}

// documentAnswer documents the response of a successful operation, unless op already does.
// A struct{} means no body.
func (a *api) documentAnswer(op *huma.Operation, answer reflect.Type) {
	if op.Responses != nil {
		return
	}
	var content map[string]*huma.MediaType
	if answer == reflect.TypeFor[struct{}]() {
		op.DefaultStatus = http.StatusNoContent
	} else {
		op.DefaultStatus = cmp.Or(op.DefaultStatus, http.StatusOK)
		content = jsonContent(a.schema(answer))
	}
	response := &huma.Response{Description: http.StatusText(op.DefaultStatus), Content: content}
	if op.DefaultStatus == http.StatusCreated {
		response.Headers = map[string]*huma.Header{"Location": {Schema: &huma.Schema{Type: huma.TypeString}}}
	}
	op.Responses = map[string]*huma.Response{strconv.Itoa(op.DefaultStatus): response}
}

// publicOperation adds an operation for everyone. With a token, a request runs as the
// administrator who has it.
func publicOperation[I, T any](a *api, op huma.Operation, handle func(context.Context, caller, *I) (T, error)) {
	a.documentAnswer(&op, reflect.TypeFor[T]())
	a.callerOperation(op, "", reflect.TypeFor[I](), func(ctx context.Context, c caller, in any) (*output, error) {
		return respond(handle(ctx, c, in.(*I)))
	})
}

// viewerOperation adds an operation for viewers, which changes nothing.
func viewerOperation[I, T any](a *api, op huma.Operation, handle func(context.Context, *campaign.Viewer, *I) (T, error)) {
	a.documentAnswer(&op, reflect.TypeFor[T]())
	a.callerOperation(op, access.RoleViewer, reflect.TypeFor[I](), func(ctx context.Context, c caller, in any) (*output, error) {
		return respond(handle(ctx, c.authority.Viewer(), in.(*I)))
	})
}

// adminOperation adds an operation for operators.
func adminOperation[I, T any](a *api, op huma.Operation, handle func(context.Context, *campaign.Admin, *I) (T, error)) {
	a.documentAnswer(&op, reflect.TypeFor[T]())
	a.callerOperation(op, access.RoleOperator, reflect.TypeFor[I](), func(ctx context.Context, c caller, in any) (*output, error) {
		admin, err := c.authority.Admin()
		if err != nil {
			return nil, err
		}
		return respond(handle(ctx, admin, in.(*I)))
	})
}

// jsonOperation adds an operation for operators whose body is a B in JSON.
func jsonOperation[I, B, T any](a *api, op huma.Operation, handle func(context.Context, *campaign.Admin, *I, *B) (T, error)) {
	a.documentAnswer(&op, reflect.TypeFor[T]())
	a.bodyOperation(op, reflect.TypeFor[I](), reflect.TypeFor[B](), func(ctx context.Context, admin *campaign.Admin, in any, text []byte) (*output, error) {
		body := new(B)
		if err := unmarshal(text, body); err != nil {
			return nil, err
		}
		return respond(handle(ctx, admin, in.(*I), body))
	})
}

// patchOperation adds an operation for operators whose body contains parts of a B in JSON. apply
// sets the members of a B that the body contains.
func patchOperation[I, B, T any](a *api, op huma.Operation, handle func(ctx context.Context, admin *campaign.Admin, in *I, apply func(*B) error) (T, error)) {
	a.documentAnswer(&op, reflect.TypeFor[T]())
	a.bodyOperation(op, reflect.TypeFor[I](), reflect.TypeFor[B](), func(ctx context.Context, admin *campaign.Admin, in any, text []byte) (*output, error) {
		return respond(handle(ctx, admin, in.(*I), func(value *B) error { return unmarshal(text, value) }))
	})
}

// createOperation adds an operation for operators that creates a T from a B in
// JSON. location returns the path of the new T.
func createOperation[B, T any](a *api, op huma.Operation, location func(T) string, handle func(context.Context, *campaign.Admin, *B) (T, error)) {
	op.DefaultStatus = http.StatusCreated
	a.documentAnswer(&op, reflect.TypeFor[T]())
	jsonOperation(a, op, func(ctx context.Context, admin *campaign.Admin, _ *struct{}, body *B) (*output, error) {
		value, err := handle(ctx, admin, body)
		if err != nil {
			return nil, err
		}
		return &output{location: location(value), body: value}, nil
	})
}

// bodyOperation adds an operation for operators that takes a JSON body. The body
// is valid only during the call. Unlike huma's Body field, bodyOperation reports the
// position of an invalid value in the body.
func (a *api) bodyOperation(op huma.Operation, input, body reflect.Type, handle func(ctx context.Context, admin *campaign.Admin, in any, text []byte) (*output, error)) {
	op.Metadata = map[string]any{bodySchema: a.schema(body)}
	a.callerOperation(op, access.RoleOperator, input, func(ctx context.Context, c caller, in any) (*output, error) {
		admin, err := c.authority.Admin()
		if err != nil {
			return nil, err
		}
		buffer := a.backend.buffers.get()
		defer a.backend.buffers.put(buffer)
		if err := a.backend.readBody(c.w, c.w.request, buffer); err != nil {
			return nil, err
		}
		return handle(ctx, admin, in, buffer.Bytes())
	})
}

// callerOperation adds an operation whose handler receives the caller of a request. The
// caller has at least the needed role; empty means that the operation is for everyone.
func (a *api) callerOperation(op huma.Operation, needed access.Role, input reflect.Type, handle func(ctx context.Context, c caller, in any) (*output, error)) {
	if needed != "" {
		op.Security = []map[string][]string{{tokenScheme: {}}}
		op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusForbidden)
	}
	op.Middlewares = append(op.Middlewares, a.authenticate(needed))
	a.register(op, input, func(ctx context.Context, in any) (*output, error) {
		c, _ := ctx.Value(callerKey{}).(caller)
		return handle(ctx, c, in)
	})
}
