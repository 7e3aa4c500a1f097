package draw_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
)

// FuzzVerify checks that Verify does not panic on any file, and that the numbers of valid
// and invalid draws add up.
func FuzzVerify(f *testing.F) {
	spec := spec(f, 3)
	for _, encoding := range []*draw.Encoding{draw.NDJSON(&spec), draw.JSON(&spec)} {
		file := encodeAll(f, spec, encoding)
		f.Add(file)
		f.Add(file[:len(file)/2])
		f.Add(bytes.ToUpper(file))
		f.Add(bytes.ReplaceAll(file, []byte(`"index":2`), []byte(`"index":18446744073709551615`)))
	}
	for _, file := range []string{
		"", " ", "\xef\xbb\xbf", "\xff\xfe", `{"draws":[]}`, `{"a":[{}],"draws":[{},{}],"b":{}}`, "{\n}{\n}", "[", "[,]", "[{},]", "[]", "[]]", "{}", "null\n", "[null]", "1e999", "{\"index\":-1}", "\x00", "[[[[[[[[",
		`{"index":0,"account":"x","rule":null,"prize":null,"seed":"","rules":"generous","rules_sha256":""}`,
		`{"index":1e0,"index":1}`, `[{"prize":{"name":1}}]`, "{\"seed\":\"\\ud800\"}\n",
	} {
		f.Add([]byte(file))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		findings := uint64(0)
		report, err := draw.Verify(context.Background(), draw.Local{}, bytes.NewReader(file), draw.VerifyOptions{
			Rules: prize.Builtin,
			Found: func(found draw.Finding) {
				if found.Place == "" || found.Problem == "" {
					t.Errorf("finding: got place %q and problem %q, want neither empty", found.Place, found.Problem)
				}
				findings += found.Draws
			},
		})
		if report.Held+findings != report.Draws && err == nil {
			t.Errorf("valid and invalid draws: got %d and %d, want %d in total", report.Held, findings, report.Draws)
		}
	})
}

// encodeAll returns a file with all draws of a spec.
func encodeAll(tb testing.TB, spec draw.Spec, encoding *draw.Encoding) []byte {
	tb.Helper()
	file := bytes.NewBuffer(encoding.Header())
	err := draw.Run(context.Background(), draw.Local{}, spec, encodeWith(encoding), func(b *draw.Batch) error {
		file.Write(b.Out)
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	file.Write(encoding.Footer())
	return file.Bytes()
}

// encodeWith returns an encode function for [draw.Run].
func encodeWith(encoding *draw.Encoding) func(*draw.Batch) error {
	return func(b *draw.Batch) error {
		b.Out = encoding.Append(b.Out, b)
		return nil
	}
}
