//go:build unix

package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/remote"
)

// nowhere is an address at which nothing listens.
const nowhere = "http://127.0.0.1:1"

// TestNothingIsMadeLocally gives commands the address of a service that is down, or of a
// core that cannot do what the command needs. It checks that they fail and print no draw.
func TestNothingIsMadeLocally(t *testing.T) {
	core := startService(t, "--role", "core", "--no-welcome")
	for _, test := range []struct{ command, want string }{
		{"draw --seed 42 --core-url " + nowhere, "the core service at " + nowhere + " does not answer"},
		{"draw --seed 42 --remote " + nowhere, "at " + nowhere + " does not answer"},
		{"draw --seed 42 --text lower4 --number digits4 --rules modest --core-url " + nowhere, "the core service at " + nowhere + " does not answer"},
		{"odds --core-url " + nowhere, "the core service at " + nowhere + " does not answer"},
		{"odds --check 100 --core-url " + nowhere, "the core service at " + nowhere + " does not answer"},
		{"text --seed 42 --core-url " + core.url, "set the URL of the text service"},
		{"number --seed 42 --remote " + core.url, "set the URL of the number service"},
		{"prize ABC123456 --core-url " + core.url, "set the URL of the prize service"},
		{"draw --account ABC123456 --remote " + core.url, "set the URL of the prize service"},
		{"draw --text-url " + core.url + " --core-url " + core.url, "the text service at " + core.url},
	} {
		t.Run(test.command, func(t *testing.T) {
			stdout, stderr, err := tryPrizegen(t, strings.Fields(test.command)...)
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != exitFailed {
				t.Errorf("command: got error %v, want exit status %d", err, exitFailed)
			}
			if strings.Contains(stdout, "fucb") || strings.Contains(stdout, "0166") {
				t.Errorf("output: got\n%swant no draw", stdout)
			}
			if !strings.Contains(stderr, test.want) {
				t.Errorf("message: got %q, want %q in it", stderr, test.want)
			}
		})
	}
}

// TestDrawsFromACore checks that a separate core makes the same draws as a single process,
// whether it makes the parts itself or calls services for them.
func TestDrawsFromACore(t *testing.T) {
	file := filepath.Join(t.TempDir(), "summer.yaml")
	if err := os.WriteFile(file, []byte("name: summer\ncurrency: EUR\nrules:\n- prizes: [{prize: 'A \"mug\"', chance: 1/3}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	lone := startService(t, "--role", "core", "--no-welcome", "--rules", file)
	_, services := startGenerators(t)
	composed := startService(t, append([]string{"--role", "core", "--no-welcome"}, services...)...)
	for _, command := range []string{
		"draw -n 3001 --rules modest --text upper2 --number digits8 -o json",
		"draw -n 20001 --rules generous --start 18446744073709531615 -o ndjson",
		"odds --check 2000 --rules generous -o json",
	} {
		arguments := append(strings.Fields(command), "--seed", "42", "-q")
		want := prizegen(t, arguments...)
		for _, core := range []*service{lone, composed} {
			for _, flag := range []string{"--core-url", "--remote"} {
				if got := prizegen(t, append(slices.Clone(arguments), flag, core.url)...); got != want {
					t.Errorf("%s %s: got %d bytes, want the same %d bytes as without a core", command, flag, len(got), len(want))
				}
			}
		}
	}
	want := prizegen(t, "draw", "-n", "9", "--seed", "42", "--rules", file, "-o", "json")
	if got := prizegen(t, "draw", "-n", "9", "--seed", "42", "--remote", lone.url, "-o", "json"); got != want {
		t.Errorf("draws with the core's rules: got\n%s\nwant\n%s", got, want)
	}
	if _, stderr, err := tryPrizegen(t, "draw", "--rules", file, "--remote", composed.url); err == nil || !strings.Contains(stderr, "unknown rules") {
		t.Errorf("rules that the core does not have: got error %v and message %q, want unknown rules", err, stderr)
	}
}

// TestStatusOfACore checks that prizegen status shows the services and the database that a
// core depends on, and which of them is not ready.
func TestStatusOfACore(t *testing.T) {
	number, services := startGenerators(t)
	core := startService(t, append([]string{"--role", "core", "--no-welcome"}, services[:4]...)...)
	for _, flag := range []string{"--core-url", "--remote"} {
		var list []remote.Health
		if err := json.Unmarshal([]byte(prizegen(t, "status", flag, core.url, "-o", "json")), &list); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, h := range list {
			got = append(got, strings.Join([]string{h.Service, h.Via, h.Implementation}, " "))
			if !h.Up || !h.Ready {
				t.Errorf("%s: got status %+v, want up and ready", flag, h)
			}
		}
		if want := []string{"core  services", "text core lower4", "number core digits4", "prize in core generous", "database core "}; !slices.Equal(got, want) {
			t.Errorf("services with %s: got %q, want %q", flag, got, want)
		}
	}
	number.kill()
	table, stderr, err := tryPrizegen(t, "status", "--remote", core.url)
	if err == nil || !strings.Contains(stderr, "core, number") || strings.Contains(table, "there is nothing at") {
		t.Errorf("core without its number service: got error %v\n%s%s\nwant the core and the number service not to be ready", err, table, stderr)
	}
}

// TestLocalPartsAreNamed checks that a command prints a note about the parts that it makes
// itself.
func TestLocalPartsAreNamed(t *testing.T) {
	text := startService(t, "--role", "text")
	_, stderr, err := tryPrizegen(t, "draw", "--text-url", text.url)
	if want := "the number and the prize are made in this process, because --number-url and --prize-url are not set"; err != nil || !strings.Contains(stderr, want) {
		t.Errorf("draw with only a text service: got error %v and message %q, want %q", err, stderr, want)
	}
	_, stderr, err = tryPrizegen(t, "serve", "--text-url", text.url)
	if err == nil || !strings.Contains(stderr, "--role core") {
		t.Errorf("serve with role all: got error %v and message %q, want one that names --role core", err, stderr)
	}
}
