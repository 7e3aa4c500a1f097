package settings

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/pkg/strictyaml"
)

// load loads settings from environment variables and files. c.yaml is the configuration
// file.
func load(environ []string, files map[string]string) (*Set, error) {
	tree := fstest.MapFS{}
	for name, content := range files {
		tree[name] = &fstest.MapFile{Data: []byte(content), Mode: 0o600}
	}
	sources := Sources{Environ: environ, Open: func(name string) (fs.File, error) { return tree.Open(name) }, IsFlag: func(name string) bool { return name == "force" }}
	if _, ok := files["c.yaml"]; ok {
		name := "c.yaml"
		sources.ConfigFile = &name
	}
	return Load(NewTable(), sources)
}

func TestSecrets(t *testing.T) {
	files := map[string]string{
		"c.yaml": "admin-token: from the file\n",
		"line":   "hush\n", "windows": "hush\r\n", "lines": "hush\n\n", "empty": "\n", "large": strings.Repeat("x", maxFile+1),
	}
	for _, tt := range []struct{ environ, want, wantErr string }{
		{"", "from the file", ""},
		{"PRIZEGEN_ADMIN_TOKEN=", "from the file", ""},
		{"PRIZEGEN_ADMIN_TOKEN=hush", "hush", ""},
		{"PRIZEGEN_ADMIN_TOKEN_FILE=line", "hush", ""},
		{"PRIZEGEN_ADMIN_TOKEN_FILE=windows", "hush", ""},
		{"PRIZEGEN_ADMIN_TOKEN_FILE=lines", "hush\n", ""},
		{"PRIZEGEN_ADMIN_TOKEN_FILE=empty", "", "PRIZEGEN_ADMIN_TOKEN_FILE: empty: the file is empty"},
		{"PRIZEGEN_ADMIN_TOKEN_FILE=large", "", "PRIZEGEN_ADMIN_TOKEN_FILE: large: the file is larger than 65536 bytes"},
		{"PRIZEGEN_ADMIN_TOKEN_FILE=missing", "", "PRIZEGEN_ADMIN_TOKEN_FILE: missing: file does not exist"},
		{"PRIZEGEN_ADMIN_TOKEN=x PRIZEGEN_ADMIN_TOKEN_FILE=line", "", "PRIZEGEN_ADMIN_TOKEN and PRIZEGEN_ADMIN_TOKEN_FILE are both set; set only one of them"},
	} {
		t.Run(tt.environ, func(t *testing.T) {
			// An unreadable secret file is an error only for commands that need the secret.
			set, err := load(strings.Fields(tt.environ), files)
			if err != nil {
				t.Fatal(err)
			}
			got, err := set.Secret("admin-token")
			if got != tt.want || fmt.Sprint(err) != cmp.Or(tt.wantErr, "<nil>") {
				t.Errorf("admin-token: got %q, error %v, want %q, error %s", got, err, tt.want, tt.wantErr)
			}
			if got, err := set.Secret("admin-password"); got != "" || err != nil {
				t.Errorf("admin-password, which is not set: got %q, error %v, want an empty string", got, err)
			}
		})
	}
}

// TestHiddenValue checks that the error for an invalid value of a secret setting does not
// contain the value.
func TestHiddenValue(t *testing.T) {
	s := Setting{Name: "db", Secret: true, Usage: "database of campaigns"}
	s.New = func() bound {
		return NewOptional("address", func(text string) (string, error) { return "", fmt.Errorf("no database at %q", text) })
	}
	err := s.check(&sourced{values: []string{"postgres://me:hush@nowhere"}, at: "PRIZEGEN_DB"})
	want := "PRIZEGEN_DB: invalid value, which is hidden; db is the database of campaigns"
	if err == nil || err.Error() != want {
		t.Errorf("error: got %v, want %s", err, want)
	}
}

// TestLists checks that lists are read from the environment and from the file.
func TestLists(t *testing.T) {
	for _, tt := range []struct {
		environ []string
		file    string
		want    []string
	}{
		{[]string{"PRIZEGEN_DRAND_URLS=two,three"}, "", []string{"two", "three"}},
		{nil, "drand-urls: two,three\n", []string{"two", "three"}},
		{nil, "drand-urls: ['two,three', four]\n", []string{"two,three", "four"}},
		{nil, "drand-urls: []\n", []string{}},
	} {
		set, err := load(tt.environ, map[string]string{"c.yaml": tt.file})
		if err != nil {
			t.Fatal(err)
		}
		cmd := &cobra.Command{}
		list := DefineList(NewTable(), cmd, "drand-urls")
		if err := set.Apply(cmd.Flags()); err != nil || !slices.Equal(list.Get(), tt.want) {
			t.Errorf("environment %q, file %q: got %q, error %v, want %q", tt.environ, tt.file, list.Get(), err, tt.want)
		}
	}
}

