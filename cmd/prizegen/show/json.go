package show

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// encoding returns the options of all JSON that the program prints. Documented output
// depends on them: null for a nil slice, and omitempty for zero numbers.
func encoding() json.Options {
	return json.JoinOptions(
		json.Deterministic(true),
		json.FormatNilSliceAsNull(true),
		json.FormatNilMapAsNull(true),
		jsontext.AllowInvalidUTF8(true), // as U+FFFD
		jsontext.EscapeForJS(true),
		jsonv1.OmitEmptyWithLegacySemantics(true),
	)
}

// JSON returns v as indented JSON without a line break at its end.
func JSON(v any, options ...json.Options) ([]byte, error) {
	return json.Marshal(v, append([]json.Options{encoding(), jsontext.WithIndent("  ")}, options...)...)
}

// JSONLine returns v as JSON in one line, without a line break at its end.
func JSONLine(v any, options ...json.Options) ([]byte, error) {
	return json.Marshal(v, append([]json.Options{encoding()}, options...)...)
}
