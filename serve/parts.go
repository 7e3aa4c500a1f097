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

// partsMaker makes the texts or the numbers of a request.
type partsMaker func(ctx context.Context, request *remote.PartsRequest) (answer any, err error)

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
	release, err := s.reserve(x.request.Context(), request.Count)
	if err != nil {
		return err
	}
	defer release()
	answer, err := generate(x.request.Context(), request)
	if err != nil {
		return err
	}
	x.Header()["Cache-Control"] = a.noStore
	return a.answer(x, http.StatusOK, answer)
}

func (s *Server) texts(ctx context.Context, request *remote.PartsRequest) (any, error) {
	format := s.cfg.Text
	if request.Format != "" && request.Format != format.String() {
		var err error
		if format, err = textgen.Parse(request.Format); err != nil {
			return nil, remote.At("/format", err)
		}
	}
	draws, from, err := s.partsRange(ctx, entropy.Text, request)
	if err != nil {
		return nil, err
	}
	texts, err := draw.Local{}.Texts(ctx, nil, format, draws)
	s.metrics.parts(remote.Text, request.Count)
	return &remote.TextsAnswer{Format: format.String(), Texts: remote.Parts{Joined: texts, Width: format.Len()}, Entropy: from}, err
}

func (s *Server) numbers(ctx context.Context, request *remote.PartsRequest) (any, error) {
	format := s.cfg.Number
	if request.Format != "" && request.Format != format.String() {
		var err error
		if format, err = numgen.Parse(request.Format); err != nil {
			return nil, remote.At("/format", err)
		}
	}
	draws, from, err := s.partsRange(ctx, entropy.Number, request)
	if err != nil {
		return nil, err
	}
	numbers, err := draw.Local{}.Numbers(ctx, nil, format, draws)
	s.metrics.parts(remote.Number, request.Count)
	return &remote.NumbersAnswer{Format: format.String(), Numbers: remote.Parts{Joined: numbers, Width: format.Len()}, Entropy: from}, err
}

// partsRange is the draws of a request, fresh ones where it has no key.
func (s *Server) partsRange(ctx context.Context, label entropy.Label, request *remote.PartsRequest) (entropy.Range, *remote.Entropy, error) {
	draws, fresh, err := request.Range()
	if fresh {
		return s.fresh.draws(ctx, label, request.Count)
	}
	return draws, nil, err
}

// freshKey makes a key that nobody knows.
func freshKey() (key entropy.Key) {
	// Read never fails: where the system has no randomness, the program ends.
	_, _ = rand.Read(key[:])
	return key
}
