package serve

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/remote"
)

// buffers are for the bodies of requests and answers.
type buffers struct{ pool sync.Pool }

// maxPooled is the size of the largest buffer that is kept for the next request.
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

// problem makes an error that is answered with the status given and nothing more
// to tell about its kind.
func problem(status int, format string, args ...any) *remote.Problem {
	return &remote.Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: fmt.Sprintf(format, args...)}
}

// decode reads the JSON body of a request.
func (a *api) decode(w http.ResponseWriter, r *http.Request, buffer *bytes.Buffer, into any) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return problem(http.StatusUnsupportedMediaType, "the body has the content type %q, expected application/json", clip(r.Header.Get("Content-Type")))
	}
	if _, err := buffer.ReadFrom(http.MaxBytesReader(w, r.Body, remote.MaxBody)); err != nil {
		return a.bodyProblem(err)
	}
	if text := bytes.TrimSpace(buffer.Bytes()); len(text) == 0 || string(text) == "null" {
		return problem(http.StatusBadRequest, "the body is empty, expected a JSON object such as {}")
	}
	if err := json.Unmarshal(buffer.Bytes(), into, json.RejectUnknownMembers(true)); err != nil {
		return jsonProblem(err, into)
	}
	return nil
}

// bodyProblem tells why a body could not be read.
func (a *api) bodyProblem(err error) error {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return problem(http.StatusRequestEntityTooLarge, "the body has more than %d bytes", tooLarge.Limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return problem(http.StatusRequestTimeout, "the body did not arrive within %v", a.readTime)
	}
	return problem(http.StatusBadRequest, "the body broke off: %v", err)
}

// jsonProblem tells what is wrong with JSON and where.
func jsonProblem(err error, into any) error {
	var wrong *json.SemanticError
	if errors.As(err, &wrong) {
		p := &remote.Problem{Type: "urn:prizegen:problem:bad-request", Title: "invalid request", Status: http.StatusUnprocessableEntity}
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

// wrongValue says what was found and what was expected.
func wrongValue(wrong *json.SemanticError, into any) string {
	if errors.Is(wrong.Err, json.ErrUnknownName) {
		return "unknown member, expected " + strings.Join(members(reflect.TypeOf(into).Elem()), ", ")
	}
	found := clip(strings.TrimSpace(string(wrong.JSONValue)))
	if found == "" {
		found = "this " + kindName(wrong.JSONKind)
	}
	expected := "another value"
	if wrong.GoType != nil {
		switch wrong.GoType.Kind() {
		case reflect.Int, reflect.Int64, reflect.Uint64:
			expected = "a whole number"
			if wrong.GoType.Kind() == reflect.Uint64 {
				expected += " from 0 to 18446744073709551615"
			}
		case reflect.String:
			expected = "a text"
		case reflect.Slice:
			expected = "a list of texts"
		case reflect.Struct:
			expected = "an object"
		}
	}
	return found + " can't stand here, expected " + expected
}

func kindName(kind jsontext.Kind) string {
	switch kind {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case '0':
		return "number"
	case 'n':
		return "null"
	}
	return "value"
}

// members lists the names that the members of an object may have.
func members(t reflect.Type) []string {
	var names []string
	for _, field := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// clip shortens a text from outside so that an answer can tell it.
func clip(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// partsQuery reads the query of a GET for texts or numbers.
func partsQuery(query string) (*remote.PartsRequest, error) {
	request := &remote.PartsRequest{}
	request.Defaults()
	if query == "" {
		return request, nil
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, problem(http.StatusBadRequest, "the query is malformed: %v", err)
	}
	for name, list := range values {
		switch {
		case len(list) > 1:
			return nil, parameterProblem(name, "it is there %d times, expected once", len(list))
		case name == "format":
			request.Format = list[0]
		case name == "count":
			if request.Count, err = strconv.Atoi(list[0]); err != nil {
				return nil, parameterProblem(name, "%q is not a whole number from 1 to %d", clip(list[0]), remote.MaxCount)
			}
		default:
			return nil, parameterProblem(clip(name), "unknown parameter, expected format, count")
		}
	}
	if request.Count < 1 || request.Count > remote.MaxCount {
		return nil, parameterProblem("count", "%d is out of range, expected a whole number from 1 to %d", request.Count, remote.MaxCount)
	}
	return request, nil
}

func parameterProblem(name, format string, args ...any) error {
	detail := fmt.Sprintf(format, args...)
	return &remote.Problem{
		Type: "urn:prizegen:problem:bad-request", Title: "invalid request", Status: http.StatusUnprocessableEntity,
		Detail: name + ": " + detail, Errors: []remote.FieldError{{Detail: detail, Parameter: name}},
	}
}
