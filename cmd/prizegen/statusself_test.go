package main

import (
	"bytes"
	"testing"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/serve"
)

// TestSelfIsFound looks for the process that is asked: it is told of by the flags of
// the command, by the command line of process 1, by the environment, or by a file.
func TestSelfIsFound(t *testing.T) {
	for name, test := range map[string]struct {
		args, environ, process1 []string
		want                    string
	}{
		"nothing is said":            {want: "http://127.0.0.1:8080"},
		"role in the environment":    {environ: []string{"PRIZEGEN_ROLE=number", "PRIZEGEN_LISTEN=:"}, want: "http://127.0.0.1:8082"},
		"port in the environment":    {environ: []string{"PRIZEGEN_LISTEN=9000"}, want: "http://127.0.0.1:9000"},
		"one address":                {environ: []string{"PRIZEGEN_LISTEN=10.1.2.3:9000"}, want: "http://10.1.2.3:9000"},
		"all addresses of version 6": {environ: []string{"PRIZEGEN_LISTEN=[::]:9000"}, want: "http://[::1]:9000"},
		"all of version 4, by TLS": {
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
		"file of process 1": {
			process1: []string{"prizegen", "--config", "other.yaml", "serve"},
			want:     "http://127.0.0.1:7000",
		},
		"flags of the command": {
			args: []string{"--listen", ":9002"}, process1: []string{"prizegen", "serve", "--listen", ":9001"},
			want: "http://127.0.0.1:9002",
		},
		"process 1 is no server":       {process1: []string{"prizegen", "draw"}, want: "http://127.0.0.1:8080"},
		"process 1 is another program": {process1: []string{"/sbin/init", "serve", "--listen", ":1"}, want: "http://127.0.0.1:8080"},
	} {
		t.Run(name, func(t *testing.T) {
			a, _, _ := world(test.environ, map[string]string{"other.yaml": "listen: ':7000'\n"})
			got := ""
			err := configured(t, a, func(cmd *cobra.Command) {
				f := listenFlags{cert: new(string)}
				f.role, _ = cmd.Flags().Lookup("role").Value.(*value[serve.Role])
				f.listen, _ = cmd.Flags().Lookup("listen").Value.(*value[string])
				if err := a.takeListening(cmd, test.process1); err != nil {
					t.Error(err)
				}
				*f.cert = cmd.Flags().Lookup("tls-cert").Value.String()
				got = f.loopback()
			}, append([]string{"status", "--self"}, test.args...)...)
			if err != nil || got != test.want {
				t.Errorf("asks %q (%v), want %q", got, err, test.want)
			}
		})
	}
}

// TestAuthoritiesAreEmbedded looks for some that much of the web needs.
func TestAuthoritiesAreEmbedded(t *testing.T) {
	subjects := bytes.Join(embeddedRoots().Subjects(), nil) //nolint:staticcheck // it lacks those of the system, and there are none in it
	for _, name := range []string{"ISRG Root X1", "DigiCert Global Root G2", "GTS Root R1"} {
		if !bytes.Contains(subjects, []byte(name)) {
			t.Errorf("%s is not trusted", name)
		}
	}
}
