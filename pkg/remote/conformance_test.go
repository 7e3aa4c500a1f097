package remote_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/serve/servertest"
)

// failedChecks checks a service. It returns the reasons of the failed checks, keyed by
// check.
func failedChecks(t *testing.T, client *remote.Client, service string) map[string]string {
	t.Helper()
	failed, checks := map[string]string{}, 0
	err := client.Conformance(t.Context(), service, func(c remote.Check) {
		if checks++; !c.OK {
			failed[c.Check] = c.Reason
		}
	})
	if err != nil || checks < 10 {
		t.Errorf("%s: got %d checks and error %v, want at least 10", service, checks, err)
	}
	return failed
}

// TestConformance checks prizegen's own services, which conform.
func TestConformance(t *testing.T) {
	client := newClient(t, handler(t, summer))
	for _, service := range []string{remote.Text, remote.Number, remote.Prize} {
		if failed := failedChecks(t, client, service); len(failed) > 0 {
			t.Errorf("%s: failed checks: got %v, want none", service, failed)
		}
	}
}

// TestForeignTextService checks a text service that is written in Python.
func TestForeignTextService(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "python3", "testdata/textservice.py")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() }) // t.Context() ends the process
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client := remote.New(remote.Config{Text: servertest.ParseURL(t, strings.TrimSpace(line)), Transport: transport, Timeout: 5 * time.Minute})
	if failed := failedChecks(t, client, remote.Text); len(failed) > 0 {
		t.Errorf("failed checks: got %v, want none", failed)
	}
}

// TestNonconformingServices checks services with one fault each.
func TestNonconformingServices(t *testing.T) {
	honest := handler(t, summer)
	for name, test := range map[string]struct {
		service string
		fault   func(w http.ResponseWriter, r *http.Request)
		fails   string
	}{
		"a service that accepts everything": {remote.Number, func(w http.ResponseWriter, r *http.Request) {
			recorder := httptest.NewRecorder()
			if honest.ServeHTTP(recorder, r); recorder.Code >= 400 {
				_, _ = w.Write([]byte(`{"format":"digits8","numbers":[]}`))
				return
			}
			w.WriteHeader(recorder.Code)
			_, _ = w.Write(recorder.Body.Bytes())
		}, "refuses a count of 0"},
		"a service that ignores keys": {remote.Text, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				r.Body = http.NoBody
			}
			honest.ServeHTTP(w, r)
		}, "generates the first part for a key"},
		"a prize service without ranges": {remote.Prize, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost && r.ContentLength > 0 {
				http.Error(w, "no", http.StatusNotImplemented)
				return
			}
			honest.ServeHTTP(w, r)
		}, "awards the prizes of draws for several keys"},
	} {
		t.Run(name, func(t *testing.T) {
			failed := failedChecks(t, newClient(t, http.HandlerFunc(test.fault)), test.service)
			if failed[test.fails] == "" {
				t.Errorf("failed checks: got %v, want %q among them", failed, test.fails)
			}
		})
	}
}
