package serve

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/remote"
)

// maxWait is how long a request waits for room before it is refused.
const maxWait = 5 * time.Second

// errBusy is that too many draws are under way.
var errBusy = errors.New("too many draws are under way")

// retryBusy is what a caller is asked to wait where nothing better is known.
const retryBusy = time.Second

// answer writes a value as JSON.
func (a *api) answer(w http.ResponseWriter, status int, value any) error {
	buffer := a.buffers.get()
	defer a.buffers.put(buffer)
	if long, ok := value.(interface{ AppendJSON(dst []byte) []byte }); ok {
		buffer.Write(long.AppendJSON(buffer.AvailableBuffer()))
	} else if err := json.MarshalWrite(buffer, value); err != nil {
		return err
	}
	return a.write(w, status, "application/json", buffer.Bytes())
}

// write writes an answer whose length is known.
func (a *api) write(w http.ResponseWriter, status int, kind string, body []byte) error {
	h := w.Header()
	h["Content-Type"] = []string{kind}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	// Who does not read the answer any more need not be told.
	_, _ = w.Write(body)
	return nil
}

// refuse answers with the problem that an error is.
func (a *api) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := a.problem(w, r, err)
	if trace := remote.TraceOf(r.Context()); trace != nil {
		p.Instance = "urn:prizegen:request:" + trace.RequestID
	}
	body, err := json.Marshal(p)
	if err != nil {
		body = []byte(`{"title":"Internal Server Error","status":500}`)
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	_ = a.write(w, p.Status, remote.ProblemType, body)
}

// problem finds out what to tell about an error. It is a copy.
func (a *api) problem(w http.ResponseWriter, r *http.Request, err error) remote.Problem {
	var lost *remote.Unavailable
	switch {
	case errors.As(err, &lost):
		wait := max(lost.RetryAfter, retryBusy)
		w.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
		a.log.WarnContext(r.Context(), "a service gave no answer", slog.String("service", lost.Service), slog.Any("error", err))
	case errors.Is(err, errBusy):
		w.Header().Set("Retry-After", strconv.Itoa(int(retryBusy/time.Second)))
		return *problem(http.StatusServiceUnavailable, "%v, try again in a moment", err)
	case r.Context().Err() != nil && errors.Is(err, context.Canceled):
		return *problem(499, "the caller went away")
	}
	if p, ok := remote.ProblemOf(err); ok {
		return *p
	}
	a.log.ErrorContext(r.Context(), "a request failed", slog.Any("error", err))
	return *problem(http.StatusInternalServerError, "something went wrong here; the log tells what, under the id of this request")
}
