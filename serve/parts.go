package serve

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/partgen"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/textgen"
	"github.com/prizegen/prizegen/pkg/wire"
)

// partsHandler contains the handlers for operations that generate texts or numbers.
type partsHandler struct{ *backend }

// partsFunc generates the texts or numbers for draws in a format. An empty format means
// the deployed format. If fresh is true, draws has one range without a key.
type partsFunc func(ctx context.Context, format string, draws []entropy.Range, fresh bool) (answer any, err error)

func (a *api) registerTexts() {
	a.registerParts(remote.Text, schemaOf[wire.TextsResponse](a), partsHandler{a.backend}.texts)
}

func (a *api) registerNumbers() {
	a.registerParts(remote.Number, schemaOf[wire.NumbersResponse](a), partsHandler{a.backend}.numbers)
}

// registerParts adds the two operations that generate texts or numbers. Their handlers are
// raw for speed (see BenchmarkText).
func (a *api) registerParts(name string, answer *huma.Schema, generate partsFunc) {
	h := partsHandler{a.backend}
	minCount, maxCount := 1.0, float64(wire.MaxCount)
	a.raw(huma.Operation{
		Method: http.MethodGet, Path: "/v1/" + name, OperationID: "get-" + name + "s", Summary: "Generate " + name + "s from fresh randomness",
		Parameters: []*huma.Param{
			{Name: "format", In: "query", Description: "Format of the parts; the deployed format by default.", Schema: &huma.Schema{Type: huma.TypeString}},
			{Name: "count", In: "query", Description: "Number of parts to generate; 1 by default.", Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: &minCount, Maximum: &maxCount}},
		},
		Responses: ok(jsonContent(answer)),
		Errors:    []int{http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, func(w *responseRecorder, r *http.Request) error {
		request, err := partsQuery(r.URL.RawQuery)
		if err != nil {
			return err
		}
		return h.answerParts(w, request, generate)
	})
	a.raw(huma.Operation{
		Method: http.MethodPost, Path: "/v1/" + name, OperationID: "make-" + name + "s", Summary: "Generate the " + name + "s of draws from the subkey of a seed",
		RequestBody: &huma.RequestBody{Required: true, Content: jsonContent(schemaOf[wire.PartsRequest](a))},
		Responses:   ok(jsonContent(answer)),
		Errors:      bodyErrors(),
	}, func(w *responseRecorder, r *http.Request) error {
		buffer := h.buffers.get()
		defer h.buffers.put(buffer)
		request := &wire.PartsRequest{}
		request.Defaults()
		if err := h.decode(w, r, buffer, request); err != nil {
			return err
		}
		return h.answerParts(w, request, generate)
	})
}

// partsQuery parses the query of a GET request for texts or numbers.
func partsQuery(query string) (*wire.PartsRequest, error) {
	request := &wire.PartsRequest{}
	request.Defaults()
	if query == "" {
		return request, nil
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, malformedQuery(err)
	}
	for name, list := range values {
		switch {
		case len(list) > 1:
			return nil, repeatedParameter(name, len(list))
		case name == "format":
			request.Format = list[0]
		case name == "count":
			request.Count, err = strconv.Atoi(list[0])
			if err != nil || request.Count < 1 || request.Count > wire.MaxCount {
				return nil, parameterProblem(name, "must be a whole number from 1 to %d, got %q", wire.MaxCount, excerpt.Of(list[0]))
			}
		default:
			return nil, parameterProblem(excerpt.Of(name), "unknown query parameter; the parameters are format, count")
		}
	}
	return request, nil
}

// memoryOfPart is the maximum memory in bytes of a text or a number together with its JSON.
const memoryOfPart = 2*partgen.MaxLength + len(`"",`)

func (h partsHandler) answerParts(w *responseRecorder, request *wire.PartsRequest, generate partsFunc) error {
	draws, fresh, err := request.Draws()
	if err != nil {
		return err
	}
	count := 0
	for _, r := range draws {
		count += int(r.Count)
	}
	ctx := w.request.Context()
	release, err := h.room.reserve(ctx, count*memoryOfPart)
	if err != nil {
		return err
	}
	defer release()
	answer, err := generate(ctx, request.Format, draws, fresh)
	if err != nil {
		return err
	}
	w.Header()["Cache-Control"] = h.noStore
	return h.answer(w, http.StatusOK, answer)
}

func (h partsHandler) texts(ctx context.Context, name string, draws []entropy.Range, fresh bool) (any, error) {
	format := h.cfg.Text
	if name != "" && name != format.String() {
		var err error
		if format, err = textgen.Parse(name); err != nil {
			return nil, wire.At("/format", err)
		}
	}
	generate := func(dst []byte, r entropy.Range) ([]byte, error) { return draw.Local{}.Texts(ctx, dst, format, r) }
	texts, from, err := h.parts(ctx, entropy.Text, draws, fresh, format.Len(), generate)
	return &wire.TextsResponse{Format: format.String(), Texts: texts, Entropy: from}, err
}

func (h partsHandler) numbers(ctx context.Context, name string, draws []entropy.Range, fresh bool) (any, error) {
	format := h.cfg.Number
	if name != "" && name != format.String() {
		var err error
		if format, err = numgen.Parse(name); err != nil {
			return nil, wire.At("/format", err)
		}
	}
	generate := func(dst []byte, r entropy.Range) ([]byte, error) { return draw.Local{}.Numbers(ctx, dst, format, r) }
	numbers, from, err := h.parts(ctx, entropy.Number, draws, fresh, format.Len(), generate)
	return &wire.NumbersResponse{Format: format.String(), Numbers: numbers, Entropy: from}, err
}

// parts generates the texts or numbers for draws. from is the external source of fresh
// randomness, or nil for the operating system.
func (h partsHandler) parts(ctx context.Context, label entropy.Label, draws []entropy.Range, fresh bool, width int, generate func(dst []byte, r entropy.Range) ([]byte, error)) (parts wire.Parts, from *wire.Entropy, err error) {
	if fresh {
		if draws[0], from, err = h.fresh.draws(ctx, label, draws[0].Count); err != nil {
			return parts, nil, err
		}
	}
	parts.Width = width
	for _, r := range draws {
		if parts.Joined, err = generate(parts.Joined, r); err != nil {
			return parts, nil, err
		}
	}
	h.metrics.generated(string(label), parts.Len())
	return parts, from, nil
}
