package strictyaml_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/prizegen/prizegen/pkg/strictyaml"
)

var limits = strictyaml.Options{MaxSize: 10_000, MaxKeys: 5, MaxDepth: 3}

func Example() {
	source := "rules: modest\nstart: 0010\nrules: generous\n"
	doc := strictyaml.Parse("prizegen.yaml", []byte(source), strictyaml.Options{MaxSize: 1 << 10, MaxKeys: 10, MaxDepth: 2})
	for _, field := range doc.Root.Fields {
		if field.Key == "start" {
			doc.Addf(field.Value.Pos, "start must be a number without leading zeros, got %q", field.Value.Text)
		}
	}
	fmt.Println(doc.Err())
	// Output:
	// prizegen.yaml:2:8: start must be a number without leading zeros, got "0010"
	//     start: 0010
	//            ^
	// prizegen.yaml:3:1: duplicate key "rules", first on line 1
	//     rules: generous
	//     ^
}

// show returns the position of a node and its content.
func show(n *strictyaml.Node) string {
	if n == nil {
		return "nothing"
	}
	text := fmt.Sprintf("%d:%d ", n.Line, n.Column)
	switch n.Kind {
	case strictyaml.Scalar:
		return text + fmt.Sprintf("%q", n.Text)
	case strictyaml.List:
		var items []string
		for _, item := range n.Items {
			items = append(items, show(item))
		}
		return text + "[" + strings.Join(items, ", ") + "]"
	case strictyaml.Map:
		var fields []string
		for _, f := range n.Fields {
			fields = append(fields, fmt.Sprintf("%d:%d %s: %s", f.Line, f.Column, f.Key, show(f.Value)))
		}
		return text + "{" + strings.Join(fields, ", ") + "}"
	}
	return text + "null"
}

func TestParse(t *testing.T) {
	for source, want := range map[string]string{
		"":                           "nothing",
		"\n \n":                      "nothing",
		"# nothing yet\n":            "nothing",
		"---\n":                      "nothing",
		"modest":                     `1:1 "modest"`,
		"\uFEFFa: 1\r\nb: 2\r\n":     `1:1 {1:1 a: 1:4 "1", 2:1 b: 2:4 "2"}`,
		"---\na: 1\n":                `2:1 {2:1 a: 2:4 "1"}`,
		"a: 1\n---\n# nothing\n":     `1:1 {1:1 a: 1:4 "1"}`,
		"a: x # note":                `1:1 {1:1 a: 1:4 "x"}`,
		"{a: '0010', b: 0010}":       `1:1 {1:2 a: 1:5 "0010", 1:13 b: 1:16 "0010"}`,
		"a: [1.50, true, .inf, ~]":   `1:1 {1:1 a: 1:4 [1:5 "1.50", 1:11 "true", 1:17 ".inf", 1:23 null]}`,
		"a:\n- b: 1\n- c: 2\n":       `1:1 {1:1 a: 2:1 [2:3 {2:3 b: 2:6 "1"}, 3:3 {3:3 c: 3:6 "2"}]}`,
		"a: |\n  one\n  two\n":       `1:1 {1:1 a: 1:4 "one\ntwo"}`,
		"a:\nb: ~\nc: null\nd: ''":   `1:1 {1:1 a: nothing, 2:1 b: nothing, 3:1 c: nothing, 4:1 d: 4:4 ""}`,
		"é✓: 'it''s: \"x\"'":         `1:1 {1:1 é✓: 1:5 "it's: \"x\""}`,
		"a: \uFFFD":                  "1:1 {1:1 a: 1:4 \"\uFFFD\"}",
		"'a': 1\n\"b\": \"\\u00e9\"": `1:1 {1:1 a: 1:6 "1", 2:1 b: 2:6 "é"}`,
	} {
		doc := strictyaml.Parse("c.yaml", []byte(source), limits)
		if diff := cmp.Diff(want, show(doc.Root)); diff != "" || doc.Err() != nil || doc.Mistakes() != 0 {
			t.Errorf("Parse(%q): got error %v; root (-want +got):\n%s", source, doc.Err(), diff)
		}
	}
}

