package serve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/wire"
)

// responseRecorder is an [http.ResponseWriter] that records the status and the length of
// a response.
type responseRecorder struct {
	http.ResponseWriter
	request *http.Request
	trace   remote.Trace
	status  int // 0 before the header is written
	bytes   int
	release func() // frees the memory of the body; may be nil
}

// recorderOf returns w as a recorder. Every response writer in a server is one.
func recorderOf(w http.ResponseWriter) *responseRecorder {
	recorder, ok := w.(*responseRecorder)
	if !ok {
		panic(fmt.Sprintf("serve: the response writer is a %T", w))
	}
	return recorder
}

// context returns the context of the request, which contains the trace for calls and
// logs.
func (w *responseRecorder) context() context.Context {
	return w.trace.Context(w.request.Context())
}

// fromService reports whether the caller itself, rather than a proxy that forwards the
// request, has a certificate from the services' authority.
func (w *responseRecorder) fromService() bool {
	return w.request.TLS != nil && len(w.request.TLS.VerifiedChains) > 0
}

// WriteHeader implements [http.ResponseWriter].
func (w *responseRecorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// For each part of a long response, a client has minWriteTime plus the time that the part
// takes at minRate.
const (
	minRate      = 8 << 10
	minWriteTime = 20 * time.Second
)

// Write implements [http.ResponseWriter].
func (w *responseRecorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	if w.bytes > 0 {
		// A long response may take long, as long as the client keeps reading. Not every
		// connection supports deadlines.
		patience := minWriteTime + time.Duration(len(p))*time.Second/minRate
		_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(patience))
	}
	n, err := w.ResponseWriter.Write(p)
	w.bytes += n
	return n, err
}

// Unwrap returns the writer of the connection, for [http.ResponseController].
func (w *responseRecorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// responder reads request bodies and writes responses.
type responder struct {
	log      *slog.Logger
	readTime time.Duration // for reading a body
	buffers  buffers
	bodies   *room // memory for the bodies of requests in progress

	// These header values are the same in all responses.
	jsonType, noStore []string
}

func newResponder(log *slog.Logger, readTime time.Duration, bodies *room) *responder {
	return &responder{log: log, readTime: readTime, bodies: bodies, jsonType: []string{jsonType}, noStore: []string{noStore}}
}

// decode reads the JSON body of a request.
func (a *responder) decode(w *responseRecorder, r *http.Request, buffer *bytes.Buffer, into any) error {
	if err := a.readBody(w, r, buffer); err != nil {
		return err
	}
	if hasManyNames(buffer.Bytes()) {
		return problem(http.StatusBadRequest, "the body has more than %d member names", maxNames)
	}
	return unmarshal(buffer.Bytes(), into)
}

// maxBody is the maximum length of a body in bytes. It is large enough for
// [wire.MaxCount] account numbers of the maximum length.
const maxBody = 16 << 20

// readBody reads the body of a request. The content type must be JSON.
func (a *responder) readBody(w *responseRecorder, r *http.Request, buffer *bytes.Buffer) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != jsonType {
		return problem(http.StatusUnsupportedMediaType, "content type must be application/json, got %q", excerpt.Of(r.Header.Get("Content-Type")))
	}
	body := http.MaxBytesReader(w, r.Body, maxBody)
	_, err = buffer.ReadFrom(io.LimitReader(body, uncounted))
	if err == nil && buffer.Len() == uncounted {
		err = a.readLong(w, r, body, buffer)
	}
	if err != nil {
		return a.bodyProblem(err)
	}
	if text := bytes.TrimSpace(buffer.Bytes()); len(text) == 0 || string(text) == "null" {
		return problem(http.StatusBadRequest, "the body is empty; send a JSON object such as {}")
	}
	return nil
}

// readLong reads the rest of a long body. It first reserves memory for the body and its
// decoded values until the request ends.
func (a *responder) readLong(w *responseRecorder, r *http.Request, body io.Reader, buffer *bytes.Buffer) error {
	length := maxBody
	if r.ContentLength > 0 && r.ContentLength < maxBody {
		length = int(r.ContentLength)
	}
	release, err := a.bodies.reserve(w.context(), 2*length)
	if err != nil {
		return err
	}
	w.release = release
	if r.ContentLength > 0 {
		buffer.Grow(length - buffer.Len() + bytes.MinRead) // growing in steps would need twice the memory
	}
	_, err = buffer.ReadFrom(body)
	return err
}

