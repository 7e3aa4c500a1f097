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

// A guess is compared with the configured password.
func Example() {
	admin, err := password.New("correct horse battery staple")
	if err != nil {
		log.Fatal(err)
	}
	for _, guess := range []string{"hunter2", "correct horse battery staple"} {
		ok, err := admin.Matches(context.Background(), guess)
		fmt.Println(guess, ok, err)
	}
	// Output:
	// hunter2 false <nil>
	// correct horse battery staple true <nil>
}

func TestHash(t *testing.T) {
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
			t.Errorf("Matches(%.20q) = %v with error %v, want %v", guess, got, err, want)
		}
	}
}

func TestHasFingerprint(t *testing.T) {
	newPassword := func(secret string) *password.Password {
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
	p, replica, hashed, other := newPassword("sesame"), newPassword("sesame"), newPassword(hash), newPassword("poppy")
	for _, c := range []struct {
		name        string
		p           *password.Password
		fingerprint string
		want        bool
	}{
		{"own", p, p.Fingerprint(), true},
		{"of a replica", p, replica.Fingerprint(), true},
		{"of a replica again", p, replica.Fingerprint(), true},
		{"of the hash", p, hashed.Fingerprint(), true},
		{"of another password", p, other.Fingerprint(), false},
		{"of a replica, without the plain text", hashed, p.Fingerprint(), false},
		{"empty", p, "", false},
	} {
		if got, err := c.p.HasFingerprint(t.Context(), c.fingerprint); err != nil || got != c.want {
			t.Errorf("%s: got %v with error %v, want %v", c.name, got, err, c.want)
		}
	}
	if _, err := p.HasFingerprint(t.Context(), "$argon2id$broken"); err == nil {
		t.Error("HasFingerprint returned no error for an invalid fingerprint")
	}
}

func TestNewErrors(t *testing.T) {
	for secret, want := range map[string]string{
		"":                           "must have 1 to 1024 bytes, got 0",
		strings.Repeat("x", 1025):    "must have 1 to 1024 bytes, got 1025",
		"$argon2id$v=19$m=1,t=1,p=1": "invalid password hash",
		"$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHRzb21lc2E$c29tZXNhbHRzb21lc2E": "too much memory",
	} {
		if _, err := password.New(secret); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New(%.30q): got error %v, want an error that contains %q", secret, err, want)
		}
	}
}

// TestCancelled checks that Matches returns when its context is cancelled.
func TestCancelled(t *testing.T) {
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
		t.Errorf("%d of 8 calls returned context.Canceled, want all 8", failed)
	}
}
