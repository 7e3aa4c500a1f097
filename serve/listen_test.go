package serve_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/servertest"
)

// pipeListener is an in-memory listener for tests in a synctest bubble.
type pipeListener struct {
	accepted chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{accepted: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.accepted:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

// dial opens a connection to the listener.
func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.accepted <- server:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// roundTripper is a function that implements [http.RoundTripper].
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// servePipe serves on an in-memory listener until end is called. end returns the error of
// Serve.
func servePipe(t *testing.T, cfg serve.Config) (listener *pipeListener, end func() error) {
	t.Helper()
	s, err := serve.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	listener = newPipeListener()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, listener) }()
	return listener, func() error {
		cancel()
		return <-ended
	}
}

// playThrough requests one draw over a listener. It returns the body of the response.
func playThrough(ctx context.Context, listener *pipeListener) (string, error) {
	transport := &http.Transport{DialContext: listener.dial, DisableKeepAlives: true}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://core.test/v1/draws", strings.NewReader(`{"seed":"42"}`))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := transport.RoundTrip(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

// TestDrainAnswersRequestsUnderWay shuts down a server while a request waits for a service.
// It checks that the request is still answered.
func TestDrainAnswersRequestsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := servertest.New(t, serve.Text)
		release := make(chan struct{})
		cfg, log := servertest.Config(t, serve.Core)
		cfg.Services.Text = servertest.ParseURL(t, "https://text.test")
		cfg.Services.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			<-release
			w := httptest.NewRecorder()
			text.Handler().ServeHTTP(w, r)
			return w.Result(), nil
		})
		listener, end := servePipe(t, cfg)
		answered := make(chan string, 1)
		go func() {
			body, err := playThrough(t.Context(), listener)
			if err != nil {
				t.Error(err)
			}
			answered <- body
		}()
		synctest.Wait() // wait until the request is blocked
		time.AfterFunc(time.Second, func() { close(release) })
		if err := end(); err != nil {
			t.Errorf("Serve: got error %v, want nil", err)
		}
		if body := <-answered; !strings.HasSuffix(body, "]}\n") {
			t.Errorf("response: got %.100q, want draws", body)
		}
		if got := log.String(); !strings.Contains(got, "draining") || !strings.Contains(got, "drained") {
			t.Errorf("log: got %s, want the beginning and the end of draining", got)
		}
	})
}

// TestDrainEndsAfterDrainTime checks that a server shuts down after the drain time even
// if a request never finishes.
func TestDrainEndsAfterDrainTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, _ := servertest.Config(t, serve.Core)
		cfg.DrainTime = time.Minute
		cfg.Services.Text = servertest.ParseURL(t, "https://text.test")
		cfg.Services.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		listener, end := servePipe(t, cfg)
		answered := make(chan error, 1)
		go func() {
			_, err := playThrough(t.Context(), listener)
			answered <- err
		}()
		synctest.Wait() // wait until the request is blocked
		begun := time.Now()
		if err := end(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Serve: got error %v, want %v", err, context.DeadlineExceeded)
		}
		if took := time.Since(begun); took < cfg.DrainTime || took > cfg.DrainTime+time.Second {
			t.Errorf("time to drain: got %v, want %v", took, cfg.DrainTime)
		}
		if err := <-answered; err == nil {
			t.Error("request after the drain time: got a response, want a closed connection")
		}
	})
}

// TestBodyTimeout sends only the first byte of a body, and checks that the request times
// out.
func TestBodyTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, _ := servertest.Config(t, serve.Core)
		listener, end := servePipe(t, cfg)
		conn, err := listener.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, "POST /v1/draws HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		if want := "the request body was not received within 15s"; response.StatusCode != http.StatusRequestTimeout || !strings.Contains(string(body), want) {
			t.Errorf("got %s: %s, want 408 with %q", response.Status, body, want)
		}
		if err := errors.Join(response.Body.Close(), conn.Close(), end()); err != nil {
			t.Error(err)
		}
	})
}
