package store

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// copied is a copy of a database file in a temporary folder.
type copied struct{ folder, path string }

// copyDatabase copies a SQLite file and its log, so that the original stays unchanged when
// the copy is opened. The last transactions of a killed program are only in the log. If the
// system has no folder for temporary files, as in a container image built from scratch, the
// copy is made next to the original.
func copyDatabase(path string) (c copied, err error) {
	if c.folder, err = os.MkdirTemp("", "prizegen"); err != nil {
		var nextErr error
		if c.folder, nextErr = os.MkdirTemp(filepath.Dir(path), ".prizegen"); nextErr != nil {
			return c, errors.Join(err, nextErr)
		}
	}
	c.path = filepath.Join(c.folder, "backup.db")
	err = copyFile(path, c.path)
	if err == nil {
		err = copyFile(path+"-wal", c.path+"-wal")
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err != nil {
		return c, errors.Join(err, os.RemoveAll(c.folder))
	}
	return c, nil
}

func copyFile(path, copyPath string) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close() //nolint:errcheck // it was only read
	to, err := os.OpenFile(copyPath, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}
