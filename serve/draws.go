package serve

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// drawsHandler contains the handlers of operations that make draws.
type drawsHandler struct{ *backend }

func (a *api) registerDraws() {
	a.raw(huma.Operation{
		Method: http.MethodPost, Path: drawsPath, OperationID: "make-draws", Summary: "Make draws that are not stored, or make a play in a campaign",
		RequestBody: &huma.RequestBody{Required: true, Content: jsonContent(schemaOf[remote.DrawsRequest](a))},
		Responses: map[string]*huma.Response{
			"200": {Description: "OK", Content: jsonContent(schemaOf[remote.DrawsAnswer](a))},
			"201": {Description: "Created", Content: jsonContent(schemaOf[campaign.Draw](a))},
		},
		Errors: bodyErrors(http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict),
	}, drawsHandler{a.backend}.draws)
}

// draws makes a play in a campaign, or makes draws that are not stored. It is a raw
// handler for speed (see BenchmarkPlays and BenchmarkComposed).
func (h drawsHandler) draws(w *responseRecorder, r *http.Request) error {
	buffer := h.buffers.get()
	defer h.buffers.put(buffer)
	ctx := w.context()
	var request remote.DrawsRequest
	request.Defaults()
	if err := h.decode(w, r, buffer, &request); err != nil {
		return err
	}
	if request.Campaign != "" {
		return h.play(w, r, &request)
	}
	spec, err := h.spec(ctx, &request)
	if err != nil {
		return err
	}
	release, err := h.reserve(ctx, request.Count)
	if err != nil {
		return err
	}
	defer release()
	buffer.Reset()
	buffer.WriteString(`{"draws":`)
	if err := h.drawInto(ctx, buffer, spec); err != nil {
		return err
	}
	buffer.WriteString("}\n")
	w.Header()["Cache-Control"] = h.noStore
	return h.write(w, http.StatusOK, jsonType, buffer.Bytes())
}

// drawInto makes draws and writes them as a JSON array.
func (h drawsHandler) drawInto(ctx context.Context, buffer *bytes.Buffer, spec *draw.Spec) error {
	encoding := draw.JSON(spec)
	buffer.Write(encoding.Header())
	encode := func(b *draw.Batch) error {
		b.Out = encoding.Append(b.Out, b)
		return nil
	}
	emit := func(b *draw.Batch) error {
		buffer.Write(b.Out)
		h.metrics.decided(spec.Rules, true, b.Outcomes)
		return nil
	}
	if err := draw.Run(ctx, h.generator(), *spec, encode, emit); err != nil {
		return err
	}
	buffer.Write(bytes.TrimSuffix(encoding.Footer(), []byte("\n")))
	return nil
}

// spec returns the spec for the requested draws. It adds the deployed formats and rules
// if the request does not name any.
func (h drawsHandler) spec(ctx context.Context, request *remote.DrawsRequest) (*draw.Spec, error) {
	if err := request.Check(); err != nil {
		return nil, err
	}
	spec := &draw.Spec{Seed: entropy.Seed(request.Seed), Start: request.Start, Count: uint64(request.Count)}
	var err error
	if request.TextFormat == "" {
		spec.Text, err = h.deployed.textFormat(ctx)
	} else if spec.Text, err = textgen.Parse(request.TextFormat); err != nil {
		err = remote.At("/text_format", err)
	}
	if err != nil {
		return nil, err
	}
	if request.NumberFormat == "" {
		spec.Number, err = h.deployed.numberFormat(ctx)
	} else if spec.Number, err = numgen.Parse(request.NumberFormat); err != nil {
		err = remote.At("/number_format", err)
	}
	if err != nil {
		return nil, err
	}
	if spec.Rules, err = h.deployed.rules(ctx, request.Rules); err != nil && request.Rules != "" {
		err = remote.At("/rules", err)
	}
	if err == nil && spec.Seed == "" {
		spec.Seed, spec.Proof, err = h.fresh.get(ctx)
	}
	return spec, err
}

// play makes a play in a campaign.
func (h drawsHandler) play(w *responseRecorder, r *http.Request, request *remote.DrawsRequest) error {
	if h.campaigns == nil {
		return campaign.Errorf(campaign.ErrNotFound, "this server has no campaigns")
	}
	if err := request.Check(); err != nil {
		return err
	}
	c, err := h.caller(r)
	if err != nil {
		return err
	}
	key, err := idempotencyKey(r.Header)
	if err != nil {
		return err
	}
	d, err := c.Play(w.context(), request.Play(key))
	if err != nil {
		return err
	}
	header := w.Header()
	header["Cache-Control"] = h.noStore
	header.Set("Location", drawsPath+"/"+url.PathEscape(d.ID))
	return h.answer(w, http.StatusCreated, d)
}

// idempotencyKey returns the value of the Idempotency-Key header. The value is a string
// in quotes, as in draft-ietf-httpapi-idempotency-key-header, or without quotes.
func idempotencyKey(h http.Header) (string, error) {
	values := h["Idempotency-Key"]
	if len(values) == 0 {
		return "", nil
	}
	if len(values) > 1 {
		return "", wrongKey("got %d values", len(values))
	}
	key := strings.TrimSpace(values[0])
	if inner, quoted := strings.CutPrefix(key, `"`); quoted {
		inner, closed := strings.CutSuffix(inner, `"`)
		if !closed {
			return "", wrongKey("missing closing quote")
		}
		key = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(inner)
	}
	if key == "" || len(key) > maxKey || strings.ContainsFunc(key, func(c rune) bool { return c < ' ' || c > '~' }) {
		return "", wrongKey("got %d bytes", len(key))
	}
	return key, nil
}

// maxKey is the maximum length of a once-only key in bytes.
const maxKey = 255

func wrongKey(format string, args ...any) error {
	return problem(http.StatusBadRequest,
		"Idempotency-Key must be one string of 1 to %d printable ASCII characters, such as \"8e03978e-40d5-43dd-bc93-6894a57f9324\": "+format,
		append([]any{maxKey}, args...)...)
}
