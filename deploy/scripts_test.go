// Package deploy_test checks the scripts in the repository. make test runs it.
package deploy_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// earlyExit matches a pipe into a command that may stop reading early. The writer may then
// receive SIGPIPE, and with pipefail the pipeline fails, depending on timing.
var earlyExit = regexp.MustCompile(`(^|[^|])\|&?\s*([ef]?grep\s[^|;&]*(-[a-zA-Z]*[qlm]|--quiet|--silent|--max-count)|head\b|sed\s[^|;&]*[0-9;'\"]q\b)`)

// TestPipes checks that no script pipes into a command that may exit early. Scripts must
// capture the output first and then match it.
func TestPipes(t *testing.T) {
	for _, line := range []string{
		`rpm -qlp x.rpm | grep -qx /usr/lib/x || fail`, `a |& grep -iq b`, `a | fgrep --quiet b`,
		`docker ps -q | head -1`, `a | grep -m1 b`, `a | sed -n 2q`,
	} {
		if !earlyExit.MatchString(line) {
			t.Errorf("earlyExit does not match %q, want a match", line)
		}
	}
	for _, line := range []string{`grep -q x file`, `has "$files" x`, `a | grep -c x`, `a | cut -d' ' -f1 || grep -q x file`} {
		if earlyExit.MatchString(line) {
			t.Errorf("earlyExit matches %q, want no match", line)
		}
	}
	files := scripts(t)
	if len(files) < 30 {
		t.Fatalf("scripts: got %d, want at least 30: %v", len(files), files)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for n, line := range strings.Split(string(text), "\n") {
			if earlyExit.MatchString(line) {
				t.Errorf("%s:%d: capture the output first, then match it: %s", file, n+1, strings.TrimSpace(line))
			}
		}
	}
}

// scripts returns the files in the repository that contain shell commands.
func scripts(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if slices.Contains([]string{".git", "build", "dist", "testdata", "secrets", ".cache"}, name) {
				return filepath.SkipDir
			}
			return nil
		}
		switch filepath.Ext(name) {
		case ".sh", ".yml", ".yaml", ".groovy", ".mk", ".j2":
			files = append(files, path)
		default:
			if name == "Makefile" || name == "Jenkinsfile" || name == "Dockerfile" || name == "run" {
				files = append(files, path)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
