package serve

import (
	"context"
	"crypto/rand"
	"net/http"
	"reflect"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// partsMaker makes the texts or the numbers of draws in a format, the deployed one where
// it is empty. fresh draws are one range whose key is still to be made.
type partsMaker func(ctx context.Context, format string, draws []entropy.Range, fresh bool) (answer any, err error)

func (s *Server) textRoutes(a *api) []route {
	return append(s.partsRoutes(a, remote.Text, reflect.TypeFor[remote.TextsAnswer](), s.texts), s.statusRoute(a, Text))
}

func (s *Server) numberRoutes(a *api) []route {
	return append(s.partsRoutes(a, remote.Number, reflect.TypeFor[remote.NumbersAnswer](), s.numbers), s.statusRoute(a, Number))
}

// partsRoutes are the two ways to ask for parts.
func (s *Server) partsRoutes(a *api, name string, answer reflect.Type, generate partsMaker) []route {
	return []route{
		{
			method: http.MethodGet, path: "/v1/" + name, name: "get-" + name + "s",
			summary: "Make " + name + "s from fresh randomness",
			query:   partsParameters(), answer: answer,
			refusals: []int{http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
			handle: func(x *exchange, r *http.Request) error {
				request, err := partsQuery(r.URL.RawQuery)
				if err != nil {
					return err
				}
				return s.answerParts(a, x, request, generate)
			},
		},
		{
			method: http.MethodPost, path: "/v1/" + name, name: "make-" + name + "s",
			summary: "Make the " + name + "s of draws by the subkey of a seed",
			request: reflect.TypeFor[remote.PartsRequest](), answer: answer, refusals: bodyRefusals(),
			handle: func(x *exchange, r *http.Request) error {
				buffer := a.buffers.get()
				defer a.buffers.put(buffer)
				request := &remote.PartsRequest{}
				request.Defaults()
				if err := a.decode(x, r, buffer, request); err != nil {
					return err
				}
				return s.answerParts(a, x, request, generate)
			},
		},
	}
}

func (s *Server) answerParts(a *api, x *exchange, request *remote.PartsRequest, generate partsMaker) error {
	draws, fresh, err := request.Draws()
	if err != nil {
		return err
	}
	count := 0
	for _, r := range draws {
		count += int(r.Count)
	}
	release, err := s.reserve(x.request.Context(), count)
	if err != nil {
		return err
	}
	defer release()
	answer, err := generate(x.request.Context(), request.Format, draws, fresh)
	if err != nil {
		return err
	}
	x.Header()["Cache-Control"] = a.noStore
	return a.answer(x, http.StatusOK, answer)
}

func (s *Server) texts(ctx context.Context, name string, draws []entropy.Range, fresh bool) (any, error) {
	format := s.cfg.Text
	if name != "" && name != format.String() {
		var err error
		if format, err = textgen.Parse(name); err != nil {
			return nil, remote.At("/format", err)
		}
	}
	make := func(dst []byte, r entropy.Range) ([]byte, error) { return draw.Local{}.Texts(ctx, dst, format, r) }
	texts, from, err := s.parts(ctx, entropy.Text, draws, fresh, format.Len(), make)
	return &remote.TextsAnswer{Format: format.String(), Texts: texts, Entropy: from}, err
}

func (s *Server) numbers(ctx context.Context, name string, draws []entropy.Range, fresh bool) (any, error) {
	format := s.cfg.Number
	if name != "" && name != format.String() {
		var err error
		if format, err = numgen.Parse(name); err != nil {
			return nil, remote.At("/format", err)
		}
	}
	make := func(dst []byte, r entropy.Range) ([]byte, error) { return draw.Local{}.Numbers(ctx, dst, format, r) }
	numbers, from, err := s.parts(ctx, entropy.Number, draws, fresh, format.Len(), make)
	return &remote.NumbersAnswer{Format: format.String(), Numbers: numbers, Entropy: from}, err
}

// parts has the texts or the numbers of draws made, and tells where fresh randomness
// comes from.
func (s *Server) parts(ctx context.Context, label entropy.Label, draws []entropy.Range, fresh bool, width int, make func(dst []byte, r entropy.Range) ([]byte, error)) (parts remote.Parts, from *remote.Entropy, err error) {
	if fresh {
		if draws[0], from, err = s.fresh.draws(ctx, label, draws[0].Count); err != nil {
			return parts, nil, err
		}
	}
	parts.Width = width
	for _, r := range draws {
		if parts.Joined, err = make(parts.Joined, r); err != nil {
			return parts, nil, err
		}
	}
	s.metrics.parts(string(label), parts.Len())
	return parts, from, nil
}

// freshKey makes a key that nobody knows.
func freshKey() (key entropy.Key) {
	// Read never fails: where the system has no randomness, the program ends.
	_, _ = rand.Read(key[:])
	return key
}
