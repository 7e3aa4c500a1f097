//go:build unix

package main

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startAsSystemd starts a server with open sockets, as systemd does.
func startAsSystemd(t *testing.T, sockets []*os.File, env ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	// LISTEN_PID must be the ID of the process, which is known only after it has started.
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `LISTEN_PID=$$ exec prizegen serve --listen 127.0.0.1:1`)
	var log bytes.Buffer
	cmd.Stderr = &log
	cmd.ExtraFiles = sockets
	cmd.Env = append(append(os.Environ(), "XDG_CONFIG_HOME="+t.TempDir(), "PRIZEGEN_DB="+filepath.Join(t.TempDir(), "p.db")), env...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, &log
}

// TestSystemd passes a socket to a server after a client has connected to it. It checks
// that the client is answered and that the server reports when it is ready, reloads and
// stops.
func TestSystemd(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // the socket is for another process
	if err != nil {
		t.Fatal(err)
	}
	socket, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	early := make(chan error, 1)
	go func() {
		answer, err := http.Get("http://" + listener.Addr().String() + "/healthz") //nolint:noctx // stops with the server
		if err == nil {
			err = answer.Body.Close()
		}
		early <- err
	}()

	notify := filepath.Join(t.TempDir(), "notify")
	states, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: notify, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer states.Close() //nolint:errcheck // nothing is written to it
	cmd, log := startAsSystemd(t, []*os.File{socket}, "LISTEN_FDS=1", "NOTIFY_SOCKET="+notify)
	_, _ = socket.Close(), listener.Close() // now only the server has the socket open

	wantState := func(want string) {
		t.Helper()
		state := make([]byte, 100)
		_ = states.SetReadDeadline(time.Now().Add(testGuard))
		n, err := states.Read(state)
		if got := string(state[:n]); err != nil || got != want {
			t.Fatalf("state sent to systemd: got %q and error %v, want %q\n%s", got, err, want, log)
		}
	}
	wantState("READY=1")
	if err := <-early; err != nil {
		t.Errorf("client that connected before the server started: got error %v, want a response", err)
	}
	_ = cmd.Process.Signal(syscall.SIGHUP)
	wantState("RELOADING=1")
	wantState("READY=1")
	_ = cmd.Process.Signal(syscall.SIGTERM)
	wantState("STOPPING=1")
	if err := cmd.Wait(); err != nil {
		t.Errorf("server: got error %v, want exit status 0\n%s", err, log)
	}
}

// TestSystemdSockets checks that the server refuses unsuitable sockets.
func TestSystemdSockets(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close() //nolint:errcheck // nothing was written
	for _, test := range []struct {
		sockets []*os.File
		fds     string
		want    string
	}{
		{[]*os.File{null, null}, "LISTEN_FDS=2", "systemd passed 2 sockets"},
		{[]*os.File{null}, "LISTEN_FDS=1", "the socket from systemd does not listen"},
	} {
		cmd, log := startAsSystemd(t, test.sockets, test.fds)
		if err := cmd.Wait(); err == nil || !strings.Contains(log.String(), test.want) {
			t.Errorf("%s: got error %v, want %q in the log:\n%s", test.fds, err, test.want, log)
		}
	}
}