// TestListFlag checks that the flag of a list can be repeated.
func TestListFlag(t *testing.T) {
	cmd := &cobra.Command{}
	list := DefineList(NewTable(), cmd, "drand-urls")
	if err := cmd.ParseFlags([]string{"--drand-urls", "one,two", "--drand-urls=three"}); err != nil {
		t.Fatal(err)
	}
	if got, want := list.String(), "one,two,three"; got != want || !list.Typed() {
		t.Errorf("list: got %q, typed %v, want %q, typed true", got, list.Typed(), want)
	}
}

func TestParseServiceURL(t *testing.T) {
	for text, want := range map[string]string{
		"http://localhost:8080": "http://localhost:8080", "https://draw.example/": "https://draw.example",
		"http://[::1]:8081/a/b//": "http://[::1]:8081/a/b", "HTTP://x": "http://x",
	} {
		if u, err := ParseServiceURL(text); err != nil || u.String() != want {
			t.Errorf("ParseServiceURL(%q) = %v, %v, want %s", text, u, err, want)
		}
	}
	for _, text := range []string{
		"", "localhost:8080", "/path", "//host", "http:host", "http://", "http://:80", "ftp://host", "http://host?q",
		"http://host?", "http://host#f", "http://host#", "http://hush@host", "http://u:hush@host", "u:hush@host", "http://u:hush@ho st",
	} {
		if u, err := ParseServiceURL(text); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("ParseServiceURL(%q) = %v, %v, want an error without the password", text, u, err)
		}
	}
}

func TestVariablesAreUnique(t *testing.T) {
	owners := map[string]string{Variable("config"): "the configuration file"}
	add := func(name, owner string) {
		if other, taken := owners[name]; taken {
			t.Errorf("settings %s and %s have the same variable %s", other, owner, name)
		}
		owners[name] = owner
	}
	for _, s := range NewTable() {
		add(Variable(s.Name), s.Name)
		if s.Secret {
			add(Variable(s.Name)+fileSuffix, s.Name)
		}
		if strings.Trim(s.Name, "abcdefghijklmnopqrstuvwxyz-") != "" {
			t.Errorf("name of a setting: got %q, want only lower-case letters and hyphens", s.Name)
		}
	}
	for name, want := range map[string]string{
		"PRIZEGEN_TEXT_URL": "text-url", "PRIZEGEN_TEXT_FORMAT": "text-format", "PRIZEGEN_ADMIN_PASSWORD_FILE": "admin-password", "PRIZEGEN_SEED_FILE": "seed",
	} {
		if got := owners[name]; got != want {
			t.Errorf("%s: got setting %q, want %q", name, got, want)
		}
	}
}

