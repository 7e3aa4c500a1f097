// Package wholefile writes files that are there as a whole or not at all: to a
// temporary file beside the one that is meant, which takes its name at the end.
package wholefile

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
)

// Options say how a file is written.
type Options struct {
	Mode    fs.FileMode // before the umask, for example 0o644
	Replace bool        // whether it may take the place of one that is there
}

// Write has f write a file. Where f fails, or the writing, there is no new file and
// the error tells why. It wraps [fs.ErrExist] where there is a file of that name
// already and it may not be replaced, be it from the beginning, when f is not
// called, or by the end.
func Write(path string, o Options, f func(w *os.File) error) error {
	if !o.Replace {
		if _, err := os.Lstat(path); err == nil {
			return taken(path)
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
		if lost := os.Remove(temp); !errors.Is(lost, fs.ErrNotExist) {
			err = errors.Join(err, lost)
		}
	}
	return err
}

// publish gives a finished file the name that is meant.
func publish(temp, path string, replace bool) error {
	if replace {
		return at(path, os.Rename(temp, path))
	}
	// A link, unlike a renaming, never takes the place of what is there.
	err := os.Link(temp, path)
	switch {
	case err == nil:
		return at(path, os.Remove(temp))
	case errors.Is(err, fs.ErrExist):
		return taken(path)
	}
	// There are file systems without links. There the name is taken with an empty
	// file first.
	place, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return taken(path)
	}
	if err != nil {
		return at(path, err)
	}
	if err := errors.Join(place.Close(), os.Rename(temp, path)); err != nil {
		return errors.Join(at(path, err), os.Remove(path))
	}
	return nil
}

func taken(path string) error { return fmt.Errorf("%s is there already%w", path, silent{fs.ErrExist}) }

// silent is an error to be found by [errors.Is] that adds nothing to the text.
type silent struct{ err error }

func (silent) Error() string   { return "" }
func (s silent) Unwrap() error { return s.err }

// at names the file that an error is about, in place of a temporary one.
func at(path string, err error) error {
	if err == nil {
		return nil
	}
	var bare *fs.PathError
	if errors.As(err, &bare) {
		err = bare.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}
