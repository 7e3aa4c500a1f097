// Package atomicfile writes files completely or not at all. It writes to a temporary file in
// the same folder and renames it at the end.
package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
)

// Options control how [Write] creates a file.
type Options struct {
	Mode    fs.FileMode // permissions before the umask, such as 0o644
	Replace bool        // replace an existing file
}

// Write creates the file at path with the content that f writes to w. If f fails or the
// file cannot be written, Write returns the error and leaves path unchanged. If o.Replace
// is false and path exists, the error wraps [fs.ErrExist]; if path already exists when
// Write is called, f is not called.
func Write(path string, o Options, f func(w *os.File) error) error {
	if !o.Replace {
		if _, err := os.Lstat(path); err == nil {
			return errExists(path)
		}
	}
	temp := fmt.Sprintf("%s.%08x.new", path, rand.Uint32())
	file, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, o.Mode)
	if err != nil {
		return at(path, err)
	}
	err = f(file)
	if err == nil {
		err = at(path, file.Sync())
	}
	if err = errors.Join(err, at(path, file.Close())); err == nil {
		err = publish(temp, path, o.Replace)
	}
	if err != nil {
		if removeErr := os.Remove(temp); !errors.Is(removeErr, fs.ErrNotExist) {
			err = errors.Join(err, removeErr)
		}
	}
	return err
}

// publish renames a finished temporary file to path.
func publish(temp, path string, replace bool) error {
	if replace {
		return at(path, os.Rename(temp, path))
	}
	// Unlike a rename, a link never replaces an existing file.
	err := os.Link(temp, path)
	switch {
	case err == nil:
		return at(path, os.Remove(temp))
	case errors.Is(err, fs.ErrExist):
		return errExists(path)
	}
	// If the file system does not support hard links, reserve the name with an empty file.
	reserved, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return errExists(path)
	}
	if err != nil {
		return at(path, err)
	}
	if err := errors.Join(reserved.Close(), os.Rename(temp, path)); err != nil {
		return errors.Join(at(path, err), os.Remove(path))
	}
	return nil
}

// errExists returns the error for a path that already exists.
func errExists(path string) error {
	return fmt.Errorf("%s already exists%w", path, silent{fs.ErrExist})
}

// silent wraps an error for [errors.Is] without adding its text to the message.
type silent struct{ err error }

func (silent) Error() string   { return "" }
func (s silent) Unwrap() error { return s.err }

// at returns err with path instead of the path of the temporary file.
func at(path string, err error) error {
	if err == nil {
		return nil
	}
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}
