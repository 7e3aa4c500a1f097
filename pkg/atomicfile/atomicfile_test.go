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

// Write creates a file, and returns an error if the file already exists.
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
	fmt.Println(errors.Is(write("1,abcd1234\n"), fs.ErrExist))
	text, _ := os.ReadFile(path)
	fmt.Print(string(text))
	// Output:
	// <nil>
	// true
	// index,account
}

// TestWrite checks that Write leaves neither an incomplete nor a temporary file, whether or
// not the file already exists and f returns an error.
func TestWrite(t *testing.T) {
	full := errors.New("no space left")
	const existing, complete, partial = "existing", "the complete text", "the comp"
	for name, test := range map[string]struct {
		exists, replace bool
		err             error // returned by f
		race            bool  // another program creates the file while f writes
		want            error
		content         string // content of the file afterwards; empty if there is no file
	}{
		"new":                        {content: complete},
		"new, with replace":          {replace: true, content: complete},
		"new, with an error":         {err: full, want: full},
		"existing":                   {exists: true, want: fs.ErrExist, content: existing},
		"replaced":                   {exists: true, replace: true, content: complete},
		"replaced, with an error":    {exists: true, replace: true, err: full, want: full, content: existing},
		"created by another program": {race: true, want: fs.ErrExist, content: existing},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, "draws.csv")
			create := func() {
				if err := os.WriteFile(path, []byte(existing), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if test.exists {
				create()
			}
			err := atomicfile.Write(path, atomicfile.Options{Mode: 0o640, Replace: test.replace}, func(w *os.File) error {
				if test.exists && !test.replace {
					t.Error("calls of f although the file exists: got one, want none")
				}
				text := complete
				if test.err != nil {
					text = partial
				}
				if test.race {
					create()
				}
				_, err := w.WriteString(text)
				return errors.Join(err, test.err)
			})
			if !errors.Is(err, test.want) {
				t.Errorf("Write: got error %v, want %v", err, test.want)
			}
			if errors.Is(err, fs.ErrExist) && err.Error() != path+" already exists" {
				t.Errorf("error message: got %q, want %q", err, path+" already exists")
			}
			content, err := os.ReadFile(path)
			if err != nil && !errors.Is(err, fs.ErrNotExist) || string(content) != test.content {
				t.Errorf("content: got %q, error %v, want %q", content, err, test.content)
			}
			files, err := os.ReadDir(folder)
			if want := min(len(test.content), 1); err != nil || len(files) != want {
				t.Errorf("files: got %v, error %v, want %d", files, err, want)
			}
		})
	}
}

// TestWriteToMissingFolder checks that the error contains the given path rather than that of
// the temporary file.
func TestWriteToMissingFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no", "such", "folder.csv")
	err := atomicfile.Write(path, atomicfile.Options{Mode: 0o644}, func(*os.File) error { return nil })
	if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), path+": ") {
		t.Errorf("Write: got error %v, want ErrNotExist with a message that begins with %s", err, path)
	}
}
