package main

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/pkg/draw"
)

var update = flag.Bool("update", false, "write the settings into docs/configuration.md")

// world is an app with an environment and files of its own.
func world(environ []string, files map[string]string) (a *app, out, err *bytes.Buffer) {
	tree := fstest.MapFS{}
	for name, content := range files {
		tree[name] = &fstest.MapFile{Data: []byte(content), Mode: 0o600}
	}
	out, err = &bytes.Buffer{}, &bytes.Buffer{}
	return &app{
		in: strings.NewReader(""), out: out, err: err, generator: draw.Local{}, width: 100,
		environ: environ, configDir: "home",
		openConfig: func(name string) (fs.File, error) { return tree.Open(filepath.ToSlash(name)) },
	}, out, err
}

const userFile = "home/prizegen/config.yaml"

// configured runs a command line up to where the command would begin its work, and
// then looks at the command instead.
func configured(t *testing.T, a *app, look func(*cobra.Command), args ...string) error {
	t.Helper()
	root := newRootCmd(a)
	root.SetArgs(args)
	cmd, _, err := root.Find(args)
	if err != nil {
		t.Fatal(err)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		look(cmd)
		return nil
	}
	return root.Execute()
}

// TestPrecedence sets settings of every kind in every choice of places: a flag
// beats the environment, which beats the file, which beats the default.
func TestPrecedence(t *testing.T) {
	settings := []struct{ command, flag, setting, variable, standard, typed, environ, file string }{
		{"draw", "start", "start", "PRIZEGEN_START", "0", "1", "2", "3"},
		{"draw", "text", "text-format", "PRIZEGEN_TEXT_FORMAT", "lower4", "upper1", "upper2", "upper3"},
		{"odds", "number", "number-format", "PRIZEGEN_NUMBER_FORMAT", "digits4", "digits1", "digits2", "digits3"},
		{"text", "format", "text-format", "PRIZEGEN_TEXT_FORMAT", "lower4", "upper1", "upper2", "upper3"},
		{"number", "format", "number-format", "PRIZEGEN_NUMBER_FORMAT", "digits4", "digits1", "digits2", "digits3"},
		{"draw", "rules", "rules", "PRIZEGEN_RULES", "generous", "one", "two", "three"},
		{"draw", "seed", "seed", "PRIZEGEN_SEED", "", "one", "two", "three"},
		{"draw", "remote", "remote", "PRIZEGEN_REMOTE", "", "http://one", "http://two", "http://three"},
		{"draw", "quiet", "quiet", "PRIZEGEN_QUIET", "false", "true", "true", "true"},
	}
	for _, s := range settings {
		for places := range 8 {
			isTyped, inEnviron, inFile := places&1 != 0, places&2 != 0, places&4 != 0
			t.Run(fmt.Sprintf("%s/%s/%03b", s.command, s.flag, places), func(t *testing.T) {
				args, want := []string{s.command}, s.standard
				var environ []string
				files := map[string]string{}
				if inFile {
					files[userFile], want = s.setting+": "+s.file+"\n", s.file
				}
				if inEnviron {
					environ, want = []string{s.variable + "=" + s.environ}, s.environ
				}
				if isTyped {
					args, want = append(args, "--"+s.flag+"="+s.typed), s.typed
				}
				a, _, _ := world(environ, files)
				err := configured(t, a, func(cmd *cobra.Command) {
					f := cmd.Flags().Lookup(s.flag)
					if got := f.Value.String(); got != want {
						t.Errorf("the value is %q, want %q", got, want)
					}
					if f.Changed != isTyped {
						t.Errorf("Changed is %v, want %v: only what was typed counts", f.Changed, isTyped)
					}
					if got := a.given(cmd, s.flag); got != (places > 0) {
						t.Errorf("given is %v, want %v", got, places > 0)
					}
				}, args...)
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestConfigFilePrecedence names configuration files in every way: --config beats
// PRIZEGEN_CONFIG, which beats the user's own.
func TestConfigFilePrecedence(t *testing.T) {
	files := map[string]string{userFile: "start: 1", "environ.yaml": "start: 2", "typed.yaml": "start: 3"}
	environ := []string{"PRIZEGEN_CONFIG=environ.yaml"}
	for _, test := range []struct {
		want    string
		environ []string
		args    []string
	}{
		{"1", nil, nil},
		{"2", environ, nil},
		{"3", environ, []string{"--config", "typed.yaml"}},
		{"3", nil, []string{"--config", "typed.yaml"}},
		{"1", []string{"PRIZEGEN_CONFIG="}, nil}, // empty is not set
	} {
		a, _, _ := world(test.environ, files)
		err := configured(t, a, func(cmd *cobra.Command) {
			if got := cmd.Flags().Lookup("start").Value.String(); got != test.want {
				t.Errorf("environment %q, arguments %q: start is %s, want %s", test.environ, test.args, got, test.want)
			}
		}, append([]string{"draw"}, test.args...)...)
		if err != nil {
			t.Error(err)
		}
	}
}

// TestSecrets finds secrets in the environment, in files that it names, and in the
// configuration file.
func TestSecrets(t *testing.T) {
	files := map[string]string{
		userFile: "admin-token: from the file\n",
		"line":   "hush\n", "windows": "hush\r\n", "lines": "hush\n\n", "empty": "\n", "large": strings.Repeat("x", maxConfigFile+1),
	}
	for _, test := range []struct{ environ, want, wrong string }{
		{"", "from the file", ""},
		{"PRIZEGEN_ADMIN_TOKEN=", "from the file", ""},
		{"PRIZEGEN_ADMIN_TOKEN=hush", "hush", ""},
		{"PRIZEGEN_ADMIN_TOKEN_FILE=line", "hush", ""},
		{"PRIZEGEN_ADMIN_TOKEN_FILE=windows", "hush", ""},
		{"PRIZEGEN_ADMIN_TOKEN_FILE=lines", "hush\n", ""},
		{"PRIZEGEN_ADMIN_TOKEN_FILE=empty", "", "PRIZEGEN_ADMIN_TOKEN_FILE: empty: the file is empty, expected the value"},
		{"PRIZEGEN_ADMIN_TOKEN_FILE=large", "", "PRIZEGEN_ADMIN_TOKEN_FILE: large: the file is too large, expected at most 65536 bytes"},
		{"PRIZEGEN_ADMIN_TOKEN_FILE=missing", "", "PRIZEGEN_ADMIN_TOKEN_FILE: missing: file does not exist"},
		{"PRIZEGEN_ADMIN_TOKEN=x PRIZEGEN_ADMIN_TOKEN_FILE=line", "", "PRIZEGEN_ADMIN_TOKEN and PRIZEGEN_ADMIN_TOKEN_FILE are both set, expected one of them"},
	} {
		t.Run(test.environ, func(t *testing.T) {
			a, _, _ := world(strings.Fields(test.environ), files)
			// A secret that can't be read harms only the commands that ask for it.
			if err := configured(t, a, func(*cobra.Command) {}, "draw"); err != nil {
				t.Fatal(err)
			}
			got, err := a.setting("admin-token")
			if got != test.want || fmt.Sprint(err) != cmp.Or(test.wrong, "<nil>") {
				t.Errorf("got %q, %v, want %q, %s", got, err, test.want, test.wrong)
			}
			if password, err := a.setting("admin-password"); password != "" || err != nil {
				t.Errorf("a secret that is not set is %q, %v", password, err)
			}
		})
	}
}

// TestMaskedMistakes are in values that messages must not show.
func TestMaskedMistakes(t *testing.T) {
	a, _, _ := world([]string{"PRIZEGEN_DB=postgres://me:hush@nowhere"}, nil)
	root := newRootCmd(a)
	db := &value[string]{kind: "address", parse: func(text string) (string, error) { return "", fmt.Errorf("no database at %q", text) }}
	root.PersistentFlags().Var(db, "db", "where everything is stored")
	c, err := a.loadConfig(root)
	if err != nil {
		t.Fatal(err)
	}
	c.known = settingsOf(root)
	err = c.apply(root.PersistentFlags().Lookup("db"))
	want := "PRIZEGEN_DB: the value, which is not shown, was not understood; db is: where everything is stored"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestRequiredFlag is not missed where it is set outside the command line.
func TestRequiredFlag(t *testing.T) {
	a, out, stderr := world([]string{"PRIZEGEN_LABEL=text"}, map[string]string{userFile: "bytes: 3\nseed: 42\n"})
	if status := run(a, []string{"stream"}); status != exitDone || out.String() != "\x38\xd5\xa4" {
		t.Errorf("status %d, output %q, error %q", status, out, stderr)
	}
}

// TestFormatOfAnotherCommand is kept from commands that can't write it, and
// refused where none can.
func TestFormatOfAnotherCommand(t *testing.T) {
	a, _, _ := world([]string{"PRIZEGEN_OUTPUT=ndjson"}, nil)
	err := configured(t, a, func(cmd *cobra.Command) {
		if got := cmd.Flags().Lookup("output").Value.String(); got != "table" || a.given(cmd, "output") {
			t.Errorf("odds writes %s, given %v", got, a.given(cmd, "output"))
		}
	}, "odds")
	if err != nil {
		t.Error(err)
	}
	a, _, stderr := world([]string{"PRIZEGEN_OUTPUT=xml"}, nil)
	if status := run(a, []string{"odds"}); status != exitUsage || !strings.Contains(stderr.String(), `PRIZEGEN_OUTPUT: "xml": expected`) {
		t.Errorf("status %d, error %q", status, stderr)
	}
}

// TestLists are written with commas in the environment, and as lists in the file.
func TestLists(t *testing.T) {
	root := &cobra.Command{Use: "prizegen"}
	networks := root.PersistentFlags().StringSlice("network", []string{"one"}, "networks to trust")
	known := settingsOf(root).named("network")
	for _, test := range []struct {
		value setValue
		want  []string
	}{
		{setValue{values: []string{"two,three"}}, []string{"two", "three"}},
		{setValue{values: []string{"two,three", "four"}, isList: true}, []string{"two,three", "four"}},
		{setValue{isList: true}, []string{}},
	} {
		err := known.assign(root.PersistentFlags().Lookup("network"), &test.value)
		if err != nil || !slices.Equal(*networks, test.want) {
			t.Errorf("%+v is read as %q, %v", test.value, *networks, err)
		}
	}
	if got, ok := known.standard(); got != "one" || !ok {
		t.Errorf("the default is %q, %v", got, ok)
	}
}

// TestServiceURL reads the addresses of services.
func TestServiceURL(t *testing.T) {
	for text, want := range map[string]string{
		"http://localhost:8080": "http://localhost:8080", "https://draw.example/": "https://draw.example",
		"http://[::1]:8081/a/b//": "http://[::1]:8081/a/b", "HTTP://x": "http://x",
	} {
		if u, err := parseServiceURL(text); err != nil || u.String() != want {
			t.Errorf("%s is read as %v, %v, want %s", text, u, err, want)
		}
	}
	for _, text := range []string{
		"", "localhost:8080", "/path", "//host", "http:host", "http://", "http://:80", "ftp://host", "http://host?q",
		"http://host?", "http://host#f", "http://host#", "http://hush@host", "http://u:hush@host", "u:hush@host", "http://u:hush@ho st",
	} {
		if u, err := parseServiceURL(text); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s is read as %v, error %v", text, u, err)
		}
	}
}

// TestVariables belong to one setting each, and every flag has one unless it is
// known to be for the command line alone.
func TestVariables(t *testing.T) {
	a, _, _ := world(nil, nil)
	known := settingsOf(newRootCmd(a))
	owners := map[string]string{variable("config"): "the configuration file"}
	own := func(name, owner string) {
		if other, taken := owners[name]; taken {
			t.Errorf("%s is the variable of %s and of %s", name, other, owner)
		}
		owners[name] = owner
	}
	for _, s := range known.list {
		own(variable(s.name), s.name)
		if s.masked {
			own(variable(s.name)+fileSuffix, s.name)
		}
		if !isSettingName(s.name) {
			t.Errorf("the name of %q is not one of lower-case letters and dashes", s.name)
		}
	}
	for name, owner := range map[string]string{
		"PRIZEGEN_TEXT_URL": "text-url", "PRIZEGEN_TEXT_FORMAT": "text-format", "PRIZEGEN_ADMIN_PASSWORD_FILE": "admin-password", "PRIZEGEN_SEED_FILE": "seed",
	} {
		if owners[name] != owner {
			t.Errorf("%s belongs to %q, want %s", name, owners[name], owner)
		}
	}
}

// TestSuggestions are what unknown names were meant to be.
func TestSuggestions(t *testing.T) {
	a, _, _ := world(nil, nil)
	known := settingsOf(newRootCmd(a))
	for name, want := range map[string]string{
		"text": "text-format", "format": "number-format", "TEXT_FORMAT": "text-format", "PRIZEGEN_RULES": "rules", "txt-url": "text-url",
		"rule": "rules", "admin_tokn": "admin-token", "--seed": "seed", "completely-else": "", "": "",
	} {
		if got := known.suggest(name); got != want {
			t.Errorf("%q is taken for %q, want %q", name, got, want)
		}
	}
}

// TestConfigurationPage compares the table of docs/configuration.md with the
// settings there are.
func TestConfigurationPage(t *testing.T) {
	const page = "../../docs/configuration.md"
	content, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(content), "| setting | ")
	end := strings.Index(rest, "\n\n")
	if !found || end < 0 {
		t.Fatalf("%s has no table of settings", page)
	}
	a, _, _ := world(nil, nil)
	want := before + settingsTable(settingsOf(newRootCmd(a))) + rest[end+1:]
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(content) != want {
		t.Errorf("the table of %s is not that of the program; to write it: go test ./cmd/prizegen -run TestConfigurationPage -update", page)
	}
}

// settingsTable is the table of the page.
func settingsTable(known *settings) string {
	var b strings.Builder
	b.WriteString("| setting | flag | variable | default | meaning |\n|---|---|---|---|---|\n")
	for _, s := range known.list {
		flags := s.spelled()
		slices.Sort(flags)
		for i, name := range flags {
			flags[i] = "`" + name + "`"
		}
		name := "`" + variable(s.name) + "`"
		if s.masked {
			name += " or `…" + fileSuffix + "`"
		}
		standard, ok := s.standard()
		switch {
		case !ok:
			standard = "the command's"
		case standard != "":
			standard = "`" + standard + "`"
		}
		meaning := strings.ReplaceAll(s.usage, "|", `\|`)
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", s.name, strings.Join(flags, ", "), name, standard, meaning)
	}
	return b.String()
}
