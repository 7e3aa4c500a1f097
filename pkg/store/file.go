package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"modernc.org/sqlite"
)

var (
	// ErrMissing is wrapped by the error for a database that does not exist.
	ErrMissing = errors.New("there is no database")

	// ErrLost is wrapped by the error for a SQLite file that is missing or empty although
	// its log exists. The last transactions may exist only in the log.
	ErrLost = errors.New("the database file is lost")

	// errMoved is the error for a path that no longer names the SQLite file that was opened.
	errMoved = errors.New("its file was moved, deleted or replaced; put it back, or restart prizegen to use the file that is there now")
)

// logSuffix is the suffix of the path of SQLite's write-ahead log, after the path of the
// database.
const logSuffix = "-wal"

// file is the SQLite file of a database.
type file struct {
	path    string
	opened  fs.FileInfo // identifies the file
	created bool
	probe   probe
}

// openFile finds the database file at path. If the file is missing or empty and create is
// set, it creates the file and its folder, accessible only by their owner.
func openFile(path string, create bool) (*file, error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	// SQLite writes the first page before it creates the log, so the order of these two
	// calls matters while another process creates the database.
	_, logErr := os.Stat(path + logSuffix)
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("%s is %w: it is a folder; use a file path", path, ErrAddress)
	case err == nil && info.Size() > 0:
		return newFile(path, info, false), nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	state := "does not exist"
	if err == nil {
		state = "is empty"
	}
	switch {
	case logErr == nil:
		return nil, fmt.Errorf("%w: %s %s, but its log %s%s exists and may contain the last plays; nothing was changed", ErrLost, path, state, path, logSuffix)
	case !create:
		return nil, fmt.Errorf("%w: %s %s", ErrMissing, path, state)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	created, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	info, err = created.Stat()
	return newFile(path, info, true), errors.Join(err, created.Close())
}

func newFile(path string, opened fs.FileInfo, created bool) *file {
	return &file{path: path, opened: opened, created: created, probe: newProbe(path)}
}

// check returns errMoved unless the path still names the file that was opened. Open
// connections keep using that file.
func (f *file) check() error { return checkSame(f.path, f.opened) }

// checkSame returns errMoved unless path names the file that opened describes.
func checkSame(path string, opened fs.FileInfo) error {
	if info, err := os.Stat(path); err != nil || !os.SameFile(info, opened) {
		return errMoved
	}
	return nil
}

// exposed reports whether any user of the machine can read the file. It returns false on
// Windows, where the mode does not show this.
func (f *file) exposed() bool {
	return runtime.GOOS != "windows" && f.opened.Mode().Perm()&0o004 != 0
}

// connector opens connections to a file. It fails with errMoved once the path names another
// file.
type connector struct {
	driver.Connector
	file *file
}

// newConnector returns a connector for f with the given DSN options. The connector never
// creates the file.
func newConnector(f *file, options ...string) (driver.Connector, error) {
	dsn, err := sqliteDSN(f.path, append(options, "mode=rw")...)
	if err != nil {
		return nil, err
	}
	c, err := sqlite.NewConnector(dsn)
	return connector{c, f}, err
}

// Connect implements [driver.Connector].
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	if err := c.file.check(); err != nil {
		return nil, err
	}
	return c.Connector.Connect(ctx)
}
