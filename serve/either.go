package serve

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"sync"
	"time"
)

// eitherListener accepts connections with and without TLS, so that the callers of a service
// can switch to TLS one after the other.
type eitherListener struct {
	net.Listener
	cfg *tls.Config

	accepted chan net.Conn
	failed   chan struct{} // closed once err is set
	err      error
	close    sync.Once
	closed   chan struct{}
}

func newEitherListener(inner net.Listener, cfg *tls.Config) *eitherListener {
	l := &eitherListener{Listener: inner, cfg: cfg, accepted: make(chan net.Conn), failed: make(chan struct{}), closed: make(chan struct{})}
	go l.run()
	return l
}

// run accepts connections until accepting fails. It does not wait for the first byte of one
// connection before it accepts the next one.
func (l *eitherListener) run() {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			l.err = err
			close(l.failed)
			return
		}
		go l.inspect(conn)
	}
}

// handshakeByte is the first byte of a TLS connection. No HTTP request begins with it.
const handshakeByte = 0x16

// inspect reads the first byte of a connection, and passes the connection to Accept as TLS
// or plain HTTP.
func (l *eitherListener) inspect(conn net.Conn) {
	first := make([]byte, 1)
	_ = conn.SetReadDeadline(time.Now().Add(headerTime)) // if it fails, so does the read
	if _, err := io.ReadFull(conn, first); err != nil {
		_ = conn.Close()
		return
	}
	_ = conn.SetReadDeadline(time.Time{})
	conn = &replayConn{conn, io.MultiReader(bytes.NewReader(first), conn)}
	if first[0] == handshakeByte {
		conn = tls.Server(conn, l.cfg)
	}
	select {
	case l.accepted <- conn:
	case <-l.closed:
		_ = conn.Close()
	}
}

// Accept implements [net.Listener].
func (l *eitherListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.accepted:
		return conn, nil
	case <-l.failed:
		return nil, l.err
	}
}

// Close implements [net.Listener].
func (l *eitherListener) Close() error {
	l.close.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// replayConn is a connection whose first byte has already been read.
type replayConn struct {
	net.Conn
	reader io.Reader
}

// Read implements [net.Conn].
func (c *replayConn) Read(p []byte) (int, error) { return c.reader.Read(p) }
