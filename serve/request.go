package serve

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"os"
	"reflect"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/remote"
)

// buffers is a pool of buffers for the bodies of requests and answers.
type buffers struct{ pool sync.Pool }

// maxPooled is the capacity of the largest buffer that goes back to the pool.
const maxPooled = 1 << 20

func (b *buffers) get() *bytes.Buffer {
	if buffer, ok := b.pool.Get().(*bytes.Buffer); ok {
		buffer.Reset()
		return buffer
	}
	return new(bytes.Buffer)
}

func (b *buffers) put(buffer *bytes.Buffer) {
	if buffer.Cap() <= maxPooled {
		b.pool.Put(buffer)
	}
}

// unwrap returns the server, the recorder and the request of a context.
func unwrap(ctx huma.Context) (*Server, *responseRecorder, *http.Request) {
	r, w := humago.Unwrap(ctx)
	recorder := recorderOf(w)
	return recorder.server, recorder, r
}

// decode reads the JSON body of a request.
func (s *Server) decode(w http.ResponseWriter, r *http.Request, buffer *bytes.Buffer, into any) error {
	if err := s.readBody(w, r, buffer); err != nil {
		return err
	}
	return unmarshal(buffer.Bytes(), into)
}

// maxBody is the maximum length of a body in bytes. It allows [remote.MaxCount] account
// numbers of the maximum length.
const maxBody = 16 << 20

// readBody reads the body of a request, whose content type must be JSON.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request, buffer *bytes.Buffer) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != jsonType {
		return problem(http.StatusUnsupportedMediaType, "content type must be application/json, got %q", excerpt.Of(r.Header.Get("Content-Type")))
	}
	if _, err := buffer.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
		return s.bodyProblem(err)
	}
	if text := bytes.TrimSpace(buffer.Bytes()); len(text) == 0 || string(text) == "null" {
		return problem(http.StatusBadRequest, "the body is empty; send a JSON object such as {}")
	}
	return nil
}

// bodyProblem returns the problem for an error while reading the body.
func (s *Server) bodyProblem(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return problem(http.StatusRequestEntityTooLarge, "the body has more than %d bytes", tooLarge.Limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return problem(http.StatusRequestTimeout, "the body did not arrive within %v", s.cfg.ReadTime)
	}
	return problem(http.StatusBadRequest, "the body is incomplete: %v", err)
}

// unmarshal decodes JSON strictly. Its errors are problems with the position of the
// mistake.
func unmarshal(text []byte, into any) error {
	err := json.Unmarshal(text, into, json.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	var wrong *json.SemanticError
	if errors.As(err, &wrong) {
		p := badRequest()
		detail := wrongValue(wrong, into)
		pointer := "#" + string(wrong.JSONPointer)
		p.Detail = fmt.Sprintf("%s: %s", strings.TrimPrefix(pointer, "#/"), detail)
		if wrong.JSONPointer == "" {
			p.Detail = "the body: " + detail
		}
		p.Errors = []remote.FieldError{{Detail: detail, Pointer: pointer}}
		return p
	}
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		p := problem(http.StatusBadRequest, "the body is not JSON: at byte %d: %v", syntax.ByteOffset, syntax.Err)
		p.Errors = []remote.FieldError{{Detail: syntax.Err.Error(), Pointer: "#" + string(syntax.JSONPointer)}}
		return p
	}
	return problem(http.StatusBadRequest, "the body is not JSON: %v", err)
}

// wrongValue returns the detail for a member with a wrong value: the accepted value and the
// one it has.
func wrongValue(wrong *json.SemanticError, into any) string {
	if errors.Is(wrong.Err, json.ErrUnknownName) {
		return "unknown member; the members are " + strings.Join(members(reflect.TypeOf(into).Elem()), ", ")
	}
	got := excerpt.Of(strings.TrimSpace(string(wrong.JSONValue)))
	if got == "" {
		got = kindName(wrong.JSONKind)
	}
	return "must be " + wantName(wrong.GoType) + ", got " + got
}

// wantName returns the JSON value that decodes into a type, in words.
func wantName(t reflect.Type) string {
	if t == nil {
		return "another value"
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Uint64:
		return "a whole number from 0 to 18446744073709551615"
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "an array of strings"
	case reflect.Struct:
		return "an object"
	}
	return "another value"
}

func kindName(kind jsontext.Kind) string {
	switch kind {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case 'n':
		return "null"
	}
	return "a boolean"
}

// members returns the names of the members that an object may have.
func members(t reflect.Type) []string {
	var names []string
	for _, field := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
			names = append(names, name)
		}
	}
	return names
}

func malformedQuery(err error) error {
	return problem(http.StatusBadRequest, "the query is malformed: %v", err)
}

func repeatedParameter(name string, n int) error {
	return parameterProblem(name, "must not be repeated, got %d values", n)
}
