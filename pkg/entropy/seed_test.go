package entropy_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/entropy"
)

func TestParseSeed(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"one byte":         {text: "4"},
		"a space":          {text: " "},
		"longest":          {text: strings.Repeat("x", entropy.MaxSeed)},
		"beyond ASCII":     {text: "ünïcode ✓"},
		"empty":            {text: "", want: "it is empty"},
		"too long":         {text: strings.Repeat("x", entropy.MaxSeed+1), want: "it must have at most 1024 bytes, got 1025"},
		"half a character": {text: "x\xc3", want: "it is not valid UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			seed, err := entropy.ParseSeed(test.text)
			if test.want == "" {
				if err != nil || string(seed) != test.text {
					t.Errorf("got %q and error %v, want %q", seed, err, test.text)
				}
				return
			}
			if !errors.Is(err, entropy.ErrSeed) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want an ErrSeed that contains %q", err, test.want)
			}
		})
	}
}

func TestNewSeed(t *testing.T) {
	seen := map[entropy.Seed]bool{}
	for range 100 {
		seed := entropy.NewSeed()
		if len(seed) != 64 || strings.Trim(string(seed), "0123456789abcdef") != "" {
			t.Fatalf("got %q, want 64 lower-case hexadecimal digits", seed)
		}
		if seen[seed] {
			t.Fatalf("got %s twice, want a new seed each time", seed)
		}
		seen[seed] = true
	}
}

func TestParseKey(t *testing.T) {
	key := entropy.Seed("42").Subkey(entropy.Prize)
	for _, text := range []string{key.Hex(), strings.ToUpper(key.Hex())} {
		if got, err := entropy.ParseKey(text); err != nil || got != key {
			t.Errorf("ParseKey(%s) = %x, %v, want %x", text, got[:], err, key[:])
		}
	}
	for _, text := range []string{"", "abc", key.Hex()[1:], key.Hex() + "0", "x" + key.Hex()[1:], strings.Repeat("é", 32)} {
		_, err := entropy.ParseKey(text)
		if !errors.Is(err, entropy.ErrKey) {
			t.Errorf("ParseKey(%q): got error %v, want ErrKey", text, err)
			continue
		}
		if len(text) > 10 && strings.Contains(err.Error(), text[2:10]) {
			t.Errorf("got %q, want an error without the input", err)
		}
	}
}

// TestKeyIsHidden checks that printing a key does not reveal it.
func TestKeyIsHidden(t *testing.T) {
	key := entropy.Seed("42").Subkey(entropy.Prize)
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if got, want := fmt.Sprintf(format, key), "entropy.Key(secret)"; got != want {
			t.Errorf("%s: got %q, want %q", format, got, want)
		}
		if got := fmt.Sprintf(format, entropy.Range{Key: key}); !strings.Contains(got, "secret") {
			t.Errorf("%s of a range: got %q, want the key hidden", format, got)
		}
	}
}

func TestLabelsHaveDifferentKeys(t *testing.T) {
	keys := map[entropy.Key]bool{}
	for _, label := range entropy.Labels() {
		keys[entropy.Seed("42").Subkey(label)] = true
	}
	if !slices.Equal(entropy.Labels(), []entropy.Label{entropy.Text, entropy.Number, entropy.Prize}) || len(keys) != 3 {
		t.Errorf("got labels %v with %d different keys, want text, number and prize with 3 keys", entropy.Labels(), len(keys))
	}
}
