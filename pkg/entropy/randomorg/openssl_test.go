package randomorg_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/entropy/randomorg/randomorgtest"
)

// TestOpenSSL checks that the commands in docs/external-randomness.md verify a proof.
func TestOpenSSL(t *testing.T) {
	for _, tool := range []string{"sh", "jq", "base64", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	s := randomorgtest.New(t)
	signed, err := newClient(t, s, nil).Generate(t.Context(), "a <commitment> & more")
	if err != nil {
		t.Fatal(err)
	}
	proof, err := json.Marshal(signed.Proof())
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for name, data := range map[string][]byte{"proof.json": proof, "server.crt": s.Certificate()} {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const recipe = `set -e
jq -j .random proof.json >random.json
jq -r .signature proof.json | base64 -d >signature
openssl x509 -in server.crt -noout -pubkey >key.pem
openssl dgst -sha512 -verify key.pem -signature signature random.json
jq -r '"random.org/\(.serialNumber)/\(.data[0])"' random.json`
	command := exec.CommandContext(t.Context(), "sh", "-c", recipe)
	command.Dir = folder
	output, err := command.CombinedOutput()
	if want := "Verified OK\n" + string(signed.Seed()) + "\n"; err != nil || string(output) != want {
		t.Errorf("output of the commands: got %s and error %v, want %s", output, err, want)
	}
}
