package main

import (
	"bytes"
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
	"github.com/spf13/pflag"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/pkg/draw"
)

var update = flag.Bool("update", false, "write the settings into docs/configuration.md")

// newTestApp returns an app with the given environment and files, and buffers for its
// output.
func newTestApp(environ []string, files map[string]string) (a *app, out, err *bytes.Buffer) {
	tree := fstest.MapFS{}
	for name, content := range files {
		tree[name] = &fstest.MapFile{Data: []byte(content), Mode: 0o600}
	}
	out, err = &bytes.Buffer{}, &bytes.Buffer{}
	return &app{
		in: strings.NewReader(""), out: out, err: err, generator: draw.Local{}, width: 100,
		table: settings.NewTable(),
		sources: settings.Sources{
			Environ: environ, ConfigDir: "home",
			Open: func(name string) (fs.File, error) { return tree.Open(filepath.ToSlash(name)) },
		},
	}, out, err
}

const userFile = "home/prizegen/config.yaml"

// configured parses a command line and applies the settings. It then calls inspect with
// the command instead of running it.
func configured(t *testing.T, a *app, inspect func(*cobra.Command), args ...string) error {
	t.Helper()
	root := newRootCmd(a)
	root.SetArgs(args)
	cmd, _, err := root.Find(args)
	if err != nil {
		t.Fatal(err)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		inspect(cmd)
		return nil
	}
	return root.Execute()
}

// isGiven reports whether any source set a flag.
func isGiven(f *pflag.Flag) bool {
	value, ok := f.Value.(interface{ Given() bool })
	return ok && value.Given()
}

// TestPrecedence sets settings in every combination of sources. It checks that a flag
// overrides the environment, which overrides the file, which overrides the default.
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
				a, _, _ := newTestApp(environ, files)
				err := configured(t, a, func(cmd *cobra.Command) {
					f := cmd.Flags().Lookup(s.flag)
					if got := f.Value.String(); got != want {
						t.Errorf("value: got %q, want %q", got, want)
					}
					if f.Changed != isTyped {
						t.Errorf("Changed: got %v, want %v, because only typed flags count", f.Changed, isTyped)
					}
					if got := isGiven(f); got != (places > 0) {
						t.Errorf("Given: got %v, want %v", got, places > 0)
					}
				}, args...)
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestConfigFilePrecedence names the configuration file in every possible way. It checks
// that --config overrides PRIZEGEN_CONFIG, which overrides the file in the user's
// configuration directory.
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
		{"1", []string{"PRIZEGEN_CONFIG="}, nil}, // an empty variable is ignored
	} {
		a, _, _ := newTestApp(test.environ, files)
		err := configured(t, a, func(cmd *cobra.Command) {
			if got := cmd.Flags().Lookup("start").Value.String(); got != test.want {
				t.Errorf("environment %q, arguments %q: got start %s, want %s", test.environ, test.args, got, test.want)
			}
		}, append([]string{"draw"}, test.args...)...)
		if err != nil {
			t.Error(err)
		}
	}
}

// TestRequiredFlag checks that required flags can be set outside the command line.
func TestRequiredFlag(t *testing.T) {
	a, out, stderr := newTestApp([]string{"PRIZEGEN_LABEL=text"}, map[string]string{userFile: "bytes: 3\nseed: 42\n"})
	if status := run(a, []string{"stream"}); status != exitDone || out.String() != "\x38\xd5\xa4" {
		t.Errorf("got status %d, output %q, error %q, want the first bytes of the stream", status, out, stderr)
	}
}

// TestFormatOfAnotherCommand checks that an output format in the environment is ignored by
// commands that do not support it, and rejected if no command supports it.
func TestFormatOfAnotherCommand(t *testing.T) {
	a, _, _ := newTestApp([]string{"PRIZEGEN_OUTPUT=ndjson"}, nil)
	err := configured(t, a, func(cmd *cobra.Command) {
		f := cmd.Flags().Lookup("output")
		if got := f.Value.String(); got != "table" || isGiven(f) {
			t.Errorf("odds: got format %s, given %v, want the default table", got, isGiven(f))
		}
	}, "odds")
	if err != nil {
		t.Error(err)
	}
	a, _, stderr := newTestApp([]string{"PRIZEGEN_OUTPUT=xml"}, nil)
	if status := run(a, []string{"odds"}); status != exitUsage || !strings.Contains(stderr.String(), `PRIZEGEN_OUTPUT: "xml": must be one of`) {
		t.Errorf("got status %d, error %q, want status %d and the permitted formats", status, stderr, exitUsage)
	}
}

// TestFlagsOfSettings compares the flags of all commands with the table of settings.
func TestFlagsOfSettings(t *testing.T) {
	a, _, _ := newTestApp(nil, nil)
	found := map[string][]string{} // flags by setting
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if v, ok := f.Value.(interface{ Setting() string }); ok && v.Setting() != "" && !slices.Contains(found[v.Setting()], f.Name) {
				found[v.Setting()] = append(found[v.Setting()], f.Name)
			}
		})
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit(newRootCmd(a))
	for _, s := range a.table {
		got := slices.Sorted(slices.Values(found[s.Name]))
		if want := slices.Sorted(slices.Values(s.Flags)); !slices.Equal(got, want) {
			t.Errorf("setting %s: got flags %q on the commands, want %q", s.Name, got, want)
		}
	}
}

// TestConfigurationPage compares the table in docs/configuration.md with the settings.
func TestConfigurationPage(t *testing.T) {
	const page = "../../docs/configuration.md"
	content, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(content), "| setting | ")
	end := strings.Index(rest, "\n\n")
	if !found || end < 0 {
		t.Fatalf("%s contains no table of settings", page)
	}
	a, _, _ := newTestApp(nil, nil)
	want := before + settingsTable(a.table) + rest[end+1:]
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(content) != want {
		t.Errorf("the table in %s is out of date; update it with: go test ./cmd/prizegen -run TestConfigurationPage -update", page)
	}
}

// settingsTable returns the table of settings for the page, in Markdown.
func settingsTable(table settings.Table) string {
	var b strings.Builder
	b.WriteString("| setting | flag | variable | default | meaning |\n|---|---|---|---|---|\n")
	for i := range table {
		s := &table[i]
		var flags []string
		for _, flag := range s.Flags {
			flags = append(flags, "`--"+flag+"`")
		}
		name := "`" + settings.Variable(s.Name) + "`"
		if s.Secret {
			name += " or `…_FILE`"
		}
		standard, ok := s.Default()
		switch {
		case !ok:
			standard = "the command's"
		case standard != "":
			standard = "`" + standard + "`"
		}
		meaning := strings.ReplaceAll(strings.ReplaceAll(s.Usage, "|", `\|`), "`", "")
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", s.Name, strings.Join(flags, ", "), name, standard, meaning)
	}
	return b.String()
}
