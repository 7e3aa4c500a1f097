package drandtest_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/prizegen/prizegen/pkg/entropy/drand"
	"github.com/prizegen/prizegen/pkg/entropy/drand/drandtest"
)

// The relay answers the statuses that relays do.
func TestStatuses(t *testing.T) {
	c := drandtest.New(t)
	for path, want := range map[string]int{
		"/" + c.Hash() + "/info":           http.StatusOK,
		"/" + c.Hash() + "/public/latest":  http.StatusOK,
		"/" + c.Hash() + "/public/1":       http.StatusOK,
		"/" + c.Hash() + "/public/1000000": http.StatusTooEarly,
		"/" + c.Hash() + "/public/0":       http.StatusNotFound,
		"/" + c.Hash() + "/elsewhere":      http.StatusNotFound,
		"/public/1":                        http.StatusNotFound,
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.URL+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s answers %d, want %d", path, response.StatusCode, want)
		}
	}
	if c.Requests() != 7 {
		t.Errorf("%d requests are counted, want 7", c.Requests())
	}
}

// A mirror can give another number even where it is asked for the first one.
func TestWrongNumber(t *testing.T) {
	c := drandtest.New(t)
	c.Fail(drandtest.WrongNumber)
	client, err := drand.New(drand.Config{URLs: []string{c.URL}, Chain: c.Info().Hash})
	if err != nil {
		t.Fatal(err)
	}
	for n := uint64(1); n < 3; n++ {
		if r, err := client.Round(t.Context(), n); err == nil {
			t.Errorf("asked for round %d, got %d", n, r.Number)
		}
	}
}

// ExampleNew is a test of something that needs a chain.
func ExampleNew() {
	test := func(t *testing.T) {
		chain := drandtest.New(t)
		client, err := drand.New(drand.Config{URLs: []string{chain.URL}, Chain: chain.Info().Hash})
		if err != nil {
			t.Fatal(err)
		}
		chain.FailTimes(drandtest.Broken, 1)
		_, err = client.Round(t.Context(), 3)
		t.Log(err)
	}
	fmt.Printf("%T\n", test)
	// Output: func(*testing.T)
}