func TestSuggestions(t *testing.T) {
	for name, want := range map[string]string{
		"text": "text-format", "format": "number-format", "TEXT_FORMAT": "text-format", "PRIZEGEN_RULES": "rules", "txt-url": "text-url",
		"rule": "rules", "admin_tokn": "admin-token", "--seed": "seed", "completely-else": "", "": "",
	} {
		if got := NewTable().suggest(name); got != want {
			t.Errorf("suggest(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestConfigFile(t *testing.T) {
	for content, want := range map[string]map[string]string{
		"":                                    {},
		"# nothing yet\n":                     {},
		"---\n":                               {},
		"\uFEFFrules: modest\r\nstart: 9\r\n": {"rules": "modest", "start": "9"},
		"rules: modest # ours":                {"rules": "modest"},
		"{rules: modest, seed: '0010'}":       {"rules": "modest", "seed": "0010"},
		"text-format: \"[BCD]3\"\n":           {"text-format": "[BCD]3"},
		"seed: 0010\n":                        {"seed": "0010"},
		"seed: 1.50\n":                        {"seed": "1.50"},
		"seed: true\n":                        {"seed": "true"},
		"seed: |\n  one\n  two\n":             {"seed": "one\ntwo"},
		"quiet: true\noutput: csv\n":          {"quiet": "true", "output": "csv"},
		"admin-token: 'it''s #1: x'\n":        {"admin-token": "it's #1: x"},
	} {
		set, err := load(nil, map[string]string{"c.yaml": content})
		got := map[string]string{}
		for _, e := range set.file.entries {
			got[e.name] = strings.Join(e.values, "\x00")
		}
		if diff := gocmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: error %v, entries (-want +got):\n%s", content, err, diff)
		}
	}
}

func TestConfigFileMistakes(t *testing.T) {
	for content, want := range map[string][]string{
		"start: 1\nrulse: x\n":             {`2:1: unknown setting "rulse"; did you mean rules?`},
		"text: lower4":                     {`1:1: unknown setting "text"; did you mean text-format?`},
		"force: true":                      {`1:1: unknown setting "force"; use --force on the command line`},
		"help: true":                       {`1:1: unknown setting "help"; prizegen config lists`},
		"start:   x":                       {`1:10: start: "x": must be a whole number from 0`},
		"quiet: 7":                         {`1:8: quiet: "7": must be true or false`},
		"start: 1\nstart: 2":               {`2:1: duplicate key "start", first on line 1`},
		"start:":                           {`1:1: start has no value`},
		"rules: [a, b]":                    {`1:8: rules: expected a single value, got a list; put quotes around text that begins with [ or -`},
		"admin-token: [hush]":              {`1:14: admin-token: expected a single value, got a list`},
		"rules:\n  url: http://x":          {`1:1: rules has keys or lists of its own; settings are not nested`},
		"rules: modest\n---\nrules: x":     {`3:1: a second document starts here`},
		"text-format: [BCD]3":              {`1:19: value is not allowed in this context; put quotes`},
		"modest":                           {`1:1: not a setting; write lines such as rules: modest`},
		"rules: &x modest":                 {`1:8: anchors, aliases and merge keys`},
		"seed: !hush\n":                    {`1:7: tags (!) are not supported`},
		"rules: a\x00b":                    {`1:9: control character`},
		"\xff\xfe":                         {`1:1: invalid UTF-8`},
		"seed: hush\nremote: u:hush@x":     {`2:9: remote: not an absolute http or https URL`},
		"admin-token: ''":                  {`1:14: admin-token: the value is empty`},
		"seed: ''":                         {`1:7: seed: `},
		"a: 1\nb: 2\n":                     {`1:1: unknown setting "a"`, `2:1: unknown setting "b"`},
		strings.Repeat("#", 4001):          {`1:1: the line has 4001 bytes; the limit is 4000`},
		strings.Repeat("#\n", 40000):       {`1:1: the file is larger than 65536 bytes`},
		"rules: " + strings.Repeat("[", 9): {`1:10: lists and mappings are nested more than 2 levels deep`},
		strings.Repeat("a: 1\n", 300):      {`201:1: the mapping has more than 200 keys`},
	} {
		_, err := load(nil, map[string]string{"c.yaml": content})
		if err == nil {
			t.Errorf("%.100q: got no error, want %q", content, want)
			continue
		}
		lines := strings.Split(err.Error(), "\n")
		if strings.Contains(err.Error(), "hush") || len(lines) != len(want)+1 {
			t.Errorf("%.100q: got %q, want %q", content, lines, want)
			continue
		}
		for i := range want {
			if !strings.HasPrefix(lines[i+1], "c.yaml:"+want[i]) {
				t.Errorf("%.100q: got %q, want %q", content, lines[i+1], want[i])
			}
		}
	}
}

// FuzzConfigFile checks that any configuration file can be parsed. Every mistake must have
// a position in the file. Without mistakes, every setting must exist and be unique.
func FuzzConfigFile(f *testing.F) {
	for _, seed := range []string{
		"rules: modest\nstart: 3 # x\n", "text-format: '[BCD]3'\n", "{a: [1, {b: c}]}", "- x\n- y\n", "a: b: c", "? a\n: b\n", "---\na: 1\n...\n---\nb: 2\n",
		"seed: |\n  x\n", "seed: >-\n  x\n  y\n", "quiet: yes\n", "\uFEFFstart: 1", "a: &x 1\nb: *x\n<<: *x\n", "%YAML 1.2\n---\n", "start: 0x1\r\n", "\"ru\\u006ces\": \"\\0\"",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		set, err := load(nil, map[string]string{"c.yaml": content})
		lines := strings.Split(content, "\n")
		var wrong *strictyaml.Error
		if errors.As(err, &wrong) {
			for _, m := range wrong.Mistakes {
				if m.Line < 1 || m.Line > len(lines)+1 || m.Column < 1 || m.Problem == "" || !utf8.ValidString(m.Problem) {
					t.Errorf("mistake %q: got position %d:%d, want a message and a position in the file", m.Problem, m.Line, m.Column)
				}
			}
		}
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, e := range set.file.entries {
			if set.table.find(e.name) == nil || seen[e.name] || !e.isList && len(e.values) != 1 {
				t.Errorf("entry: got %+v, want a unique setting of the table with one value", e)
			}
			seen[e.name] = true
		}
	})
}
