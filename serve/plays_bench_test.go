package serve_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/prizegen/prizegen/pkg/store/storetest"
	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/servertest"
)

// benchStores lists the databases with which plays are measured. As in production, draws
// are on disk before they are returned.
var benchStores = []struct {
	name    string
	address func(b *testing.B) string
}{
	{"sqlite", func(b *testing.B) string { return storetest.File(b) }},
	{"postgres", func(b *testing.B) string { return storetest.StartServer(b, true).Address() }},
}

// BenchmarkPlays makes one durable play per iteration over HTTP, for 64 concurrent
// visitors. The parts are generated in the same process or by three services.
func BenchmarkPlays(b *testing.B) {
	const visitors = 64
	for _, store := range benchStores {
		b.Run(store.name+"/in-process", func(b *testing.B) {
			s := servertest.Start(b, serve.All, servertest.Quiet, servertest.WithStore(b, store.address(b)))
			play(b, s, visitors)
		})
		b.Run(store.name+"/three-services", func(b *testing.B) {
			s := servertest.StartComposed(b, servertest.Quiet, servertest.WithStore(b, store.address(b)))
			play(b, s, visitors)
		})
	}
}

// BenchmarkComposed makes one draw per iteration with three services over HTTP, for 64
// concurrent visitors. It does not store the draw.
func BenchmarkComposed(b *testing.B) {
	s := servertest.StartComposed(b, servertest.Quiet)
	visit(b, s, 64, func(v *visitor, _ int64) error {
		return v.do(http.StatusOK, "POST /v1/draws HTTP/1.1\r\nHost: "+v.host+"\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
	})
}

// play makes b.N plays with concurrent visitors.
func play(b *testing.B, s *servertest.Server, visitors int) {
	b.Helper()
	s.OpenCampaign(b, "bench")
	visit(b, s, visitors, func(v *visitor, n int64) error { return v.play("bench", n) })
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "plays/s")
}

// visit calls ask b.N times, divided among concurrent visitors.
func visit(b *testing.B, s *servertest.Server, visitors int, ask func(v *visitor, n int64) error) {
	b.Helper()
	var next atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	each(b, visitors, func() error {
		v, err := newVisitor(b.Context(), s)
		if err != nil {
			return err
		}
		defer v.Close() //nolint:errcheck // nothing more is sent
		for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
			if err := ask(v, n); err != nil {
				return err
			}
		}
		return nil
	})
}

// each runs a function n times in parallel.
func each(b *testing.B, n int, run func() error) {
	b.Helper()
	var running sync.WaitGroup
	for range n {
		running.Go(func() {
			if err := run(); err != nil {
				b.Error(err)
			}
		})
	}
	running.Wait()
}

// visitor is a client connection. It does as little as possible, so that the server gets
// the CPU time.
type visitor struct {
	net.Conn
	host string
	in   *bufio.Reader
}

func newVisitor(ctx context.Context, s *servertest.Server) (*visitor, error) {
	host := strings.TrimPrefix(s.URL, "http://")
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	return &visitor{conn, host, bufio.NewReader(conn)}, nil
}

func (v *visitor) play(name string, n int64) error {
	body := fmt.Sprintf(`{"campaign":%q,"entrant":{"first_name":"Ann","last_name":"Lee %d"}}`, name, n)
	return v.do(http.StatusCreated, fmt.Sprintf("POST /v1/draws HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nIdempotency-Key: bench-%d\r\nContent-Length: %d\r\n\r\n%s", v.host, n, len(body), body))
}

// get requests a page.
func (v *visitor) get(path, headers string) error {
	return v.do(http.StatusOK, "GET "+path+" HTTP/1.1\r\nHost: "+v.host+"\r\n"+headers+"\r\n")
}

func (v *visitor) do(want int, request string) error {
	if _, err := io.WriteString(v, request); err != nil {
		return err
	}
	answer, err := http.ReadResponse(v.in, nil)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != want {
		err = fmt.Errorf("%.60q: got %s, want %d: %.300s", request, answer.Status, want, text)
	}
	return errors.Join(err, answer.Body.Close())
}
