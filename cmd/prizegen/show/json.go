package show

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// encoding returns the options for all JSON that the program prints. The documented
// output depends on them: a nil slice is encoded as null, and omitempty omits zero
// numbers.
func encoding() json.Options {
	return json.JoinOptions(
		json.Deterministic(true),
		json.FormatNilSliceAsNull(true),
		json.FormatNilMapAsNull(true),
		jsontext.AllowInvalidUTF8(true), // replaced with U+FFFD
		jsontext.EscapeForJS(true),
		jsonv1.OmitEmptyWithLegacySemantics(true),
	)
}

// JSON returns v as indented JSON without a trailing newline.
func JSON(v any, options ...json.Options) ([]byte, error) {
	return json.Marshal(v, append([]json.Options{encoding(), jsontext.WithIndent("  ")}, options...)...)
}

// JSONLine returns v as JSON on one line, without a trailing newline.
func JSONLine(v any, options ...json.Options) ([]byte, error) {
	return json.Marshal(v, append([]json.Options{encoding()}, options...)...)
}
