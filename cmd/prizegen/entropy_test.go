//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy/drand/drandtest"
	"github.com/prizegen/prizegen/pkg/entropy/randomorg/randomorgtest"
)

// drawFile draws with the given flags and writes the draws to a file.
func drawFile(t *testing.T, args ...string) (name string, draws []draw.Draw) {
	t.Helper()
	out := prizegen(t, append([]string{"draw", "-n", "5", "-o", "ndjson"}, args...)...)
	name = filepath.Join(t.TempDir(), "draws.ndjson")
	if err := os.WriteFile(name, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := json.NewDecoder(strings.NewReader(out))
	for {
		var d draw.Draw
		if err := lines.Decode(&d); errors.Is(err, io.EOF) {
			return name, draws
		} else if err != nil {
			t.Fatal(err)
		}
		draws = append(draws, d)
	}
}

// mustFail runs a command that must fail with the given message and must not draw
// anything.
func mustFail(t *testing.T, want string, args ...string) {
	t.Helper()
	out, stderr, err := tryPrizegen(t, args...)
	if err == nil || !strings.Contains(stderr, want) {
		t.Errorf("prizegen %s: got error %v and message\n%s\nwant a message that contains %q", strings.Join(args, " "), err, stderr, want)
	}
	if args[0] == "draw" && out != "" {
		t.Errorf("prizegen %s: got output %q, want none", strings.Join(args, " "), out)
	}
}

// TestDrandSeed draws with a round that is published while the command waits. It verifies
// the draws offline and online.
func TestDrandSeed(t *testing.T) {
	chain := drandtest.New(t)
	from := []string{"--drand-urls", chain.URL, "--drand-chain", chain.Hash()}
	before := chain.Newest()
	name, draws := drawFile(t, append([]string{"--entropy", "drand"}, from...)...)
	var proof struct {
		Source, Chain string
		Round         uint64
		SeedForm      string `json:"seed_form"`
	}
	if err := json.Unmarshal(draws[0].Entropy, &proof); err != nil {
		t.Fatal(err)
	}
	if proof.Source != "drand" || proof.Chain != chain.Hash() || proof.Round <= before || proof.SeedForm == "" {
		t.Errorf("proof: got %s, want a round after %d of chain %s", draws[0].Entropy, before, chain.Hash())
	}
	// The seed determines the same account numbers and prizes.
	replayed := prizegen(t, "draw", "-n", "5", "-o", "csv", "--seed", draws[0].Seed)
	if !strings.Contains(replayed, ","+draws[4].Whole+",") {
		t.Errorf("draws of seed %s: got\n%s\nwant account number %s in them", draws[0].Seed, replayed, draws[4].Whole)
	}

	prizegen(t, append([]string{"verify", name}, from...)...)
	asked := chain.Requests()
	prizegen(t, append([]string{"verify", "--online", name}, from...)...)
	if chain.Requests() == asked {
		t.Error("requests of verify --online to drand: got none, want at least one")
	}
	mustFail(t, "failed verification", "verify", name) // prizegen does not trust this chain
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	forged := filepath.Join(t.TempDir(), "forged.ndjson")
	if err := os.WriteFile(forged, bytes.ReplaceAll(text, []byte(`"round":`), []byte(`"round":1`)), 0o600); err != nil {
		t.Fatal(err)
	}
	mustFail(t, "5 of 5 draws failed verification", append([]string{"verify", forged}, from...)...)

	// A past round gives the same seed in every run.
	named, first := drawFile(t, append([]string{"--entropy", "drand", "--drand-round", "7"}, from...)...)
	_, second := drawFile(t, append([]string{"--entropy", "drand", "--drand-round", "7"}, from...)...)
	if first[3].Whole != second[3].Whole || first[0].Seed != second[0].Seed {
		t.Errorf("round 7: got seeds %s and %s, want equal seeds", first[0].Seed, second[0].Seed)
	}
	prizegen(t, append([]string{"verify", named}, from...)...)
}

// TestDrandFails checks that nothing is drawn if no mirror has a round with a valid
// signature.
func TestDrandFails(t *testing.T) {
	chain := drandtest.New(t)
	draw := []string{"draw", "--entropy", "drand", "--drand-chain", chain.Hash(), "--drand-round", "7", "--drand-urls"}
	chain.Fail(drandtest.WrongKey)
	mustFail(t, "cannot get a seed from drand, so nothing was drawn", append(draw, chain.URL)...)
	chain.Fail(drandtest.Garbage)
	mustFail(t, chain.URL, append(draw, chain.URL)...)
	mustFail(t, "connection refused", append(draw, "http://127.0.0.1:1")...)
	honest := chain.NewMirror(t)
	prizegen(t, append(draw, "http://127.0.0.1:1,"+chain.URL+","+honest.URL)...)
}

// TestRandomOrgSeed draws with a blob that RANDOM.ORG has signed. It checks that the API
// key, which is set in the environment, does not appear in the output.
func TestRandomOrgSeed(t *testing.T) {
	server := randomorgtest.New(t)
	secret := string(server.APIKey)
	t.Setenv("PRIZEGEN_RANDOM_ORG_API_KEY", secret)
	from := []string{"--random-org-url", server.URL}
	name, draws := drawFile(t, append([]string{"--entropy", "random.org"}, from...)...)
	if !strings.HasPrefix(draws[0].Seed, "random.org/") || !strings.Contains(string(draws[0].Entropy), `"signature"`) {
		t.Errorf("first draw: got seed %s and proof %s, want a signed seed from random.org", draws[0].Seed, draws[0].Entropy)
	}
	cert := filepath.Join(t.TempDir(), "cert.pem")
	if err := os.WriteFile(cert, server.Certificate(), 0o600); err != nil {
		t.Fatal(err)
	}
	prizegen(t, "verify", "--random-org-cert", cert, name)
	prizegen(t, append([]string{"verify", "--online", name}, from...)...)
	_, notes, err := tryPrizegen(t, "verify", name)
	if err != nil || !strings.Contains(notes, "warning: ") {
		t.Errorf("verify without a certificate: got error %v and message %q, want a warning", err, notes)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	out := string(text) + notes
	server.Fail(randomorgtest.Repeating)
	_, stderr, err := tryPrizegen(t, append([]string{"draw", "--entropy", "random.org"}, from...)...)
	if err == nil || !strings.Contains(stderr, "cannot get a seed from random.org") {
		t.Errorf("draw with a repeated blob: got error %v and message %q, want no seed from random.org", err, stderr)
	}
	if out += stderr; strings.Contains(out, secret) {
		t.Errorf("the output contains the API key:\n%s", out)
	}
	t.Setenv("PRIZEGEN_RANDOM_ORG_API_KEY", "")
	mustFail(t, "hint: set PRIZEGEN_RANDOM_ORG_API_KEY", append([]string{"draw", "--entropy", "random.org"}, from...)...)
}

// TestServicesWithDrand checks that services take new seeds from drand and return the
// proof, and that they refuse requests without a key or seed if drand fails.
func TestServicesWithDrand(t *testing.T) {
	chain := drandtest.New(t)
	from := []string{"--drand-urls", chain.URL, "--drand-chain", chain.Hash()}
	s := startService(t, append([]string{"--entropy", "drand", "--entropy-every", "1ns"}, from...)...)
	for _, part := range []string{"text", "number"} {
		var answer struct {
			Texts, Numbers []string
			Entropy        struct{ Seed string }
		}
		get(t, s.url+"/v1/"+part+"?count=3", http.StatusOK, &answer)
		want := prizegen(t, part, "-n", "3", "--seed", answer.Entropy.Seed)
		if got := strings.Join(append(answer.Texts, answer.Numbers...), "\n") + "\n"; got != want {
			t.Errorf("parts of seed %s from the service: got %q, want %q", answer.Entropy.Seed, got, want)
		}
	}
	first, second := postDraws(t, s.url, `{"count":3}`), postDraws(t, s.url, `{"count":3}`)
	if first == second {
		t.Errorf("draws of two requests: got %s twice, want different draws", first)
	}
	name := filepath.Join(t.TempDir(), "draws.json")
	if err := os.WriteFile(name, []byte(first), 0o600); err != nil {
		t.Fatal(err)
	}
	prizegen(t, append([]string{"verify", name}, from...)...)

	chain.Fail(drandtest.WrongKey)
	var problem struct{ Detail string }
	get(t, s.url+"/v1/text", http.StatusServiceUnavailable, &problem)
	if !strings.Contains(problem.Detail, "no randomness from drand") {
		t.Errorf("problem: got %q, want no randomness from drand", problem.Detail)
	}
	// Draws with a seed do not need drand.
	if got := postDraws(t, s.url, `{"seed":"42"}`); !strings.Contains(got, "fucb0166") {
		t.Errorf("seed 42: got %s, want account number fucb0166", got)
	}
}

// get requests a URL, checks the status of the response, and decodes its JSON into into.
func get(t *testing.T, url string, status int, into any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != status {
		t.Errorf("GET %s: got status %s, want %d", url, answer.Status, status)
	}
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}

// TestSeedOrSource checks that a seed and a source of seeds cannot be used together.
func TestSeedOrSource(t *testing.T) {
	_, stderr, err := tryPrizegen(t, "draw", "--seed", "42", "--entropy", "drand")
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitUsage || !strings.Contains(stderr, "--entropy and --seed cannot be used together") {
		t.Errorf("--seed with --entropy: got error %v and message %q, want exit status %d", err, stderr, exitUsage)
	}
}
