package draw_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
)

// verify verifies a file. It returns the report, the findings in the format "place: problem",
// and the error.
func verify(t *testing.T, g draw.Generator, file io.Reader) (draw.Report, []string, error) {
	t.Helper()
	var findings []string
	report, err := draw.Verify(t.Context(), g, file, draw.VerifyOptions{
		Rules: prize.Builtin,
		Found: func(f draw.Finding) { findings = append(findings, f.Place+": "+f.Problem) },
	})
	return report, findings, err
}

// TestVerify checks that encoded draws are valid and are counted, in both formats.
func TestVerify(t *testing.T) {
	const n = 2*draw.BatchSize + 3
	long := spec(t, n)
	long.Start = 7
	for name, spec := range map[string]draw.Spec{
		"generated": long,
		"given":     given(long, nil, strings.Split(strings.Repeat("A1 b2 c3 ", n/3+1), " ")[:n]),
	} {
		for form, encoding := range map[string]*draw.Encoding{"NDJSON": draw.NDJSON(&spec), "JSON": draw.JSON(&spec)} {
			t.Run(name+" "+form, func(t *testing.T) {
				if name == "given" { // the account numbers can be read only once
					spec = given(long, nil, strings.Split(strings.Repeat("A1 b2 c3 ", n/3+1), " ")[:n])
				}
				file, counted := encodeAll(t, spec, encoding), uint64(0)
				report, err := draw.Verify(t.Context(), draw.Local{}, bytes.NewReader(file), draw.VerifyOptions{
					Rules:    prize.Builtin,
					Progress: func(draws uint64) { counted += draws },
					Found:    func(f draw.Finding) { t.Errorf("%s: %s", f.Place, f.Problem) },
				})
				want := draw.Report{
					Draws: n, Held: n,
					Seeds:   groups(draw.Group{Name: "42", Draws: n, Indexes: whole(7, 6+n)}),
					Rules:   groups(draw.Group{Name: "generous", SHA256: spec.Rules.SHA256(), Draws: n}),
					Formats: groups(draw.Group{Name: "lower4 + digits4", Draws: n}),
				}
				if name == "given" {
					want.Given, want.Formats = n, groups()
				}
				if diff := cmp.Diff(want, report); err != nil || diff != "" || counted != n {
					t.Errorf("Verify: got error %v and progress %d, want progress %d; report (-want +got):\n%s", err, counted, n, diff)
				}
			})
		}
	}
}

func groups(first ...draw.Group) draw.Groups {
	return draw.Groups{Count: len(first), First: append([]draw.Group{}, first...)}
}

// whole returns the description of indexes that all occur once and in order.
func whole(lowest, highest uint64) *draw.Indexes {
	return &draw.Indexes{Lowest: lowest, Highest: highest, Ascending: true, FirstMissing: []draw.Span{}, FirstRepeated: []draw.Span{}}
}

