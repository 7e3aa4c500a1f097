package serve

import (
	"bytes"
	"context"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/textgen"
)

func (s *Server) coreRoutes(a *api) []route {
	routes := []route{
		{
			method: http.MethodPost, path: "/v1/draws", name: "make-draws",
			summary: "Make draws that are not stored, or play a campaign",
			request: reflect.TypeFor[remote.DrawsRequest](), answer: reflect.TypeFor[remote.DrawsAnswer](), created: reflect.TypeFor[campaign.Draw](),
			refusals: append(bodyRefusals(), http.StatusUnauthorized, http.StatusNotFound, http.StatusConflict),
			handle:   func(x *exchange, r *http.Request) error { return s.draws(a, x, r) },
		},
		s.statusRoute(a, Core),
	}
	if s.promoter != nil {
		routes = append(routes, s.campaignRoutes(a)...)
		routes = append(routes, s.storedDrawRoutes(a)...)
		routes = append(routes, s.entrantRoutes(a)...)
	}
	return routes
}

func (s *Server) draws(a *api, x *exchange, r *http.Request) error {
	buffer := a.buffers.get()
	defer a.buffers.put(buffer)
	ctx := x.context()
	var request remote.DrawsRequest
	request.Defaults()
	if err := a.decode(x, r, buffer, &request); err != nil {
		return err
	}
	if request.Campaign != "" {
		return s.play(a, x, r, &request)
	}
	spec, err := s.spec(ctx, &request)
	if err != nil {
		return err
	}
	release, err := s.reserve(ctx, request.Count)
	if err != nil {
		return err
	}
	defer release()
	buffer.Reset()
	buffer.WriteString(`{"draws":`)
	if err := s.drawInto(ctx, buffer, spec); err != nil {
		return err
	}
	buffer.WriteString("}\n")
	x.Header()["Cache-Control"] = a.noStore
	return a.write(x, http.StatusOK, "application/json", buffer.Bytes())
}

// drawInto makes draws and writes them as a JSON array.
func (s *Server) drawInto(ctx context.Context, buffer *bytes.Buffer, spec *draw.Spec) error {
	encoding := draw.JSON(spec)
	buffer.Write(encoding.Header())
	encode := func(b *draw.Batch) error {
		b.Out = encoding.Append(b.Out, b)
		return nil
	}
	emit := func(b *draw.Batch) error {
		buffer.Write(b.Out)
		if s.cfg.Role == All {
			s.metrics.decidedBy(spec.Rules, true, b.Outcomes)
		}
		return nil
	}
	if err := draw.Run(ctx, s.generator(), *spec, encode, emit); err != nil {
		return err
	}
	buffer.Write(bytes.TrimSuffix(encoding.Footer(), []byte("\n")))
	return nil
}

// spec says which draws a request means: what it does not name is as deployed.
func (s *Server) spec(ctx context.Context, request *remote.DrawsRequest) (*draw.Spec, error) {
	if err := request.Check(); err != nil {
		return nil, err
	}
	spec := &draw.Spec{Seed: entropy.Seed(request.Seed), Start: request.Start, Count: uint64(request.Count)}
	var err error
	if request.TextFormat == "" {
		spec.Text, err = s.deployed.textFormat(ctx)
	} else if spec.Text, err = textgen.Parse(request.TextFormat); err != nil {
		err = remote.At("/text_format", err)
	}
	if err != nil {
		return nil, err
	}
	if request.NumberFormat == "" {
		spec.Number, err = s.deployed.numberFormat(ctx)
	} else if spec.Number, err = numgen.Parse(request.NumberFormat); err != nil {
		err = remote.At("/number_format", err)
	}
	if err != nil {
		return nil, err
	}
	if spec.Rules, err = s.deployed.rules(ctx, request.Rules); err != nil && request.Rules != "" {
		err = remote.At("/rules", err)
	}
	if err == nil && spec.Seed == "" {
		spec.Seed, spec.Proof, err = s.fresh.get(ctx)
	}
	return spec, err
}

// deployed knows what is deployed: here, or in the services that are called. What
// those say is taken to hold for a moment, so that not every draw asks again.
type deployed struct {
	s      *Server
	text   recent[textgen.Format]
	number recent[numgen.Format]
	prize  recent[*prize.Rules]
}

// recently is how long what a service says of itself is taken to hold: a rolled
// out implementation is seen that much later.
const recently = 2 * time.Second

// recent is a value that is asked for again when it is too old.
type recent[T any] struct {
	mu    sync.Mutex
	value T
	asked time.Time
}

// get gives the value, and asks for it where it is too old or there is none.
func (r *recent[T]) get(ask func() (T, error)) (T, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.asked.IsZero() && time.Since(r.asked) < recently {
		return r.value, nil
	}
	value, err := ask()
	if err == nil {
		r.value, r.asked = value, time.Now()
	}
	return value, err
}

// calls says whether a service is called for its part.
func (d *deployed) calls(service string) bool {
	return d.s.client != nil && d.s.client.Address(service) != nil
}

func (d *deployed) textFormat(ctx context.Context) (textgen.Format, error) {
	if !d.calls(remote.Text) {
		return d.s.cfg.Text, nil
	}
	return d.text.get(func() (textgen.Format, error) { return d.s.client.TextFormat(ctx) })
}

func (d *deployed) numberFormat(ctx context.Context) (numgen.Format, error) {
	if !d.calls(remote.Number) {
		return d.s.cfg.Number, nil
	}
	return d.number.get(func() (numgen.Format, error) { return d.s.client.NumberFormat(ctx) })
}

func (d *deployed) rules(ctx context.Context, name string) (*prize.Rules, error) {
	if !d.calls(remote.Prize) {
		by, err := d.s.rules.find(name)
		if err != nil {
			return nil, err
		}
		return by.rules, nil
	}
	if name != "" {
		return d.s.client.Rules(ctx, name)
	}
	return d.prize.get(func() (*prize.Rules, error) { return d.s.client.Rules(ctx, "") })
}
