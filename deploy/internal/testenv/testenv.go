// Package testenv finds programs, free addresses and files for the tests of the deployment.
package testenv

import (
	"net"
	"os"
	"os/exec"
	"testing"
)

// Program returns the path of the first of the named programs that is installed. If none
// is, it skips the test or, in continuous integration, fails it.
func Program(t testing.TB, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("program %s is not installed", names[0])
	}
	t.Skipf("program %s is not installed", names[0])
	return ""
}

// FreeAddress returns a loopback address on which no program was listening at the time.
func FreeAddress(t testing.TB) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return listener.Addr().String()
}

// ReadFile returns the content of a file.
func ReadFile(t testing.TB, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
