package store

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// copied is a copy of a file in a folder of its own.
type copied struct{ folder, path string }

// copyFile copies a file, so that the one that is given stays as it is.
func copyFile(path string) (c copied, err error) {
	from, err := os.Open(path)
	if err != nil {
		return c, err
	}
	defer from.Close() //nolint:errcheck // it was only read
	if c.folder, err = os.MkdirTemp("", "prizegen"); err != nil {
		return c, err
	}
	c.path = filepath.Join(c.folder, "backup.db")
	to, err := os.OpenFile(c.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = io.Copy(to, from)
		err = errors.Join(err, to.Close())
	}
	if err != nil {
		return c, errors.Join(err, os.RemoveAll(c.folder))
	}
	return c, nil
}
