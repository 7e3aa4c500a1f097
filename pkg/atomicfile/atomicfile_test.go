package atomicfile_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/atomicfile"
)

func ExampleWrite() {
	folder, _ := os.MkdirTemp("", "")
	defer func() { _ = os.RemoveAll(folder) }()
	path := filepath.Join(folder, "draws.csv")
	write := func(text string) error {
		return atomicfile.Write(path, atomicfile.Options{Mode: 0o644}, func(w *os.File) error {
			_, err := w.WriteString(text)
			return err
		})
	}
	fmt.Println(write("index,account\n"))
	fmt.Println(errors.Is(write("another one\n"), fs.ErrExist))
	text, _ := os.ReadFile(path)
	fmt.Print(string(text))
	// Output:
	// <nil>
	// true
	// index,account
}

// TestWrite has files written where there is one and where there is none, by what
// succeeds and what does not: nothing is ever left in part or beside the file.
func TestWrite(t *testing.T) {
	full := errors.New("no space left")
	const old, whole, half = "old", "the whole text", "the wh"
	for name, test := range map[string]struct {
		there, replace bool
		fails          error
		rival          bool // whether another program takes the name meanwhile
		want           error
		left           string // what is in the file then, empty for no file
	}{
		"new":                            {left: whole},
		"new, though one may be there":   {replace: true, left: whole},
		"new that fails":                 {fails: full, want: full},
		"there":                          {there: true, want: fs.ErrExist, left: old},
		"there, to be replaced":          {there: true, replace: true, left: whole},
		"there, to be replaced and lost": {there: true, replace: true, fails: full, want: full, left: old},
		"taken by somebody else":         {rival: true, want: fs.ErrExist, left: old},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, "draws.csv")
			put := func() {
				if err := os.WriteFile(path, []byte(old), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if test.there {
				put()
			}
			err := atomicfile.Write(path, atomicfile.Options{Mode: 0o640, Replace: test.replace}, func(w *os.File) error {
				if test.there && !test.replace {
					t.Error("it was written though there is one")
				}
				text := whole
				if test.fails != nil {
					text = half
				}
				if test.rival {
					put()
				}
				_, err := w.WriteString(text)
				return errors.Join(err, test.fails)
			})
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if errors.Is(err, fs.ErrExist) && err.Error() != path+" already exists" {
				t.Errorf("it says %q", err)
			}
			left, err := os.ReadFile(path)
			if err != nil && !errors.Is(err, fs.ErrNotExist) || string(left) != test.left {
				t.Errorf("left %q, %v, want %q", left, err, test.left)
			}
			files, err := os.ReadDir(folder)
			if want := min(len(test.left), 1); err != nil || len(files) != want {
				t.Errorf("%v are left, %v, want %d files", files, err, want)
			}
		})
	}
}

// TestWriteNowhere names the file that was meant, not the temporary one.
func TestWriteNowhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no", "such", "folder.csv")
	err := atomicfile.Write(path, atomicfile.Options{Mode: 0o644}, func(*os.File) error { return nil })
	if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), path+": ") {
		t.Errorf("got %v", err)
	}
}
