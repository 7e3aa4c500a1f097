package serve

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/wire"
)

// Long bodies are lists of account numbers or people. Decoding many other members would
// take much more memory than their JSON.
const (
	longBody = 1 << 20 // bytes
	maxNames = 5000    // member names in a long body
)

// hasManyNames reports whether a long body has more than maxNames member names. It reports
// false for short bodies and invalid JSON.
func hasManyNames(text []byte) bool {
	if len(text) < longBody {
		return false
	}
	dec := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true))
	for names := 0; names <= 2*maxNames; { // names and values
		if _, err := dec.ReadToken(); err != nil {
			return false
		}
		if kind, _ := dec.StackIndex(dec.StackDepth()); kind == '{' {
			names++
		}
	}
	return true
}

// unmarshal decodes JSON strictly. Its errors are problems that point to the invalid value.
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
		p.Errors = []wire.FieldError{{Detail: detail, Pointer: pointer}}
		return p
	}
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		p := problem(http.StatusBadRequest, "invalid JSON at byte %d: %v", syntax.ByteOffset, syntax.Err)
		p.Errors = []wire.FieldError{{Detail: syntax.Err.Error(), Pointer: "#" + string(syntax.JSONPointer)}}
		return p
	}
	return problem(http.StatusBadRequest, "invalid JSON: %v", err)
}

// wrongValue says which values a member accepts and which value was received.
func wrongValue(wrong *json.SemanticError, into any) string {
	if errors.Is(wrong.Err, json.ErrUnknownName) {
		return "unknown member; use one of: " + strings.Join(members(reflect.TypeOf(into).Elem()), ", ")
	}
	got := excerpt.Of(strings.TrimSpace(string(wrong.JSONValue)))
	if got == "" {
		got = kindName(wrong.JSONKind)
	}
	return "must be " + wantName(wrong.GoType) + ", got " + got
}

// wantName describes the JSON values that decode into type t.
func wantName(t reflect.Type) string {
	if t == nil {
		return "a different type"
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
	return "a different type"
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

// members returns the member names that an object of type t may have.
func members(t reflect.Type) []string {
	var names []string
	for _, field := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
			names = append(names, name)
		}
	}
	return names
}