func TestMistakes(t *testing.T) {
	const (
		noAnchors = "anchors, aliases and merge keys (&, * and <<) are not supported; put quotes around text that begins with one of these characters"
		noTags    = "tags (!) are not supported; put quotes around text that begins with !"
		second    = "a second document starts here; a file must have only one"
		tooDeep   = "lists and mappings are nested more than 3 levels deep"
		tooMany   = "the mapping has more than 5 keys"
		useQuotes = "; put quotes around text with special characters"
	)
	for source, want := range map[string]string{
		"a\x00b":                            `1:2: control character '\x00'; the file must be plain text`,
		"a: 1\rb: 2":                        `1:5: control character '\r'; the file must be plain text`,
		"é: \xe9":                           "1:4: invalid UTF-8; the file must be plain text",
		"# a\n" + strings.Repeat("#", 4001): "2:1: the line has 4001 bytes; the limit is 4000",
		strings.Repeat("#\n", 5001):         "1:1: the file is larger than 10000 bytes",
		"a: &b 1":                           "1:4: " + noAnchors,
		"a: *b":                             "1:4: " + noAnchors,
		"<<: b":                             "1:1: " + noAnchors,
		"a: !!binary x":                     "1:4: " + noTags,
		"a: 1\n---\nb: 2":                   "3:1: " + second,
		strings.Repeat("---\n", 11):         "11:1: " + second,
		"a: [[[[1]]]]":                      "1:7: " + tooDeep,
		"a: [[[1]]]":                        "1:6: " + tooDeep,
		"a:\n b:\n  c:\n   d: 1":            "4:4: " + tooDeep,
		"- - - - 1":                         "1:7: " + tooDeep,
		strings.Repeat("a:\n", 6):           "6:1: " + tooMany,
		"- a: 1\n" + strings.Repeat("  a: 1\n", 5): "6:3: " + tooMany,
		"? ? ? ? 1":                            "1:7: " + tooDeep,
		strings.Repeat("-\n", 4001):            "4001:1: the file has more than 4000 words and symbols",
		"{a: 1, b: 2, c: 3, d: 4, e: 5, f: 6}": "1:32: " + tooMany,
		"a: 1\nb: 2\na: 3\na: 4":               `3:1: duplicate key "a", first on line 1; 4:1: duplicate key "a", first on line 1`,
		"a:\n  {b: 1, b: 2}":                   `2:10: duplicate key "b", first on line 2`,
		"a:\n\t- b":                            "2:1: the line is indented with a tab; use spaces",
		"# \t\n\t\na:\n- b: 1\n  \tc: 1":       "5:3: the line is indented with a tab; use spaces",
		"a: [":                                 "1:4: sequence end token ']' not found" + useQuotes,
		"a: [b]c":                              "1:7: value is not allowed in this context" + useQuotes,
		"a: \"b":                               "1:4: could not find end character of double-quoted text",
	} {
		doc := strictyaml.Parse("c.yaml", []byte(source), limits)
		var err *strictyaml.Error
		if !errors.As(doc.Err(), &err) || err.File != "c.yaml" || len(err.Mistakes) != doc.Mistakes() {
			t.Errorf("Parse(%.100q): got error %v, want an *Error for c.yaml", source, doc.Err())
			continue
		}
		var got []string
		for _, m := range err.Mistakes {
			got = append(got, fmt.Sprintf("%d:%d: %s", m.Line, m.Column, m.Problem))
			if m.Source != strings.ToValidUTF8(doc.Line(m.Line), "\uFFFD") {
				t.Errorf("Parse(%.100q): got Source %q, want line %d", source, m.Source, m.Line)
			}
		}
		if diff := cmp.Diff(want, strings.Join(got, "; ")); diff != "" {
			t.Errorf("Parse(%.100q): mistakes (-want +got):\n%s", source, diff)
		}
	}
}