// TestForgery forges one of three draws in many ways. Verify must report only that draw.
func TestForgery(t *testing.T) {
	spec := spec(t, 3)
	spec.Start = 8
	file := string(encodeAll(t, spec, draw.NDJSON(&spec)))
	lines := strings.Split(file, "\n")
	for name, test := range map[string]struct{ old, new, want string }{
		"prize":           {`"name":"£50.00"`, `"name":"£500.00"`, `line 2: index 9: prize is "£500.00" (value 5000, GBP) but should be "£50.00" (value 5000, GBP)`},
		"value":           {`"value":5000`, `"value":500000`, `line 2: index 9: prize is "£50.00" (value 500000, GBP) but should be "£50.00" (value 5000, GBP)`},
		"currency":        {`"currency":"GBP"`, `"currency":"KWD"`, `line 2: index 9: prize is "£50.00" (value 5000, KWD) but should be "£50.00" (value 5000, GBP)`},
		"no prize":        {`{"name":"£50.00","value":5000,"currency":"GBP"}`, `null`, `line 2: index 9: prize is none but should be "£50.00" (value 5000, GBP)`},
		"rule":            {`"rule":"starts with A"`, `"rule":"has a 4"`, `line 2: index 9: rule is "has a 4" but should be "starts with A"`},
		"no rule":         {`"rule":"starts with A"`, `"rule":null`, `line 2: index 9: rule is none but should be "starts with A"`},
		"account":         {`"account":"awsn5676"`, `"account":"awsn5677"`, `line 2: index 9: account is "awsn5677" but should be "awsn5676"`},
		"text and number": {`"text":"awsn","number":"5676"`, `"text":"aws","number":"n5676"`, `line 2: index 9: text is "aws" but should be "awsn"; number is "n5676" but should be "5676"`},
		"hash of rules":   {spec.Rules.SHA256(), strings.Repeat("0", 64), `line 2: rules_sha256 is "` + strings.Repeat("0", 64) + `", but rules generous have SHA-256 ` + spec.Rules.SHA256()},
		"rules":           {`"rules":"generous"`, `"rules":"mine"`, `line 2: unknown rules "mine"; use generous or modest`},
		"seed":            {`"seed":"42"`, `"seed":""`, `line 2: invalid seed: it is empty`},
		"format":          {`"text_format":"lower4"`, `"text_format":"lower"`, `line 2: unknown format "lower" for the text part: the length must be a whole number from 1 to 64, got ""`},
		"number format":   {`"number_format":"digits4"`, `"number_format":""`, `line 2: unknown format "" for the number part: use digits1 to digits64, or an alphabet and a length such as [ABC]4`},
		"no account":      {`"account":"awsn5676"`, `"account":""`, `line 2: invalid account number: it is empty`},
		"unknown key":     {`"seed":`, `"Seed":`, `line 2: unknown key "Seed"`},
		"duplicate key":   {`"index":9,`, `"index":9,"index":9,`, `line 2: it is not valid JSON: duplicate object member name "index"`},
		"missing key":     {`"seed":"42",`, ``, `line 2: missing key "seed"`},
		"key of prize":    {`"value":5000,`, ``, `line 2: missing key "value" of the prize`},
		"type in prize":   {`"value":5000`, `"value":"5000"`, `line 2: invalid string for key "value"`},
		"type":            {`"index":9`, `"index":"9"`, `line 2: invalid string for key "index"`},
		"negative":        {`"index":9`, `"index":-9`, `line 2: invalid value -9 of key "index"`},
		"not JSON":        {`"index":9`, `index:9`, `line 2: it is not valid JSON: invalid character 'i'`},
		"an array":        {lines[1], `[1]`, `line 2: it is not a JSON object`},
		"partial object":  {lines[1], lines[1][:40], `line 2: unexpected end of JSON; the file may be truncated`},
		"two objects":     {lines[1], lines[1] + lines[1], `line 2: unexpected text after the JSON object`},
	} {
		t.Run(name, func(t *testing.T) {
			forged := strings.Join([]string{lines[0], strings.Replace(lines[1], test.old, test.new, 1), lines[2], ""}, "\n")
			report, findings, err := verify(t, draw.Local{}, strings.NewReader(forged))
			if err != nil || report.Draws != 3 || report.Held != 2 {
				t.Errorf("valid draws: got %d of %d, error %v, want 2 of 3", report.Held, report.Draws, err)
			}
			if len(findings) != 1 || !strings.HasPrefix(findings[0], test.want) {
				t.Errorf("findings: got %q, want one that begins with %q", findings, test.want)
			}
		})
	}
}

// TestErrNotDraws checks the errors for unreadable files, and that the draws before an
// error are verified.
func TestErrNotDraws(t *testing.T) {
	spec := spec(t, 3)
	lines, array := string(encodeAll(t, spec, draw.NDJSON(&spec))), string(encodeAll(t, spec, draw.JSON(&spec)))
	for name, test := range map[string]struct {
		file, want string
		held       uint64
	}{
		"empty":               {"", "it is empty", 0},
		"spaces":              {" \t\r\n", "it is empty", 0},
		"an empty array":      {"[]\n", "no draws found", 0},
		"empty draws array":   {`{"draws": []}`, "no draws found", 0},
		"CSV":                 {"index,account,rule,prize,value,currency\n", "it is CSV, which does not contain the seed", 0},
		"UTF-16":              {"\xff\xfe[\x00", "it is UTF-16; convert it to UTF-8", 0},
		"UTF-16, unmarked":    {"\x00[\x00{", "it is UTF-16; convert it to UTF-8", 0},
		"gzip":                {"\x1f\x8b\x08", "it is compressed", 0},
		"a truncated array":   {array[:len(array)-2], "unexpected end (complete draws: 3); the file may be truncated", 3},
		"a partial draw":      {array[:len(array)*2/5], "unexpected end (complete draws: 1); the file may be truncated", 1},
		"text after array":    {array + "x", "unexpected text after the closing bracket", 3},
		"no comma":            {strings.Replace(array, "},\n", "}\n", 1), "draw 2 at byte 270: missing comma or closing bracket", 1},
		"two commas":          {strings.Replace(array, "},\n", "},,\n", 1), "draw 2 at byte 270: a draw must begin with a brace, got ','", 1},
		"a comma at the end":  {strings.Replace(array, "}\n]", "},\n]", 1), "a draw must begin with a brace, got ']'", 3},
		"an oversized draw":   {array[:len(array)-3] + `,{"account":"` + strings.Repeat("x", 1<<17), "draw 4 at byte", 3},
		"draws, then more":    {`{"draws":` + array + `} x`, "after the draws: it is not valid JSON", 3},
		"draws, no end":       {`{"draws":` + array + `,"x":[1`, "after the draws: unexpected end of JSON", 3},
		"draws twice":         {`{"draws":` + array + `,"draws":[]}`, `duplicate key "draws"`, 3},
		"draws, object after": {`{"draws":` + array + `}{}`, "unexpected text after the object with the draws", 3},
		"draws, truncated":    {`{"draws":` + array[:len(array)-2], "unexpected end (complete draws: 3)", 3},
		"an oversized line":   {lines + strings.Repeat("x", 1<<17), "line 4 has more than 65536 bytes", 3},
		"brace for bracket":   {strings.TrimSuffix(array, "]\n") + "}\n", "draw 4 at byte", 3},
	} {
		t.Run(name, func(t *testing.T) {
			report, _, err := verify(t, draw.Local{}, strings.NewReader(test.file))
			if !errors.Is(err, draw.ErrNotDraws) || !strings.Contains(err.Error(), test.want) || report.Held != test.held {
				t.Errorf("Verify: got error %v and %d valid draws, want ErrNotDraws that contains %q and %d valid draws", err, report.Held, test.want, test.held)
			}
		})
	}
}

