package serve

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/wire"
	"github.com/prizegen/prizegen/serve/ratelimit"
)

// exportsHandler contains the handler for exports.
type exportsHandler struct {
	*backend
	cache *exportCache
}

type exportInput struct {
	Campaign string `path:"campaign" doc:"Name of the campaign."`
	Format   string `query:"format" doc:"The format. The default is json." enum:"json,csv"`
	Entrants bool   `query:"entrants" doc:"Whether to include the entrants. Only the administrator may do this."`
}

// export streams all draws of a campaign. It checks the request before the response begins.
// If the client's copy is current, the response is 304. An export waits while too many
// others are in progress.
func (h exportsHandler) export(ctx context.Context, c caller, in *exportInput) (*output, error) {
	exported, err := c.Campaign(ctx, in.Campaign)
	if err != nil {
		return nil, err
	}
	if in.Entrants && c.authority == nil {
		return nil, wire.ErrForbidden
	}
	kind, extension := jsonType, "json"
	if in.Format == "csv" {
		kind, extension = "text/csv; charset=utf-8", "csv"
	}
	tag := ""
	if !in.Entrants { // personal data is not cached anywhere
		if tag, err = h.tag(ctx, c, in); err != nil {
			return nil, err
		}
	}
	current := tag != "" && matches(c.w.request.Header.Get("If-None-Match"), tag)
	if c.authority == nil && !current {
		if err := h.limits.Allow(ratelimit.Exports, ratelimit.AddrOf(c.w.request)); err != nil {
			return nil, err
		}
	}
	return &output{stream: func(w *responseRecorder) {
		header := w.Header()
		if tag != "" {
			header.Set("ETag", tag)
			header.Set("Cache-Control", "private, no-cache")
			header.Set("Vary", "Authorization")
			if current {
				w.WriteHeader(http.StatusNotModified)
				return
			}
		}
		header.Set("Content-Disposition", `attachment; filename="prizegen-`+exported.Name+"."+extension+`"`)
		h.stream(w, kind, func(to io.Writer) error { return h.send(ctx, c, in, tag, to) })
	}}, nil
}

// tag returns the ETag of an export, which changes when the export would change.
func (h exportsHandler) tag(ctx context.Context, c caller, in *exportInput) (string, error) {
	version, err := c.ExportTag(ctx, in.Campaign)
	sum := sha256.Sum256(fmt.Append(nil, h.cfg.Version, " ", version, " ", in.Format, " ", c.authority != nil))
	return `"` + hex.EncodeToString(sum[:16]) + `"`, err
}

// matches reports whether a list of ETags, the value of If-None-Match, includes tag.
func matches(list, tag string) bool {
	for each := range strings.SplitSeq(list, ",") {
		if each = strings.TrimPrefix(strings.TrimSpace(each), "W/"); each == tag || each == "*" {
			return true
		}
	}
	return false
}

// send writes an export. It uses the cache if that contains the export with this tag.
func (h exportsHandler) send(ctx context.Context, c caller, in *exportInput, tag string, to io.Writer) error {
	if text := h.cache.get(tag); text != nil {
		_, err := to.Write(text)
		return err
	}
	free, err := h.room.reserve(ctx, memoryOfExport)
	if err != nil {
		return err
	}
	defer free()
	computing := &turn{ctx: ctx, turns: h.exports, to: to}
	if err := computing.begin(); err != nil {
		return err
	}
	defer computing.end()
	copied := &prefix{max: maxCachedExport}
	if err := h.writeExport(ctx, c, in, io.MultiWriter(computing, copied)); err != nil {
		return err
	}
	if tag != "" && !copied.cut {
		h.cache.add(tag, copied.text.Bytes())
	}
	return nil
}

// memoryOfExport is the memory of an export in progress in bytes: a page of draws, buffers
// and the copy for the cache.
const memoryOfExport = 3 << 20

// turn is an export's turn to use the processor and the database. While the export waits
// for its client to read, its turn is over, so that slow clients do not hold up others.
type turn struct {
	ctx   context.Context
	turns *semaphore.Weighted
	to    io.Writer
	taken bool
}

// begin waits for the turn for a limited time.
func (t *turn) begin() error {
	_, err := acquire(t.ctx, t.turns, 1, errExports)
	t.taken = err == nil
	return err
}

// end ends the turn, unless it has already ended.
func (t *turn) end() {
	if t.taken {
		t.turns.Release(1)
	}
	t.taken = false
}

// Write implements [io.Writer].
func (t *turn) Write(p []byte) (int, error) {
	t.end()
	n, err := t.to.Write(p)
	if err == nil {
		err = t.turns.Acquire(t.ctx, 1) // waits as long as the client does
		t.taken = err == nil
	}
	return n, err
}

// writeExport exports a campaign for the caller.
func (h exportsHandler) writeExport(ctx context.Context, c caller, in *exportInput, w io.Writer) error {
	o := campaign.ExportOptions{Entrants: in.Entrants}
	switch csv := in.Format == "csv"; {
	case c.authority == nil && csv:
		return h.campaigns.ExportCSV(ctx, in.Campaign, w)
	case c.authority == nil:
		return h.campaigns.Export(ctx, in.Campaign, w)
	case csv:
		return c.authority.Viewer().ExportCSV(ctx, in.Campaign, w, o)
	}
	return c.authority.Viewer().Export(ctx, in.Campaign, w, o)
}

// prefix keeps what is written to it, unless that exceeds a maximum length.
type prefix struct {
	text bytes.Buffer
	max  int
	cut  bool // more was written
}

// Write implements [io.Writer].
func (p *prefix) Write(text []byte) (int, error) {
	if p.cut = p.cut || p.text.Len()+len(text) > p.max; p.cut {
		p.text = bytes.Buffer{}
	} else {
		p.text.Write(text)
	}
	return len(text), nil
}

// exportCache keeps the most recent short exports. Long ones would need too much memory.
type exportCache struct {
	mu   sync.Mutex
	list []cachedExport // oldest first
}

type cachedExport struct {
	tag  string
	text []byte
}

const (
	maxCachedExport  = 1 << 20 // bytes
	maxCachedExports = 8
)

// get returns an export, or nil if it is not in the cache.
func (c *exportCache) get(tag string) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.list {
		if e.tag == tag {
			return e.text
		}
	}
	return nil
}

func (c *exportCache) add(tag string, text []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.list) >= maxCachedExports {
		c.list = slices.Delete(c.list, 0, 1)
	}
	c.list = append(c.list, cachedExport{tag, bytes.Clone(text)})
}
