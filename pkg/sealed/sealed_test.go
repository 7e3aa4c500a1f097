package sealed_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/sealed"
)

// These are fixed keys with known IDs.
const (
	zeros   = "prizegen-key-v1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	ones    = "prizegen-key-v1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
	zerosID = "77341e14"
	onesID  = "69bc666c"
)

func parse(t testing.TB, text string) *sealed.Keys {
	t.Helper()
	keys, err := sealed.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func cell(row string) sealed.Cell {
	return sealed.Cell{Table: "campaigns", Column: "secret", Row: row}
}

// TestFormatIsStable opens a value that an earlier version sealed.
func TestFormatIsStable(t *testing.T) {
	const stored = "sealed:1:77341e14:vrCqbZCwE1k5cx1kwwW+wiSdrBhCtkkg1PD/HgaORBOYd2db"
	got, err := parse(t, ones+"\n"+zeros).Open(cell("summer"), stored)
	if err != nil || got != "the seed" {
		t.Errorf("got %q, error %v, want the seed", got, err)
	}
}

func TestSealAndOpen(t *testing.T) {
	keys := parse(t, zeros)
	for _, value := range []string{"", "x", "the seed", strings.Repeat("é", 500), "a\x00b", "sealed:1:00000000:AAAA"} {
		text := keys.Seal(cell("summer"), value)
		if !sealed.IsSealed(text) || sealed.KeyID(text) != zerosID {
			t.Errorf("got %q, want a value sealed with the key %s", text, zerosID)
		}
		if len(value) > 3 && strings.Contains(text, value) {
			t.Errorf("the sealed value %q contains %q", text, value)
		}
		if again := keys.Seal(cell("summer"), value); again == text {
			t.Errorf("%q was sealed twice with the same result", value)
		}
		got, err := keys.Open(cell("summer"), text)
		if err != nil || got != value {
			t.Errorf("open: got %q, error %v, want %q", got, err, value)
		}
	}
}

// TestValuesCannotBeMoved moves a sealed value to another cell.
func TestValuesCannotBeMoved(t *testing.T) {
	keys := parse(t, zeros)
	text := keys.Seal(sealed.Cell{Table: "a", Column: "b", Row: "c"}, "the seed")
	for _, other := range []sealed.Cell{
		{Table: "x", Column: "b", Row: "c"},
		{Table: "a", Column: "x", Row: "c"},
		{Table: "a", Column: "b", Row: "x"},
		{Table: "ab", Column: "", Row: "c"},
		{Table: "a", Column: "bc", Row: ""},
	} {
		if got, err := keys.Open(other, text); !errors.Is(err, sealed.ErrDamaged) {
			t.Errorf("open in %s: got %q, error %v, want ErrDamaged", other, got, err)
		}
	}
}

// TestChangedValuesAreRefused changes each character of a sealed value.
func TestChangedValuesAreRefused(t *testing.T) {
	keys := parse(t, zeros)
	text := keys.Seal(cell("summer"), "the seed")
	for i := len(sealed.Prefix); i < len(text); i++ {
		for _, c := range []byte("A0:=\n") {
			if text[i] == c {
				continue
			}
			changed := text[:i] + string(c) + text[i+1:]
			_, err := keys.Open(cell("summer"), changed)
			if !errors.Is(err, sealed.ErrDamaged) && !errors.Is(err, sealed.ErrNoKey) {
				t.Errorf("open %q: got error %v, want ErrDamaged or ErrNoKey", changed, err)
			}
			if err != nil && strings.Contains(err.Error(), text[len(text)-12:]) {
				t.Errorf("the error contains the value: %v", err)
			}
		}
	}
	for _, short := range []string{"sealed:", "sealed:1", "sealed:1:", "sealed:2:" + zerosID + ":AAAA", "sealed:1:" + zerosID, text[:len(text)-4]} {
		if got, err := keys.Open(cell("summer"), short); !errors.Is(err, sealed.ErrDamaged) {
			t.Errorf("open %q: got %q, error %v, want ErrDamaged", short, got, err)
		}
	}
}

// TestRotation seals with one key and opens with files that contain several.
func TestRotation(t *testing.T) {
	old, both, swapped, renewed := parse(t, zeros), parse(t, zeros+"\n"+ones), parse(t, "# new\n"+ones+"\n\n# old\n"+zeros+"\n"), parse(t, ones)
	fromOld, fromNew := both.Seal(cell("summer"), "seed"), swapped.Seal(cell("summer"), "seed")
	if sealed.KeyID(fromOld) != zerosID || sealed.KeyID(fromNew) != onesID {
		t.Errorf("got keys %s and %s, want the first of each file: %s and %s", sealed.KeyID(fromOld), sealed.KeyID(fromNew), zerosID, onesID)
	}
	for _, keys := range []*sealed.Keys{both, swapped} {
		for _, text := range []string{fromOld, fromNew} {
			if got, err := keys.Open(cell("summer"), text); err != nil || got != "seed" {
				t.Errorf("%s: got %q, error %v, want the seed", keys, got, err)
			}
		}
	}
	if _, err := old.Open(cell("summer"), fromNew); !errors.Is(err, sealed.ErrNoKey) || !strings.Contains(err.Error(), onesID) {
		t.Errorf("open with the old key: got error %v, want ErrNoKey with the ID %s", err, onesID)
	}
	if _, err := renewed.Open(cell("summer"), fromOld); !errors.Is(err, sealed.ErrNoKey) {
		t.Errorf("open with the new key: got error %v, want ErrNoKey", err)
	}
}

// TestWithoutKeys uses a nil *Keys, as a program without a key file does.
func TestWithoutKeys(t *testing.T) {
	var none *sealed.Keys
	if got := none.Seal(cell("summer"), "seed"); got != "seed" {
		t.Errorf("seal: got %q, want the value", got)
	}
	if got, err := none.Open(cell("summer"), "seed"); got != "seed" || err != nil {
		t.Errorf("open: got %q, error %v, want the value", got, err)
	}
	if none.ID() != "" || none.IDs() != nil || none.Has("") {
		t.Errorf("got key %q, want none", none.ID())
	}
	text := parse(t, zeros).Seal(cell("summer"), "seed")
	if _, err := none.Open(cell("summer"), text); !errors.Is(err, sealed.ErrNoKey) {
		t.Errorf("open a sealed value: got error %v, want ErrNoKey", err)
	}
}

func TestParseMistakes(t *testing.T) {
	secret := strings.TrimPrefix(zeros, "prizegen-key-v1:")
	for text, want := range map[string]string{
		"":                                     "no key",
		"# a comment\n":                        "no key",
		secret:                                 "line 1: a key must begin with",
		"\nprizegen-key-v2:" + secret:          "line 2: a key must begin with",
		"prizegen-key-v1:":                     "line 1: a key must have 32 bytes",
		"prizegen-key-v1:" + secret[:40]:       "line 1: a key must have 32 bytes",
		"prizegen-key-v1:" + secret + "AAAA":   "line 1: a key must have 32 bytes",
		"prizegen-key-v1:" + secret[:43] + "!": "line 1: a key must have 32 bytes",
		zeros + "\n" + zeros:                   "line 2: the key " + zerosID + " is already in the file",
	} {
		_, err := sealed.Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parse %q: got error %v, want %q", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), secret[:20]) {
			t.Errorf("the error contains the key: %v", err)
		}
	}
}

func TestNewFileAndLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secrets.key")
	if _, err := sealed.Load(path); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("load a missing file: got error %v, want fs.ErrNotExist with the path", err)
	}
	text, id := sealed.NewFile(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	if !strings.Contains(string(text), id) || !strings.Contains(string(text), "2026-01-02T03:04:05Z") {
		t.Errorf("got the file %q, want the ID and the time in a comment", text)
	}
	other, otherID := sealed.NewFile(time.Now())
	if id == otherID || bytes.Equal(text, other) {
		t.Error("two new keys are equal")
	}
	if err := os.WriteFile(path, append(text, other...), 0o600); err != nil {
		t.Fatal(err)
	}
	keys, err := sealed.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(keys.IDs()), fmt.Sprint([]string{id, otherID}); got != want || keys.ID() != id {
		t.Errorf("keys: got %s, want %s", got, want)
	}
	if err := os.WriteFile(path, bytes.Repeat([]byte("#\n"), 40_000), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sealed.Load(path); err == nil || !strings.Contains(err.Error(), "bytes") {
		t.Errorf("load a long file: got error %v, want the limit", err)
	}
}

// TestKeysAreNeverPrinted prints keys in every way.
func TestKeysAreNeverPrinted(t *testing.T) {
	keys := parse(t, ones)
	type options struct{ Keys *sealed.Keys }
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("keys", "keys", keys, "options", options{keys})
	for _, text := range []string{fmt.Sprint(keys), fmt.Sprintf("%v %+v %#v %s", keys, keys, keys, keys), fmt.Sprintf("%+v %#v", options{keys}, options{keys}), log.String()} {
		if strings.Contains(text, "AQEB") || strings.Contains(text, "1 1 1 1") || strings.Contains(text, "0x1, 0x1") {
			t.Errorf("the key is printed: %s", text)
		}
	}
	if got := fmt.Sprint(keys); !strings.Contains(got, onesID) {
		t.Errorf("got %s, want the ID %s", got, onesID)
	}
}

// FuzzOpen opens any text.
func FuzzOpen(f *testing.F) {
	keys := parse(f, zeros)
	f.Add(keys.Seal(cell("summer"), "seed"))
	f.Add("sealed:1:" + zerosID + ":")
	f.Add("plain")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := keys.Open(cell("another"), text)
		if sealed.IsSealed(text) == (err == nil) {
			t.Errorf("open %q: got %q, error %v", text, got, err)
		}
	})
}

// FuzzParse parses any file.
func FuzzParse(f *testing.F) {
	f.Add(zeros + "\n# x\n" + ones)
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := sealed.Parse(text)
		if (keys == nil) == (err == nil) {
			t.Errorf("parse %q: got %v, error %v", text, keys, err)
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	keys := parse(b, zeros)
	text := keys.Seal(cell("summer"), strings.Repeat("0", 64))
	for b.Loop() {
		if _, err := keys.Open(cell("summer"), text); err != nil {
			b.Fatal(err)
		}
	}
}
