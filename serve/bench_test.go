package serve_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/serve"
	"github.com/prizegen/prizegen/serve/servertest"
)

// BenchmarkRun makes one draw per iteration and writes it as CSV, either in this process or
// with three services over HTTP.
func BenchmarkRun(b *testing.B) {
	cfg, _ := servertest.Config(b, serve.All)
	rules, err := prize.Builtin(prize.Generous)
	if err != nil {
		b.Fatal(err)
	}
	base := servertest.Start(b, serve.All, servertest.Quiet).Address(b)
	for _, backend := range []struct {
		name string
		g    draw.Generator
	}{{"local", draw.Local{}}, {"remote", remote.New(remote.Config{Text: base, Number: base, Prize: base})}} {
		b.Run(backend.name, func(b *testing.B) {
			spec := draw.Spec{Seed: "42", Count: uint64(b.N), Text: cfg.Text, Number: cfg.Number, Rules: rules}
			csv := draw.CSV(&spec)
			encode := func(batch *draw.Batch) error {
				batch.Out = csv.Append(batch.Out, batch)
				return nil
			}
			if err := draw.Run(context.Background(), backend.g, spec, encode, nil); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// sink is a response writer that discards the response.
type sink struct{ h http.Header }

func (s *sink) Header() http.Header         { return s.h }
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }
func (s *sink) WriteHeader(int)             {}

// BenchmarkText handles one request for a text per iteration, without a network.
func BenchmarkText(b *testing.B) {
	s := servertest.Start(b, serve.Text, servertest.Quiet)
	request := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/v1/text", http.NoBody)
	w := &sink{h: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.h)
		s.Handler().ServeHTTP(w, request)
	}
}
