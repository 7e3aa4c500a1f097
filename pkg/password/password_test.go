package password_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/password"
)

// A guess is compared with the hash of the right password.
func Example() {
	hash, err := password.Hash("correct horse battery staple")
	if err != nil {
		log.Fatal(err)
	}
	checker := password.NewChecker()
	for _, guess := range []string{"hunter2", "correct horse battery staple"} {
		ok, err := checker.Matches(context.Background(), guess, hash)
		fmt.Println(guess, ok, err)
	}
	// Output:
	// hunter2 false <nil>
	// correct horse battery staple true <nil>
}

func TestMatches(t *testing.T) {
	hash, err := password.Hash("sesame")
	if err != nil {
		t.Fatal(err)
	}
	checker := password.NewChecker()
	for guess, want := range map[string]bool{"sesame": true, "Sesame": false, "": false, hash: false, strings.Repeat("a", password.MaxLength+1): false} {
		if got, err := checker.Matches(t.Context(), guess, hash); err != nil || got != want {
			t.Errorf("Matches(%.20q) = %v with error %v, want %v", guess, got, err, want)
		}
	}
	for _, guess := range []string{"sesame", "the password of nobody", ""} {
		if got, err := checker.Matches(t.Context(), guess, ""); err != nil || got {
			t.Errorf("Matches(%q) without a hash = %v with error %v, want false", guess, got, err)
		}
	}
	if _, err := checker.Matches(t.Context(), "sesame", "$argon2id$broken"); err == nil {
		t.Error("Matches returned no error for an invalid hash")
	}
}

func TestCheckNew(t *testing.T) {
	for text, ok := range map[string]bool{
		"": false, "eleven char": false, "twelve chars": true, strings.Repeat("李", 11): false, strings.Repeat("李", 12): true,
		strings.Repeat("x", password.MaxLength): true, strings.Repeat("x", password.MaxLength+1): false,
	} {
		if err := password.CheckNew(text); (err == nil) != ok {
			t.Errorf("CheckNew(%.20q): got error %v, want valid %t", text, err, ok)
		}
	}
}

func TestCheckSecret(t *testing.T) {
	hash, err := password.Hash("sesame")
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"x", hash} {
		if err := password.CheckSecret(secret); err != nil {
			t.Errorf("CheckSecret(%q): got error %v, want none", secret, err)
		}
	}
	for secret, want := range map[string]string{
		"":                           "must have 1 to 1024 bytes, got 0",
		strings.Repeat("x", 1025):    "must have 1 to 1024 bytes, got 1025",
		"$argon2id$v=19$m=1,t=1,p=1": "invalid password hash",
		"$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHRzb21lc2E$c29tZXNhbHRzb21lc2E": "too much memory",
	} {
		if err := password.CheckSecret(secret); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("CheckSecret(%.30q): got error %v, want an error that contains %q", secret, err, want)
		}
	}
	if _, err := password.Hash(""); err == nil {
		t.Error("Hash returned no error for an empty password")
	}
}

// TestCancelled checks that Matches returns when its context is cancelled.
func TestCancelled(t *testing.T) {
	hash, err := password.Hash("sesame")
	if err != nil {
		t.Fatal(err)
	}
	checker := password.NewChecker()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var failed int
	for range 8 {
		if _, err := checker.Matches(ctx, "guess", hash); errors.Is(err, context.Canceled) {
			failed++
		}
	}
	if failed != 8 {
		t.Errorf("%d of 8 calls returned context.Canceled, want all 8", failed)
	}
}