// bodyProblem returns the problem for an error that occurred while reading the body.
func (a *responder) bodyProblem(err error) error {
	var tooLarge *http.MaxBytesError
	var overload *overloadError
	switch {
	case errors.As(err, &overload):
		return err
	case errors.As(err, &tooLarge):
		return problem(http.StatusRequestEntityTooLarge, "the body has more than %d bytes", tooLarge.Limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return problem(http.StatusRequestTimeout, "the request body was not received within %v", a.readTime)
	}
	return problem(http.StatusBadRequest, "the body is incomplete: %v", err)
}

// Values of headers.
const (
	jsonType = "application/json"
	noStore  = "no-store"
)

// encode writes a value as JSON.
func encode(buffer *bytes.Buffer, value any) error {
	if fast, ok := value.(interface{ AppendJSON(dst []byte) []byte }); ok {
		if sized, ok := value.(interface{ SizeJSON() int }); ok {
			buffer.Grow(sized.SizeJSON()) // growing later would need twice the memory
		}
		_, err := buffer.Write(fast.AppendJSON(buffer.AvailableBuffer()))
		return err
	}
	return json.MarshalWrite(buffer, value)
}

// answer sends a value as a JSON response.
func (a *responder) answer(w http.ResponseWriter, status int, value any) error {
	buffer := a.buffers.get()
	defer a.buffers.put(buffer)
	if err := encode(buffer, value); err != nil {
		return err
	}
	return a.write(w, status, jsonType, buffer.Bytes())
}

// buffered is the maximum length of a response for which net/http sets the Content-Length.
const buffered = 2000

// write writes a response of known length.
func (a *responder) write(w http.ResponseWriter, status int, kind string, body []byte) error {
	h := w.Header()
	if kind == jsonType {
		h["Content-Type"] = a.jsonType
	} else {
		h["Content-Type"] = []string{kind}
	}
	if len(body) > buffered {
		h["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // fails only if the client has disconnected
	return nil
}

// stream sends the output of write as the response. If write fails after the response has
// begun, stream closes the connection, so that the response is not mistaken for complete.
func (a *responder) stream(w *responseRecorder, kind string, write func(io.Writer) error) {
	h := w.Header()
	h.Set("Content-Type", kind)
	err := write(w)
	switch {
	case err == nil:
	case w.status == 0:
		h.Del("Content-Disposition")
		h.Del("ETag")
		a.refuse(w, err)
	default:
		a.log.WarnContext(w.context(), "cannot finish a response", slog.Any("error", err))
		panic(http.ErrAbortHandler)
	}
}

// refuse sends the problem for an error.
func (a *responder) refuse(w *responseRecorder, err error) {
	e := a.problem(w.context(), err)
	body, err := json.Marshal(e.problem)
	if err != nil {
		body = []byte(`{"title":"Internal Server Error","status":500}`)
	}
	h := w.Header()
	for name, values := range e.header {
		h[name] = values
	}
	h["Cache-Control"] = a.noStore
	_ = a.write(w, e.problem.Status, wire.ProblemType, body)
}

// problem returns the problem for an error. It logs errors that concern the operator.
func (a *responder) problem(ctx context.Context, err error) *problemError {
	p, header := describe(ctx, a.log, err)
	p.Instance = instance(ctx)
	return &problemError{p, header}
}

// buffers is a pool of buffers for request and response bodies.
type buffers struct{ pool sync.Pool }

// maxPooled is the maximum capacity of buffers that return to the pool.
const maxPooled = 1 << 20

func (b *buffers) get() *bytes.Buffer {
	if buffer, ok := b.pool.Get().(*bytes.Buffer); ok {
		buffer.Reset()
		return buffer
	}
	return new(bytes.Buffer)
}

func (b *buffers) put(buffer *bytes.Buffer) {
	if buffer.Cap() <= maxPooled {
		b.pool.Put(buffer)
	}
}
