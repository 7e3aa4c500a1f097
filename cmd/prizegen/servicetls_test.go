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

// identityArgs returns the flags for these certificate files.
func identityArgs(files certs.Files) []string {
	return []string{"--service-ca", files.CA, "--service-cert", files.Cert, "--service-key", files.Key}
}

// TestServicesWithTLS starts a core and three services that require certificates. It checks
// that draws are the same as without services, that a caller without a certificate is
// refused, and that status --self works.
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
		t.Errorf("draws from the core: got\n%s\nwant\n%s", got, want)
	}
	direct := append(append([]string{"draw", "--seed", "42", "-n", "100", "-o", "json"}, services...), caller...)
	if got := prizegen(t, direct...); got != want {
		t.Errorf("draws with a certificate: got\n%s\nwant\n%s", got, want)
	}
	if out, stderr, err := tryPrizegen(t, append([]string{"draw"}, services...)...); err == nil || out != "" || !strings.Contains(stderr, "certificate") {
		t.Errorf("draw without a certificate: got error %v, output %q and message %q, want an error about the certificate", err, out, stderr)
	}
	// status --self has the settings of the process on this machine, and thus its certificate.
	prizegen(t, append([]string{"status", "--self", "--role", "text", "--listen", strings.TrimPrefix(text.url, "https://")}, caller...)...)
}

// TestServicesWithoutTLS checks that a core does not call services on other machines without
// TLS, unless a setting allows it.
func TestServicesWithoutTLS(t *testing.T) {
	_, stderr, err := tryPrizegen(t, "serve", "--role", "core", "--no-welcome", "--text-url", "http://text.invalid:8081")
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitUsage || !strings.Contains(stderr, "the text service has no TLS") || !strings.Contains(stderr, "--allow-plain-http") {
		t.Errorf("core that calls a service without TLS: got error %v and message %q, want exit status %d and a hint", err, stderr, exitUsage)
	}
	core := startService(t, "--role", "core", "--no-welcome", "--text-url", "http://text.invalid:8081", "--allow-plain-http")
	core.waitForLog(t, "called without TLS", "can predict draws")
	_, stderr, err = tryPrizegen(t, "draw", "--text", "lower4", "--text-url", "http://text.invalid:8081")
	if !errors.As(err, &exit) || exit.ExitCode() != exitFailed || !strings.Contains(stderr, "has no TLS") {
		t.Errorf("draw: got error %v and message %q, want exit status %d", err, stderr, exitFailed)
	}
	_, stderr, err = tryPrizegen(t, "serve", "--service-ca", "ca.pem")
	if !errors.As(err, &exit) || exit.ExitCode() != exitUsage || !strings.Contains(stderr, "must be used together") {
		t.Errorf("--service-ca alone: got error %v and message %q, want exit status %d", err, stderr, exitUsage)
	}
}

// TestHealthAddressOfAProcess checks that status --self uses the address in --health-listen.
func TestHealthAddressOfAProcess(t *testing.T) {
	files := servertest.NewAuthority(t).Issue(t, "text", time.Now().Add(time.Hour))
	s := startService(t, append([]string{"--role", "text", "--health-listen", "127.0.0.1:0"}, identityArgs(files)...)...)
	s.waitForLog(t, "serving health and metrics")
	address := regexp.MustCompile(`"serving health and metrics","url":"http://([^"]+)"`).FindStringSubmatch(s.log())
	if address == nil {
		t.Fatal("the log does not contain the address for health and metrics")
	}
	if out := prizegen(t, "status", "--self", "--role", "text", "--health-listen", address[1]); !strings.Contains(out, address[1]) || !strings.Contains(out, "ready") {
		t.Errorf("status: got\n%s\nwant a service that is ready at %s", out, address[1])
	}
}