// TestLimitsAreOfOneMapping checks that the limit on keys applies to each mapping and not
// to the whole file.
func TestLimitsAreOfOneMapping(t *testing.T) {
	doc := strictyaml.Parse("c.yaml", []byte("a:\n"+strings.Repeat("- {b: 1, c: 2}\n- d: 1\n", 200)), limits)
	if err := doc.Err(); err != nil {
		t.Fatal(err)
	}
	if got := len(doc.Root.Fields[0].Value.Items); got != 400 {
		t.Errorf("items: got %d, want 400", got)
	}
}

func TestErrorHasAtMostMaxMistakes(t *testing.T) {
	doc := strictyaml.Parse("c.yaml", []byte("a: 1"), limits)
	for range strictyaml.MaxMistakes + 1 {
		doc.Addf(doc.Root.Pos, "wrong")
	}
	var err *strictyaml.Error
	if !errors.As(doc.Err(), &err) || len(err.Mistakes) != strictyaml.MaxMistakes {
		t.Errorf("error: got %v, want %d mistakes", doc.Err(), strictyaml.MaxMistakes)
	}
}

// TestSecretFilesAreNotShown checks that errors do not quote a file that may contain
// secrets.
func TestSecretFilesAreNotShown(t *testing.T) {
	options := limits
	options.Secret = true
	for _, source := range []string{"token: hush\ntoken: hush", "token: [hush", "token: &hush x", "token: hush\x00", "token: \"hush", "hush: a: b"} {
		err := strictyaml.Parse("c.yaml", []byte(source), options).Err()
		if err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("Parse(%q): got error %v, want an error without the secret", source, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"rules: modest\nstart: 3 # x\n", "{a: [1, {b: c}]}", "- x\n- y\n", "a: b: c", "? a\n: b\n", "? [a]\n: b\n", "---\na: 1\n...\n---\nb: 2\n", "a: |\n  x\n", "a: >-\n  x\n  y\n",
		"\uFEFFa: 1", "a: &x 1\nb: *x\n<<: *x\n", "%YAML 1.2\n---\n", "a: 0x1\r\n", "\"ru\\u006ces\": \"\\0\"", "- - - -", "{[}", "!!binary x", "a: .inf\nb: .nan\n", "\t- a",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		doc := strictyaml.Parse("c.yaml", source, limits)
		var err *strictyaml.Error
		if errors.As(doc.Err(), &err) {
			for _, m := range err.Mistakes {
				if m.Line < 1 || m.Line > strings.Count(string(source), "\n")+2 || m.Column < 1 || m.Problem == "" || !utf8.ValidString(m.Problem) {
					t.Errorf("mistake: got %d:%d: %q, want a position in the file and a problem", m.Line, m.Column, m.Problem)
				}
			}
		}
		if doc.Root != nil {
			checkNode(t, doc.Root, limits.MaxDepth)
		}
	})
}

// checkNode checks that n and its descendants have positions, are nested at most depth
// levels deep and have no duplicate keys.
func checkNode(t *testing.T, n *strictyaml.Node, depth int) {
	t.Helper()
	if n.Line < 1 || n.Column < 1 || depth < 0 {
		t.Errorf("node: got position %d:%d with %d levels left, want a valid position and at least 0 levels", n.Line, n.Column, depth)
	}
	for _, item := range n.Items {
		checkNode(t, item, depth-1)
	}
	seen := map[string]bool{}
	for _, f := range n.Fields {
		if seen[f.Key] {
			t.Errorf("key %q: got two in one mapping, want one", f.Key)
		}
		seen[f.Key] = true
		if f.Value != nil {
			checkNode(t, f.Value, depth-1)
		}
	}
}
