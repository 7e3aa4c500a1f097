package serve

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/remote"
)

// play makes a draw of a campaign.
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

// idempotencyKey returns the value of the header Idempotency-Key: a string with quotes, as
// in draft-ietf-httpapi-idempotency-key-header, or without.
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
