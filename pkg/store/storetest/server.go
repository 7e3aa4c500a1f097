package storetest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// Server is a PostgreSQL server for tests.
type Server struct {
	folder  string // contains the data; Stop removes it
	port    int
	durable bool
	process *exec.Cmd
	exited  chan struct{} // closed when the process has exited
	output  bytes.Buffer
}

// password is the password of the server's only user.
const password = "storetest"

// StartServer starts a server that is stopped after the test. A durable server flushes
// writes to disk, as in production. If PostgreSQL is not installed, the test is skipped,
// or fails if the environment variable CI is set.
func StartServer(t testing.TB, durable bool) *Server {
	t.Helper()
	s, err := Launch(durable)
	if err != nil {
		skipOrFail(t, err.Error())
	}
	t.Cleanup(s.Stop)
	return s
}

// Launch is like [StartServer], but the caller must stop the server.
func Launch(durable bool) (*Server, error) {
	initdb, err := program("initdb")
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "pg")
	if err != nil {
		return nil, err
	}
	s := &Server{folder: folder, durable: durable}
	if s.port, err = freePort(); err == nil {
		err = s.prepare(initdb)
	}
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// program returns the path of a PostgreSQL program. Debian installs these programs
// outside PATH.
func program(name string) (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) > 0 {
		return slices.Max(found), nil
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("PostgreSQL is not installed: %w", err)
	}
	return path, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it returns immediately
	if err != nil {
		return 0, err
	}
	defer l.Close() //nolint:errcheck // nothing was accepted
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (s *Server) prepare(initdb string) error {
	if err := giveToPostgres(s.folder); err != nil {
		return err
	}
	secret := filepath.Join(s.folder, "password")
	if err := os.WriteFile(secret, []byte(password), 0o644); err != nil {
		return err
	}
	cmd := exec.Command(initdb, "--pgdata", s.data(), "--username", "prizegen", "--pwfile", secret, //nolint:noctx // it exits
		"--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")
	cmd.Dir = s.folder
	asPostgres(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

// Start starts the server, for example after [Server.Halt], and waits until it accepts
// connections.
func (s *Server) Start() error {
	postgres, err := program("postgres")
	if err != nil {
		return err
	}
	args := []string{"-D", s.data(), "-p", strconv.Itoa(s.port), "-c", "listen_addresses=127.0.0.1", "-k", s.folder, "-c", "max_connections=200"}
	if !s.durable {
		args = append(args, "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
	}
	s.process = exec.Command(postgres, args...) //nolint:noctx // Halt terminates it
	s.process.Dir = s.folder
	s.process.Stdout, s.process.Stderr = &s.output, &s.output
	asPostgres(s.process)
	if err := s.process.Start(); err != nil {
		return err
	}
	process, exited := s.process, make(chan struct{})
	s.exited = exited
	go func() {
		_ = process.Wait() // the output explains the error
		close(exited)
	}()
	for !s.answers() {
		select {
		case <-exited:
			return errors.New("PostgreSQL exited:\n" + s.output.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

func (s *Server) answers() bool {
	db, err := sql.Open("pgx", s.Address())
	if err != nil {
		return false
	}
	defer db.Close() //nolint:errcheck // only pinged
	return db.PingContext(context.Background()) == nil
}

// Address returns the address of the server's default database.
func (s *Server) Address() string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword("prizegen", password), Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)), Path: "/postgres"}
	u.RawQuery = "connect_timeout=300" // the machine may be busy
	return u.String()
}

// Halt terminates the server without a clean shutdown and keeps its data.
func (s *Server) Halt() {
	if s.process == nil || s.exited == nil {
		return
	}
	endPostgres(s.process.Process)
	<-s.exited
	s.process, s.exited = nil, nil
}

// Stop terminates the server and removes its data.
func (s *Server) Stop() {
	s.Halt()
	_ = os.RemoveAll(s.folder) // temporary
}
