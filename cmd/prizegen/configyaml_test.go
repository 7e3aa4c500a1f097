package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// read reads a configuration file with all checks.
func read(known *settings, content string) (configFile, error) {
	p := configParser{configMistakes: configMistakes{file: "c.yaml"}}
	p.parse([]byte(content))
	file := configFile{name: "c.yaml", entries: p.entries}
	file.check(known, &p.configMistakes)
	return file, p.err()
}

func TestConfigFile(t *testing.T) {
	a, _, _ := world(nil, nil)
	known := settingsOf(newRootCmd(a))
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
		file, err := read(known, content)
		got := map[string]string{}
		for _, entry := range file.entries {
			got[entry.name] = strings.Join(entry.values, "\x00")
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v\n%s", content, err, diff)
		}
	}
}

func TestConfigFileMistakes(t *testing.T) {
	a, _, _ := world(nil, nil)
	known := settingsOf(newRootCmd(a))
	for content, want := range map[string][]string{
		"start: 1\nrulse: x\n":             {`2:1: unknown setting "rulse", did you mean rules?`},
		"text: lower4":                     {`1:1: unknown setting "text", did you mean text-format?`},
		"force: true":                      {`1:1: unknown setting "force", --force is for the command line alone`},
		"help: true":                       {`1:1: unknown setting "help", expected one of those`},
		"start:   x":                       {`1:10: start: "x": expected a whole number from 0`},
		"quiet: 7":                         {`1:8: quiet: "7": expected true or false`},
		"start: 1\nstart: 2":               {`2:1: "start" is set already (line 1), expected it once`},
		"start:":                           {`1:1: "start" has no value, expected one`},
		"rules: [a, b]":                    {`1:8: rules: this is a list, expected one value; a text that begins with [ or - needs quotes`},
		"admin-token: [hush]":              {`1:14: admin-token: this is a list`},
		"text:\n  url: http://x":           {`1:1: "text" has keys or lists of its own, expected one value; settings are not nested`},
		"rules: modest\n---\nrules: x":     {`3:1: a second document starts here`},
		"text-format: [BCD]3":              {`1:19: text-format: value is not allowed in this context, expected lines such as rules: modest, and quotes`},
		"modest":                           {`1:1: this is not a setting, expected lines such as rules: modest`},
		"rules: &x modest":                 {`1:8: anchors, aliases, merges and tags`},
		"seed: !hush\n":                    {`1:7: anchors, aliases, merges and tags`},
		"rules: a\x00b":                    {`1:9: the file has the control character '\x00', expected plain text`},
		"\xff\xfe":                         {`1:1: the file has bytes that are not UTF-8, expected plain text`},
		"seed: hush\nremote: u:hush@x":     {`2:9: remote: not an absolute http or https address`},
		"admin-token: ''":                  {`1:14: admin-token: the value is empty, expected one`},
		"seed: ''":                         {`1:7: seed: invalid seed: it is empty`},
		"a: 1\nb: 2\n":                     {`1:1: unknown setting "a"`, `2:1: unknown setting "b"`},
		strings.Repeat("#", 4001):          {`1:1: the line has 4001 bytes, expected at most 4000`},
		strings.Repeat("#\n", 40000):       {`1:1: the file is too large, expected at most 65536 bytes`},
		"rules: " + strings.Repeat("[", 9): {`1:10: there are too many brackets`},
		strings.Repeat("a: 1\n", 300):      {`201:2: there are too many brackets, keys or documents`},
	} {
		_, err := read(known, content)
		if err == nil {
			t.Errorf("%.100q is taken", content)
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

// FuzzConfigFile reads anything without a fault. Every mistake is at a place in
// the file, and what is read without one are settings, each once and with a value
// that its flag takes.
func FuzzConfigFile(f *testing.F) {
	a, _, _ := world(nil, nil)
	known := settingsOf(newRootCmd(a))
	for _, seed := range []string{
		"rules: modest\nstart: 3 # x\n", "text-format: '[BCD]3'\n", "{a: [1, {b: c}]}", "- x\n- y\n", "a: b: c", "? a\n: b\n", "---\na: 1\n...\n---\nb: 2\n",
		"seed: |\n  x\n", "seed: >-\n  x\n  y\n", "quiet: yes\n", "\uFEFFstart: 1", "a: &x 1\nb: *x\n<<: *x\n", "%YAML 1.2\n---\n", "start: 0x1\r\n", "\"ru\\u006ces\": \"\\0\"",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		p := configParser{configMistakes: configMistakes{file: "c.yaml"}}
		p.parse([]byte(content))
		file := configFile{name: "c.yaml", entries: p.entries}
		file.check(known, &p.configMistakes)
		lines := strings.Split(content, "\n")
		for _, m := range p.list {
			if m.line < 1 || m.line > len(lines)+1 || m.column < 1 || m.problem == "" || !utf8.ValidString(m.problem) {
				t.Errorf("a mistake at %d:%d: %q", m.line, m.column, m.problem)
			}
		}
		if p.err() != nil {
			return
		}
		seen := map[string]bool{}
		for _, entry := range file.entries {
			if s := known.named(entry.name); s == nil || seen[entry.name] || len(entry.values) == 0 {
				t.Errorf("%q is read as %+v", content, entry)
			}
			seen[entry.name] = true
		}
	})
}
