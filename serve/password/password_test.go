package password_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/serve/password"
)

func Example() {
	right, err := password.New("correct horse battery staple")
	if err != nil {
		log.Fatal(err)
	}
	for _, guess := range []string{"hunter2", "correct horse battery staple"} {
		ok, err := right.Matches(context.Background(), guess)
		fmt.Println(guess, ok, err)
	}
	// Output:
	// hunter2 false <nil>
	// correct horse battery staple true <nil>
}

func TestAHashStandsForItsPassword(t *testing.T) {
	hash, err := password.Hash("sesame")
	if err != nil {
		t.Fatal(err)
	}
	right, err := password.New(hash)
	if err != nil {
		t.Fatal(err)
	}
	for guess, want := range map[string]bool{"sesame": true, "Sesame": false, "": false, hash: false, strings.Repeat("a", password.MaxLength+1): false} {
		if got, err := right.Matches(t.Context(), guess); err != nil || got != want {
			t.Errorf("%.20q matches: %v, %v; want %v", guess, got, err, want)
		}
	}
}

func TestMarksAreOfAPassword(t *testing.T) {
	make := func(secret string) *password.Password {
		p, err := password.New(secret)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	hash, err := password.Hash("sesame")
	if err != nil {
		t.Fatal(err)
	}
	here, there, hashed, other := make("sesame"), make("sesame"), make(hash), make("poppy")
	for _, c := range []struct {
		name string
		p    *password.Password
		mark string
		want bool
	}{
		{"its own", here, here.Mark(), true},
		{"a replica's", here, there.Mark(), true},
		{"a replica's again", here, there.Mark(), true},
		{"that of its hash", here, hashed.Mark(), true},
		{"another password's", here, other.Mark(), false},
		{"a hash alone knows only itself", hashed, here.Mark(), false},
		{"none", here, "", false},
	} {
		if got, err := c.p.Made(t.Context(), c.mark); err != nil || got != c.want {
			t.Errorf("%s: %v, %v; want %v", c.name, got, err, c.want)
		}
	}
	if _, err := here.Made(t.Context(), "$argon2id$broken"); err == nil {
		t.Error("a broken mark is no error")
	}
}

func TestWhatIsNoPassword(t *testing.T) {
	for secret, want := range map[string]string{
		"":                           "expected 1 to 1024",
		strings.Repeat("x", 1025):    "expected 1 to 1024",
		"$argon2id$v=19$m=1,t=1,p=1": "can't be read",
		"$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHRzb21lc2E$c29tZXNhbHRzb21lc2E": "too much memory",
	} {
		if _, err := password.New(secret); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v; want %q", secret, err, want)
		}
	}
}

func TestNobodyWaitsForever(t *testing.T) {
	p, err := password.New("sesame")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var failed int
	for range 8 {
		if _, err := p.Matches(ctx, "guess"); errors.Is(err, context.Canceled) {
			failed++
		}
	}
	if failed != 8 {
		t.Errorf("%d of 8 gave up", failed)
	}
}