// TestVerifyIgnoresSpace checks that blank lines, spaces, CRLF, indentation, a byte order
// mark and a missing newline at the end make no difference.
func TestVerifyIgnoresSpace(t *testing.T) {
	spec := spec(t, 3)
	lines, array := string(encodeAll(t, spec, draw.NDJSON(&spec))), string(encodeAll(t, spec, draw.JSON(&spec)))
	for name, file := range map[string]string{
		"blank lines": "\n\n" + strings.ReplaceAll(lines, "\n", "\n\n"),
		"CRLF":        strings.ReplaceAll(lines, "\n", "\r\n"),
		"no newline":  strings.TrimSuffix(lines, "\n"),
		"indented":    "  " + strings.ReplaceAll(lines, "\n", "\n  "),
		"one line":    strings.ReplaceAll(array, "\n", ""),
		"spaces":      " \t" + array + " \n",
		"BOM":         "\xef\xbb\xbf" + lines,
		"BOM, line":   "\xef\xbb\xbf\n" + array,
		"an object":   `{"draws":` + array + `}`,
		"in members":  `{"page": {"draws": 1, "x": [[1], "a\"]"]}, "n": 3, "draws" : ` + array + `, "next": {"draws": null}, "more": [1, {}]}` + "\n",
		"no brackets": indented(t, array, false),
		"brackets":    indented(t, array, true),
	} {
		t.Run(name, func(t *testing.T) {
			report, findings, err := verify(t, draw.Local{}, iotest.OneByteReader(strings.NewReader(file)))
			if err != nil || report.Held != 3 || report.Draws != 3 {
				t.Errorf("valid draws: got %d of %d, findings %q, error %v, want 3 of 3", report.Held, report.Draws, findings, err)
			}
		})
	}
}

// indented returns an array of draws with indentation. If brackets is false, it removes the
// brackets and commas of the array.
func indented(t *testing.T, array string, brackets bool) string {
	t.Helper()
	value := jsontext.Value(array)
	if err := value.Indent(jsontext.WithIndent("  ")); err != nil {
		t.Fatal(err)
	}
	if brackets {
		return string(value)
	}
	text := strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(string(value), "["), "]"), "\n  },", "\n  }")
	return strings.TrimSpace(text)
}

// TestVerifyErrors checks that Verify returns errors of the generator, the file and the
// context rather than reporting them as findings.
func TestVerifyErrors(t *testing.T) {
	spec := spec(t, 3)
	file := encodeAll(t, spec, draw.NDJSON(&spec))
	down := errors.New("the service is down")
	for _, part := range []string{"text", "number", "prize"} {
		if _, findings, err := verify(t, faulty{part: part, err: down}, bytes.NewReader(file)); !errors.Is(err, down) || len(findings) > 0 {
			t.Errorf("%s: got error %v and findings %q, want only the generator's error", part, err, findings)
		}
	}
	array := encodeAll(t, spec, draw.JSON(&spec))
	for name, reader := range map[string]io.Reader{
		"at once":     iotest.ErrReader(down),
		"after lines": io.MultiReader(bytes.NewReader(file), iotest.ErrReader(down)),
		"in an array": io.MultiReader(bytes.NewReader(array[:len(array)-2]), iotest.ErrReader(down)),
	} {
		if _, _, err := verify(t, draw.Local{}, reader); !errors.Is(err, down) {
			t.Errorf("%s: got error %v, want the file's error", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := draw.Verify(ctx, draw.Local{}, bytes.NewReader(file), draw.VerifyOptions{Rules: prize.Builtin, Found: func(draw.Finding) {}}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled context: got error %v, want context.Canceled", err)
	}
}

// TestVerifyPanics checks that Verify panics if a callback panics.
func TestVerifyPanics(t *testing.T) {
	defer func() {
		if panicked := recover(); panicked == nil || !strings.Contains(fmt.Sprint(panicked), "panic of the caller") {
			t.Errorf("panic: got %v, want the panic of the caller", panicked)
		}
	}()
	spec := spec(t, 3*draw.BatchSize)
	file := encodeAll(t, spec, draw.NDJSON(&spec))
	_, err := draw.Verify(t.Context(), draw.Local{}, bytes.NewReader(file), draw.VerifyOptions{
		Rules: func(string) (*prize.Rules, error) { panic("panic of the caller") },
		Found: func(draw.Finding) {},
	})
	t.Errorf("Verify: got error %v, want a panic", err)
}
