package site_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
	"github.com/prizegen/prizegen/serve/site"
)

// freePlay makes draws in this process with lower4, digits4 and generous.
type freePlay struct{ draw.Local }

func (freePlay) Deployed(context.Context) (text textgen.Format, number numgen.Format, rules *prize.Rules, err error) {
	if text, err = textgen.Parse(textgen.Lower4); err != nil {
		return text, number, nil, err
	}
	if number, err = numgen.Parse(numgen.Digits4); err != nil {
		return text, number, nil, err
	}
	rules, err = prize.Builtin(prize.Generous)
	return text, number, rules, err
}

func (freePlay) Fresh(context.Context) (entropy.Seed, error) { return entropy.NewSeed(), nil }

// Without a store, a site offers only free play. The URL of a result contains a seed, so
// the same URL always shows the same draw.
func ExampleNew() {
	pages, err := site.New(site.Config{Free: freePlay{}, Version: "1.0.0", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	for _, route := range pages.Routes() {
		mux.Handle(route.Pattern, route.Handler)
	}
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/try/42", http.NoBody))
	fmt.Println(answer.Code, strings.Contains(answer.Body.String(), "Account number fucb0166"))
	// Output: 200 true
}
