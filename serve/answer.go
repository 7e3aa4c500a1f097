package serve

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/remote"
)

// maxWait is how long a request waits for room before it is refused.
const maxWait = 5 * time.Second

// errBusy is that too many draws are under way.
var errBusy = errors.New("too many draws are under way")

// retryBusy is what a caller is asked to wait where nothing better is known.
const retryBusy = time.Second

// answer writes a value as JSON.
func (a *api) answer(x *exchange, status int, value any) error {
	buffer := a.buffers.get()
	defer a.buffers.put(buffer)
	if long, ok := value.(interface{ AppendJSON(dst []byte) []byte }); ok {
		buffer.Write(long.AppendJSON(buffer.AvailableBuffer()))
	} else if err := json.MarshalWrite(buffer, value); err != nil {
		return err
	}
	return a.write(x, status, "application/json", buffer.Bytes())
}

// buffered is the length up to which net/http itself finds out how long an answer
// is.
const buffered = 2000

// write writes an answer whose length is known.
func (a *api) write(x *exchange, status int, kind string, body []byte) error {
	h := x.Header()
	if kind == "application/json" {
		h["Content-Type"] = a.jsonType
	} else {
		// What a browser might show must not be taken for something else.
		h["Content-Type"], h["X-Content-Type-Options"] = []string{kind}, []string{"nosniff"}
	}
	if len(body) > buffered {
		h["Content-Length"] = []string{strconv.Itoa(len(body))}
	}
	x.WriteHeader(status)
	// Who does not read the answer any more need not be told.
	_, _ = x.Write(body)
	return nil
}

// refuse answers with the problem that an error is.
func (a *api) refuse(x *exchange, err error) {
	p := a.problem(x, err)
	p.Instance = "urn:prizegen:request:" + x.trace.RequestID
	body, err := json.Marshal(p)
	if err != nil {
		body = []byte(`{"title":"Internal Server Error","status":500}`)
	}
	x.Header()["Cache-Control"] = a.noStore
	_ = a.write(x, p.Status, remote.ProblemType, body)
}

// advise tells in the headers what can be done about an error.
func (a *api) advise(x *exchange, err error) {
	switch {
	case errors.Is(err, campaign.ErrForbidden):
		x.Header().Set("WWW-Authenticate", `Bearer realm="prizegen"`)
	case errors.Is(err, campaign.ErrBusy), errors.Is(err, campaign.ErrUnavailable):
		x.Header().Set("Retry-After", strconv.Itoa(int(retryBusy/time.Second)))
		a.log.WarnContext(x.context(), "a request was refused", slog.Any("error", err))
	}
}

// problem finds out what to tell about an error. It is a copy.
func (a *api) problem(x *exchange, err error) remote.Problem {
	var lost *remote.Unavailable
	var dry *sourceError
	switch {
	case errors.As(err, &lost):
		wait := max(lost.RetryAfter, retryBusy)
		x.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
		a.log.WarnContext(x.context(), "a service gave no answer", slog.String("service", lost.Service), slog.Any("error", err))
	case errors.As(err, &dry):
		x.Header().Set("Retry-After", strconv.Itoa(int(retryBusy/time.Second)))
		a.log.WarnContext(x.context(), "no seed", slog.String("source", dry.name), slog.Any("error", dry.err))
	case errors.Is(err, errBusy):
		x.Header().Set("Retry-After", strconv.Itoa(int(retryBusy/time.Second)))
		return *problem(http.StatusServiceUnavailable, "%v, try again in a moment", err)
	case x.context().Err() != nil && errors.Is(err, context.Canceled):
		return *problem(499, "the caller went away")
	}
	if p, ok := remote.ProblemOf(err); ok {
		a.advise(x, err)
		// Where databases and services are is for the log alone.
		switch {
		case lost != nil:
			p.Detail = "the " + lost.Service + " service is not available at the moment; the log tells more, under the id of this request"
		case errors.Is(err, campaign.ErrUnavailable):
			p.Detail = "the database is not available at the moment; the log tells more, under the id of this request"
		}
		return *p
	}
	a.log.ErrorContext(x.context(), "a request failed", slog.Any("error", err))
	return *problem(http.StatusInternalServerError, "something went wrong here; the log tells what, under the id of this request")
}
