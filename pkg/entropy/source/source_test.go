package source_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/entropy/drand"
	"github.com/prizegen/prizegen/pkg/entropy/drand/drandtest"
	"github.com/prizegen/prizegen/pkg/entropy/randomorg"
	"github.com/prizegen/prizegen/pkg/entropy/randomorg/randomorgtest"
	"github.com/prizegen/prizegen/pkg/entropy/source"
)

// newSeed generates a seed with a valid configuration, and checks that its proof is
// accepted.
func newSeed(t *testing.T, cfg source.Config) (entropy.Seed, jsontext.Value) {
	t.Helper()
	s, err := source.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if want := cfg.Name; s.Name() != want {
		t.Errorf("got source %s, want %s", s.Name(), want)
	}
	seed, proof, err := s.Seed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := entropy.ParseSeed(string(seed)); err != nil {
		t.Error(err)
	}
	return seed, proof
}

func TestOS(t *testing.T) {
	s, err := source.New(source.Config{})
	if err != nil || s.Name() != source.OS {
		t.Fatalf("zero Config: got source %v and error %v, want os", s, err)
	}
	seed, proof := newSeed(t, source.Config{Name: source.OS})
	other, _ := newSeed(t, source.Config{Name: source.OS})
	if seed == other || proof != nil {
		t.Errorf("got seeds %s and %s with proof %s, want different seeds without a proof", seed, other, proof)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if seed, _, err := s.Seed(cancelled); !errors.Is(err, context.Canceled) || seed != "" {
		t.Errorf("cancelled: got seed %q and error %v, want no seed and context.Canceled", seed, err)
	}
	if _, err := source.CheckProof(t.Context(), source.Config{}, seed, proof, false); !errors.Is(err, source.ErrProof) {
		t.Errorf("without a proof: got error %v, want ErrProof", err)
	}
}

// drandConfig returns a configuration for a chain that is reached without a network.
func drandConfig(c *drandtest.Chain) source.Config {
	transport := drandtest.Transport(map[string]http.Handler{"mirror": c})
	return source.Config{
		Name: source.Drand, DrandURLs: []string{"http://mirror"}, DrandChain: c.Hash(), HTTP: &http.Client{Transport: transport},
	}
}

func TestDrand(t *testing.T) { synctest.Test(t, testDrand) }

func testDrand(t *testing.T) {
	c := drandtest.Make(t, drandtest.Config{})
	cfg := drandConfig(c)
	cfg.DrandRound = 42
	seed, proof := newSeed(t, cfg)
	if seed != c.Round(42).Seed() {
		t.Errorf("got seed %s, want %s", seed, c.Round(42).Seed())
	}
	for _, online := range []bool{false, true} {
		f, err := source.CheckProof(t.Context(), cfg, seed, proof, online)
		if err != nil || !f.Signed || f.Confirmed != online || f.Source != source.Drand || !f.At.Equal(c.Info().TimeOf(42)) {
			t.Errorf("online %t: got finding %+v and error %v, want a signed finding with time %s", online, f, err, c.Info().TimeOf(42))
		}
		for _, want := range []string{"round 42 of drand chain test (" + c.Hash() + ")", "published at 1999-12-31T23:59:01Z", "signature is verified"} {
			if !strings.Contains(f.String(), want) {
				t.Errorf("got finding %q, want it to contain %q", f, want)
			}
		}
	}
	before := c.Requests()
	if _, err := source.CheckProof(t.Context(), source.Config{}, seed, proof, true); !errors.Is(err, drand.ErrChain) || c.Requests() != before {
		t.Errorf("untrusted chain: got error %v, want ErrChain and no request", err)
	}
	c.Fail(drandtest.Broken)
	if f, err := source.CheckProof(t.Context(), cfg, seed, proof, true); !errors.Is(err, drand.ErrUnavailable) || f.Signed {
		t.Errorf("broken mirror: got finding %+v and error %v, want ErrUnavailable", f, err)
	}
}

func TestDrandNext(t *testing.T) { synctest.Test(t, testDrandNext) }

func testDrandNext(t *testing.T) {
	c := drandtest.Make(t, drandtest.Config{})
	newest := c.Newest()
	seed, _ := newSeed(t, drandConfig(c))
	if ref, err := drand.ParseSeed(seed); err != nil || ref.Round <= newest {
		t.Errorf("got seed %+v and error %v, want a round after %d", ref, err, newest)
	}
	for _, fault := range []drandtest.Fault{drandtest.Broken, drandtest.WrongKey} {
		c.Fail(fault)
		s, err := source.New(drandConfig(c))
		if err != nil {
			t.Fatal(err)
		}
		if seed, proof, err := s.Seed(t.Context()); !errors.Is(err, drand.ErrUnavailable) || seed != "" || proof != nil {
			t.Errorf("got seed %q, proof %s and error %v, want only ErrUnavailable", seed, proof, err)
		}
	}
}

func TestRandomOrg(t *testing.T) {
	s := randomorgtest.Make(t)
	other := randomorgtest.Make(t)
	synctest.Test(t, func(t *testing.T) { testRandomOrg(t, s, other) })
}

func testRandomOrg(t *testing.T, s, other *randomorgtest.Server) {
	const url = "http://localhost"
	client := &http.Client{Transport: drandtest.Transport(map[string]http.Handler{"localhost": s})}
	cfg := source.Config{
		Name: source.RandomOrg, RandomOrgURL: url, RandomOrgAPIKey: s.APIKey, RandomOrgCert: s.Certificate(),
		UserData: "commitment", HTTP: client,
	}
	seed, proof := newSeed(t, cfg)
	if !strings.Contains(string(proof), "commitment") {
		t.Errorf("got proof %s, want it to contain the user data", proof)
	}
	withKey := source.Config{RandomOrgURL: url, RandomOrgCert: s.Certificate(), HTTP: client}
	without := source.Config{RandomOrgURL: url, HTTP: client}
	for _, test := range []struct {
		cfg               source.Config
		online            bool
		signed, confirmed bool
		want              error
		says              string
	}{
		{withKey, false, true, false, nil, "at 2021-03-15T13:51:32Z: its signature is verified"},
		{withKey, true, true, true, nil, "its signature is verified and random.org has confirmed it"},
		{without, true, false, true, nil, ": random.org has confirmed it"},
		{without, false, false, false, source.ErrUnverified, "its signature is not verified"},
	} {
		f, err := source.CheckProof(t.Context(), test.cfg, seed, proof, test.online)
		if !errors.Is(err, test.want) || f.Signed != test.signed || f.Confirmed != test.confirmed || !strings.HasSuffix(f.String(), test.says) {
			t.Errorf("online %t: got %q and error %v, want signed %t, confirmed %t, error %v and %q", test.online, f, err, test.signed, test.confirmed, test.want, test.says)
		}
	}
	s.Fail(randomorgtest.NotAuthentic)
	if f, err := source.CheckProof(t.Context(), withKey, seed, proof, true); !errors.Is(err, randomorg.ErrSignature) || f.Confirmed {
		t.Errorf("unauthentic signature: got finding %+v and error %v, want ErrSignature", f, err)
	}
	s.Fail(randomorgtest.NoBits)
	failing, err := source.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if seed, proof, err := failing.Seed(t.Context()); !errors.Is(err, randomorg.ErrQuota) || seed != "" || proof != nil {
		t.Errorf("got seed %q, proof %s and error %v, want only an error", seed, proof, err)
	}
	_, err = source.CheckProof(t.Context(), source.Config{RandomOrgCert: other.Certificate()}, seed, proof, false)
	if !errors.Is(err, randomorg.ErrSignature) {
		t.Errorf("another certificate: got error %v, want ErrSignature", err)
	}
}

func TestNewErrors(t *testing.T) {
	for name, test := range map[string]struct {
		cfg  source.Config
		want error
		says string
	}{
		"a name":        {source.Config{Name: "dice"}, source.ErrSource, `"dice"; use os, drand or random.org`},
		"a chain":       {source.Config{Name: source.Drand, DrandChain: "slownet"}, drand.ErrChain, "drand-chain"},
		"a mirror":      {source.Config{Name: source.Drand, DrandURLs: []string{"drand.sh"}}, nil, "drand-urls"},
		"no API key":    {source.Config{Name: source.RandomOrg}, randomorg.ErrKey, "dashboard"},
		"an address":    {source.Config{Name: source.RandomOrg, RandomOrgAPIKey: "key", RandomOrgURL: "ftp://x"}, nil, "random-org-url"},
		"a certificate": {source.Config{Name: source.RandomOrg, RandomOrgAPIKey: "key", RandomOrgCert: []byte("x")}, nil, "random-org-cert"},
		"unused fields": {source.Config{Name: source.OS, DrandChain: "slownet", RandomOrgURL: "ftp://x"}, nil, ""},
	} {
		s, err := source.New(test.cfg)
		if test.says == "" {
			if err != nil {
				t.Errorf("%s: got error %v, want nil", name, err)
			}
			continue
		}
		if err == nil || s != nil || test.want != nil && !errors.Is(err, test.want) || !strings.Contains(fmt.Sprint(err), test.says) {
			t.Errorf("%s: got source %v and error %v, want a %v that contains %q", name, s, err, test.want, test.says)
		}
	}
}

func TestCheckProofErrors(t *testing.T) {
	const round42Seed = "drand/52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971/42/8ada64bae5c6c0f5540a6a13af56e663240edfbd2c76ac6a8f27671eb7259ce3"
	const round42 = `{"source":"drand","chain":"52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971","round":42,` +
		`"signature":"95a9f9f5b231b7714de1553105d8ffdf3dcda24cfdb1e689319bccf79a9c8ce430a91b811fbfaf763900bc998b5d686a"}`
	if f, err := source.CheckProof(t.Context(), source.Config{}, round42Seed, jsontext.Value(round42), false); err != nil || f.At.Format(time.DateOnly) != "2023-08-23" {
		t.Errorf("round 42: got finding %+v and error %v, want a time on 2023-08-23", f, err)
	}
	for name, test := range map[string]struct {
		cfg   source.Config
		seed  entropy.Seed
		proof string
		want  error
		says  string
	}{
		"null":               {proof: "null", want: source.ErrProof, says: "the seed has none"},
		"not an object":      {proof: "[]", want: source.ErrProof, says: "not a JSON object"},
		"broken":             {proof: "{", want: source.ErrProof, says: "not a JSON object"},
		"no source":          {proof: "{}", want: source.ErrSource, says: `""`},
		"another source":     {proof: `{"source":"dice"}`, want: source.ErrSource, says: "this version checks only"},
		"drand, broken":      {proof: `{"source":"drand","chain":"12"}`, want: drand.ErrProof, says: "invalid JSON"},
		"drand, other seed":  {proof: round42, seed: "42", want: drand.ErrSeed, says: "the format is drand/"},
		"drand, wrong chain": {proof: round42, seed: round42Seed, cfg: source.Config{DrandChain: "x"}, want: drand.ErrChain, says: "drand-chain"},
		"drand, no mirror":   {proof: round42, seed: round42Seed, cfg: source.Config{DrandURLs: []string{"x"}}, says: "drand-urls"},
		"random.org, broken": {proof: `{"source":"random.org","signature":"!"}`, want: randomorg.ErrProof, says: "invalid JSON"},
		"random.org, other":  {proof: `{"source":"random.org"}`, seed: "42", want: randomorg.ErrSeed, says: "the format is random.org/"},
		"random.org, cert":   {proof: `{"source":"random.org"}`, cfg: source.Config{RandomOrgCert: []byte("x")}, says: "random-org-cert"},
	} {
		f, err := source.CheckProof(t.Context(), test.cfg, test.seed, jsontext.Value(test.proof), true)
		if err == nil || test.want != nil && !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got finding %+v and error %v, want a %v that contains %q", name, f, err, test.want, test.says)
		}
	}
}
