package nginx_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prizegen/prizegen/deploy/internal/testenv"
)

// front is a running NGINX server.
type front struct {
	http, https string // addresses on which it listens
	client      *http.Client
	log         string // path of the access log
}

// services holds the addresses of the services behind NGINX, keyed by the name of their
// upstream.
type services map[string][]string

// start runs NGINX with the configuration in this folder in front of services.
func start(t *testing.T, behind services) *front {
	t.Helper()
	program := findNGINX(t)
	folder := t.TempDir()
	// If root starts NGINX, its worker processes run as another user.
	if err := os.Chmod(filepath.Dir(folder), 0o755); err != nil { //nolint:gosec // see above
		t.Fatal(err)
	}
	f := &front{http: testenv.FreeAddress(t), https: testenv.FreeAddress(t), log: filepath.Join(folder, "access.log")}
	roots := makeCertificate(t, folder)
	f.client = &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "play.example.org"}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	config := filepath.Join(folder, "nginx.conf")
	if err := os.WriteFile(config, []byte(f.config(t, folder, behind)), 0o600); err != nil {
		t.Fatal(err)
	}
	var messages strings.Builder
	cmd := exec.CommandContext(context.Background(), program, "-p", folder, "-c", config, "-e", "stderr", "-g", "daemon off;")
	cmd.Stderr = &messages
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // the messages explain the failure
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
		if t.Failed() {
			t.Logf("output of nginx:\n%s", messages.String())
		}
	})
	for {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", f.https)
		if err == nil {
			if err := conn.Close(); err != nil {
				t.Fatal(err)
			}
			return f
		}
		select {
		case <-ended:
			t.Fatal("nginx exited before it accepted connections")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// TestDebianConfiguration checks that the site can be included in the configuration of
// Debian's package, which already sets some of the same directives.
func TestDebianConfiguration(t *testing.T) {
	program := findNGINX(t)
	folder := t.TempDir()
	makeCertificate(t, folder)
	f := &front{http: testenv.FreeAddress(t), https: testenv.FreeAddress(t), log: filepath.Join(folder, "access.log")}
	own := testenv.ReadFile(t, "/etc/nginx/nginx.conf")
	const included = "include /etc/nginx/conf.d/*.conf;"
	if !strings.Contains(own, included) {
		t.Fatalf("/etc/nginx/nginx.conf does not contain %q:\n%s", included, own)
	}
	own = strings.NewReplacer(
		included, "include "+folder+"/conf.d/*.conf;", "include /etc/nginx/sites-enabled/*;", "",
		"/var/log/nginx/", folder+"/", "/run/nginx.pid", folder+"/nginx.pid",
	).Replace(own)
	host, site := f.files(t, folder, nil)
	for name, text := range map[string]string{"nginx.conf": own, "conf.d/00-prizegen.conf": host, "conf.d/10-prizegen.conf": site} {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), program, "-t", "-c", filepath.Join(folder, "nginx.conf"), "-e", "stderr").CombinedOutput(); err != nil {
		t.Errorf("nginx -t: %v\n%s", err, out)
	}
}

func findNGINX(t *testing.T) string {
	t.Helper()
	return testenv.Program(t, "nginx", "/usr/sbin/nginx")
}

// config returns a complete configuration, which consists of the files in this folder with
// the addresses and paths for the test.
func (f *front) config(t *testing.T, folder string, behind services) string {
	t.Helper()
	host, site := f.files(t, folder, behind)
	temp := ""
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		temp += kind + "_temp_path " + folder + "/" + kind + ";\n"
	}
	return "pid " + folder + "/nginx.pid;\nworker_processes 2;\nevents {}\nhttp {\n" + temp + host + site + "}\n"
}

// files returns host.conf and site.conf with the addresses and paths for the test.
func (f *front) files(t *testing.T, folder string, behind services) (host, site string) {
	t.Helper()
	host, site = testenv.ReadFile(t, "host.conf"), testenv.ReadFile(t, "site.conf")
	for name, addresses := range behind {
		servers := ""
		for _, address := range addresses {
			servers += "    server " + address + " max_fails=3 fail_timeout=2s;\n"
		}
		upstream := regexp.MustCompile(`(upstream ` + name + ` \{[^}]*?)    server [^\n]*\n`)
		host = upstream.ReplaceAllString(host, "${1}"+servers)
	}
	site = strings.NewReplacer(
		"listen 80 ", "listen "+f.http+" ", "listen 443 ", "listen "+f.https+" ",
		"listen [::]:80 default_server;", "", "listen [::]:443 ssl default_server;", "",
		"/etc/nginx/tls/", folder+"/", "/var/log/nginx/access.log", f.log,
	).Replace(site)
	return host, site
}

// response is a response without its body.
type response struct {
	StatusCode int
	Status     string
	Header     http.Header
	TLS        *tls.ConnectionState
}

// send sends a request over HTTPS. It returns the response and its body.
func (f *front) send(t *testing.T, method, path, body string, header ...string) (response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, "https://"+f.https+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "play.example.org"
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	got, err := f.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	content, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response{got.StatusCode, got.Status, got.Header, got.TLS}, string(content)
}

// makeCertificate writes a certificate for play.example.org to cert.pem and its key to
// key.pem in folder. It returns a pool that contains the certificate.
func makeCertificate(t *testing.T, folder string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: []string{"play.example.org"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: cert}, "key.pem": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(folder, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roots := x509.NewCertPool()
	parsed, err := x509.ParseCertificate(cert)
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(parsed)
	return roots
}
