package main

import (
	"bytes"
	"testing"

	"github.com/spf13/cobra"
)

// TestSelfURL checks that the URL for status --self comes from the flags of the command,
// the command line of process 1, the environment, or the configuration file.
func TestSelfURL(t *testing.T) {
	for name, test := range map[string]struct {
		args, environ, process1 []string
		want                    string
	}{
		"defaults":                {want: "http://127.0.0.1:8080"},
		"role in the environment": {environ: []string{"PRIZEGEN_ROLE=number", "PRIZEGEN_LISTEN=:"}, want: "http://127.0.0.1:8082"},
		"port in the environment": {environ: []string{"PRIZEGEN_LISTEN=9000"}, want: "http://127.0.0.1:9000"},
		"one address":             {environ: []string{"PRIZEGEN_LISTEN=10.1.2.3:9000"}, want: "http://10.1.2.3:9000"},
		"all IPv6 addresses":      {environ: []string{"PRIZEGEN_LISTEN=[::]:9000"}, want: "http://[::1]:9000"},
		"all IPv4 addresses, TLS": {
			environ: []string{"PRIZEGEN_LISTEN=0.0.0.0:", "PRIZEGEN_TLS_CERT=cert.pem", "PRIZEGEN_TLS_KEY=key.pem"},
			want:    "https://127.0.0.1:8080",
		},
		"flags of process 1": {
			environ:  []string{"PRIZEGEN_LISTEN=:", "PRIZEGEN_ROLE=core"},
			process1: []string{"/usr/bin/prizegen", "serve", "--role", "prize", "--listen=:9001", "--rules", "modest"},
			want:     "http://127.0.0.1:9001",
		},
		"environment of process 1": {
			environ:  []string{"PRIZEGEN_LISTEN=:"},
			process1: []string{"/usr/bin/prizegen", "serve", "--role", "prize"},
			want:     "http://127.0.0.1:8083",
		},
		"other flags of process 1": {
			process1: []string{"prizegen", "-q", "--remote=http://x", "serve", "--no-welcome", "--log-level", "debug", "--listen", ":9003", "--db", "x"},
			want:     "http://127.0.0.1:9003",
		},
		"file of process 1": {
			process1: []string{"prizegen", "--config", "other.yaml", "serve"},
			want:     "http://127.0.0.1:7000",
		},
		"flags of the command": {
			args: []string{"--listen", ":9002"}, process1: []string{"prizegen", "serve", "--listen", ":9001"},
			want: "http://127.0.0.1:9002",
		},
		"process 1 is another command": {process1: []string{"prizegen", "draw"}, want: "http://127.0.0.1:8080"},
		"process 1 is another program": {process1: []string{"/sbin/init", "serve", "--listen", ":1"}, want: "http://127.0.0.1:8080"},
	} {
		t.Run(name, func(t *testing.T) {
			a, _, _ := newTestApp(test.environ, map[string]string{"other.yaml": "listen: ':7000'\n"})
			cmd := &cobra.Command{Use: "status"}
			global, typed := newGlobalFlags(a, cmd), newListenFlags(a, cmd)
			if err := cmd.ParseFlags(test.args); err != nil {
				t.Fatal(err)
			}
			if err := configure(a, cmd, global.config); err != nil {
				t.Fatal(err)
			}
			found, err := serverListenFlags(a, typed, test.process1)
			if got := found.loopback(false); err != nil || got != test.want {
				t.Errorf("URL: got %q, error %v, want %q", got, err, test.want)
			}
		})
	}
}

// TestEmbeddedRoots checks that widely used root certificates are embedded.
func TestEmbeddedRoots(t *testing.T) {
	subjects := bytes.Join(embeddedRoots().Subjects(), nil) //nolint:staticcheck // the pool does not contain the system's root certificates
	for _, name := range []string{"ISRG Root X1", "DigiCert Global Root G2", "GTS Root R1"} {
		if !bytes.Contains(subjects, []byte(name)) {
			t.Errorf("root certificate %s is not embedded", name)
		}
	}
}
