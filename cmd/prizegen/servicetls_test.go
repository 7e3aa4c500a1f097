//go:build unix

package main

import (
	"errors"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/certs"
	"github.com/prizegen/prizegen/serve/servertest"
)

// identityArgs returns the flags for a certificate.
func identityArgs(files certs.Files) []string {
	return []string{"--service-ca", files.CA, "--service-cert", files.Cert, "--service-key", files.Key}
}

// TestServicesWithTLS starts a core and three services that require certificates. It checks
// draws, the status, the health of a service on an address of its own, and callers without a
// certificate.
func TestServicesWithTLS(t *testing.T) {
	authority, hour := servertest.NewAuthority(t), time.Now().Add(time.Hour)
	caller := identityArgs(authority.Issue(t, "core", hour))
	var services []string
	var text *service
	for _, role := range []string{"text", "number", "prize"} {
		s := startService(t, append([]string{"--role", role}, identityArgs(authority.Issue(t, role, hour))...)...)
		services = append(services, "--"+role+"-url", s.url)
		if text == nil {
			text = s
		}
	}
	core := startService(t, append(append([]string{"--role", "core", "--no-welcome"}, services...), caller...)...)
	want := prizegen(t, "draw", "--seed", "42", "-n", "100", "-o", "json")
	if got := prizegen(t, "draw", "--seed", "42", "-n", "100", "-o", "json", "--core-url", core.url); got != want {
		t.Errorf("draws of the core: got\n%s\nwant\n%s", got, want)
	}
	direct := append(append([]string{"draw", "--seed", "42", "-n", "100", "-o", "json"}, services...), caller...)
	if got := prizegen(t, direct...); got != want {
		t.Errorf("draws with a certificate: got\n%s\nwant\n%s", got, want)
	}
	if out, stderr, err := tryPrizegen(t, append([]string{"draw"}, services...)...); err == nil || out != "" || !strings.Contains(stderr, "certificate") {
		t.Errorf("draw without a certificate: got error %v, output %q and message %q, want an error about the certificate", err, out, stderr)
	}
	// The process on this machine has the same settings, and so the same certificate.
	prizegen(t, append([]string{"status", "--self", "--role", "text", "--listen", strings.TrimPrefix(text.url, "https://")}, caller...)...)
}

// TestServicesWithoutTLS checks that a core does not call services on other machines without
// TLS, unless a setting allows it.
func TestServicesWithoutTLS(t *testing.T) {
	_, stderr, err := tryPrizegen(t, "serve", "--role", "core", "--no-welcome", "--text-url", "http://text.invalid:8081")
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitUsage || !strings.Contains(stderr, "the text service has no TLS") || !strings.Contains(stderr, "--allow-plain-http") {
		t.Errorf("got error %v and message %q, want exit status %d and a hint", err, stderr, exitUsage)
	}
	core := startService(t, "--role", "core", "--no-welcome", "--text-url", "http://text.invalid:8081", "--allow-plain-http")
	core.waitForLog(t, "called without TLS", "can predict draws")
	_, stderr, err = tryPrizegen(t, "draw", "--text", "lower4", "--text-url", "http://text.invalid:8081")
	if !errors.As(err, &exit) || exit.ExitCode() != exitFailed || !strings.Contains(stderr, "has no TLS") {
		t.Errorf("draw: got error %v and message %q, want exit status %d", err, stderr, exitFailed)
	}
	_, stderr, err = tryPrizegen(t, "serve", "--service-ca", "ca.pem")
	if !errors.As(err, &exit) || exit.ExitCode() != exitUsage || !strings.Contains(stderr, "must be used together") {
		t.Errorf("a part of the certificate: got error %v and message %q, want exit status %d", err, stderr, exitUsage)
	}
}

// TestHealthAddressOfAProcess checks that status --self uses the address for health.
func TestHealthAddressOfAProcess(t *testing.T) {
	files := servertest.NewAuthority(t).Issue(t, "text", time.Now().Add(time.Hour))
	s := startService(t, append([]string{"--role", "text", "--health-listen", "127.0.0.1:0"}, identityArgs(files)...)...)
	s.waitForLog(t, "serving the health")
	address := regexp.MustCompile(`"serving the health","url":"http://([^"]+)"`).FindStringSubmatch(s.log())
	if address == nil {
		t.Fatal("the log does not contain the address for health")
	}
	if out := prizegen(t, "status", "--self", "--role", "text", "--health-listen", address[1]); !strings.Contains(out, address[1]) || !strings.Contains(out, "ready") {
		t.Errorf("got\n%s\nwant it to be ready at %s", out, address[1])
	}
}
