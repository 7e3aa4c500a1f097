package serve

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/textgen"
	"github.com/prizegen/prizegen/pkg/wire"
	"github.com/prizegen/prizegen/serve/ratelimit"
)

// drawsHandler contains the handlers for operations that make draws.
type drawsHandler struct{ *backend }

func (a *api) registerDraws() {
	a.raw(huma.Operation{
		Method: http.MethodPost, Path: drawsPath, OperationID: "make-draws", Summary: "Make draws that are not stored, or make a play in a campaign",
		RequestBody: &huma.RequestBody{Required: true, Content: jsonContent(schemaOf[wire.DrawsRequest](a))},
		Responses: map[string]*huma.Response{
			"200": {Description: "OK", Content: jsonContent(schemaOf[wire.DrawsResponse](a))},
			"201": {Description: "Created", Content: jsonContent(schemaOf[campaign.Draw](a))},
		},
		Errors: bodyErrors(http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests),
	}, drawsHandler{a.backend}.draws)
}

// draws makes a play in a campaign, or draws that are not stored. It is a raw handler for
// speed (see BenchmarkPlays and BenchmarkComposed).
func (h drawsHandler) draws(w *responseRecorder, r *http.Request) error {
	buffer := h.buffers.get()
	defer h.buffers.put(buffer)
	ctx := w.context()
	var request wire.DrawsRequest
	request.Defaults()
	if err := h.decode(w, r, buffer, &request); err != nil {
		return err
	}
	if request.Campaign != "" {
		return h.play(w, r, &request)
	}
	if err := h.checkFree(r, request.Count); err != nil {
		return err
	}
	spec, err := h.spec(ctx, &request)
	if err != nil {
		return err
	}
	release, err := h.room.reserve(ctx, memoryOf(spec))
	if err != nil {
		return err
	}
	defer release()
	buffer.Reset()
	w.Header()["Cache-Control"] = h.noStore
	if request.Count > draw.BatchSize {
		h.stream(w, jsonType, func(to io.Writer) error { return h.writeDraws(ctx, to, spec) })
		return nil
	}
	if err := h.writeDraws(ctx, buffer, spec); err != nil {
		return err
	}
	return h.write(w, http.StatusOK, jsonType, buffer.Bytes())
}

// checkFree returns an error if a caller may not make count draws that are not stored, or not
// so often.
func (h drawsHandler) checkFree(r *http.Request, count int) error {
	if err := h.limit(ratelimit.Draws, r); err != nil {
		return err
	}
	limit := cmp.Or(h.cfg.MaxFreeDraws, maxFreeDraws)
	if count <= limit || count > wire.MaxCount { // counts above MaxCount get a different error
		return nil
	}
	isOperator, err := h.isOperator(r)
	if err == nil && !isOperator {
		err = wire.Invalid("/count", "must be at most %d without the token of an operator, got %d; /v1/text, /v1/number and /v1/prize generate up to %d parts of draws", limit, count, wire.MaxCount)
	}
	return err
}

// maxFreeDraws is the default of [Config].MaxFreeDraws.
const maxFreeDraws = 1000

// batchesInFlight is the maximum number of batches in memory for one request for draws.
const batchesInFlight = 5

// memoryOf returns the approximate memory in bytes that the draws of a spec use at a time,
// for their JSON and their parts.
func memoryOf(spec *draw.Spec) int {
	each := 400 + 2*len(spec.Seed) + len(spec.Proof) + 4*(spec.Text.Len()+spec.Number.Len())
	return each * int(min(spec.Count, batchesInFlight*draw.BatchSize))
}

// slowGenerator generates draws in this process, with a limited number of batches at a
// time.
type slowGenerator struct{ draw.Local }

// InFlight returns the number of batches that [draw.Run] makes at a time.
func (slowGenerator) InFlight() int { return batchesInFlight / 2 }

// writeDraws makes draws and writes them as a JSON object.
func (h drawsHandler) writeDraws(ctx context.Context, w io.Writer, spec *draw.Spec) error {
	encoding := draw.JSON(spec)
	generator := h.generator()
	if _, local := generator.(draw.Local); local {
		generator = slowGenerator{}
	}
	if _, err := fmt.Fprintf(w, `{"draws":%s`, encoding.Header()); err != nil {
		return err
	}
	err := draw.Write(ctx, generator, *spec, encoding, w, func(b *draw.Batch) { h.metrics.decided(spec.Rules, true, b.Outcomes) })
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s}\n", bytes.TrimSuffix(encoding.Footer(), []byte("\n")))
	return err
}

// spec returns the spec for the requested draws, with the deployed formats and rules for
// those that the request does not name.
func (h drawsHandler) spec(ctx context.Context, request *wire.DrawsRequest) (*draw.Spec, error) {
	if err := request.Check(); err != nil {
		return nil, err
	}
	spec := &draw.Spec{Seed: entropy.Seed(request.Seed), Start: request.Start, Count: uint64(request.Count)}
	var err error
	if request.TextFormat == "" {
		spec.Text, err = h.deployed.textFormat(ctx)
	} else if spec.Text, err = textgen.Parse(request.TextFormat); err != nil {
		err = wire.At("/text_format", err)
	}
	if err != nil {
		return nil, err
	}
	if request.NumberFormat == "" {
		spec.Number, err = h.deployed.numberFormat(ctx)
	} else if spec.Number, err = numgen.Parse(request.NumberFormat); err != nil {
		err = wire.At("/number_format", err)
	}
	if err != nil {
		return nil, err
	}
	if spec.Rules, err = h.deployed.rules(ctx, request.Rules); err != nil && request.Rules != "" {
		err = wire.At("/rules", err)
	}
	if err == nil && spec.Seed == "" {
		spec.Seed, spec.Proof, err = h.fresh.get(ctx)
	}
	return spec, err
}

// play makes a play in a campaign.
func (h drawsHandler) play(w *responseRecorder, r *http.Request, request *wire.DrawsRequest) error {
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
	var d campaign.Draw
	play := func() (err error) {
		d, err = c.Play(w.context(), request.Play(key))
		return err
	}
	if c.authority == nil {
		err = h.limits.Play(w.context(), ratelimit.AddrOf(r), request.Campaign, play)
	} else {
		err = play()
	}
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
