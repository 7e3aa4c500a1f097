package drandtest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/entropy/drand"
	"github.com/prizegen/prizegen/pkg/entropy/drand/drandtest"
)

// TestStatuses checks the HTTP statuses of a mirror.
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
			t.Errorf("%s: got status %d, want %d", path, response.StatusCode, want)
		}
	}
	if c.Requests() != 7 {
		t.Errorf("got %d requests, want 7", c.Requests())
	}
}

// TestWrongNumber checks that a mirror can return the wrong round, even for round 1.
func TestWrongNumber(t *testing.T) {
	c := drandtest.New(t)
	c.Fail(drandtest.WrongNumber)
	client, err := drand.New(drand.Config{URLs: []string{c.URL}, Chain: c.Info().Hash})
	if err != nil {
		t.Fatal(err)
	}
	for n := uint64(1); n < 3; n++ {
		if r, err := client.Round(t.Context(), n); err == nil {
			t.Errorf("request for round %d: got round %d, want an error", n, r.Number)
		}
	}
}

// TestFailTimes checks that a mirror works again after the given number of faulty
// responses.
func TestFailTimes(t *testing.T) {
	chain := drandtest.New(t)
	client, err := drand.New(drand.Config{URLs: []string{chain.URL}, Chain: chain.Info().Hash, Timeout: 10 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	chain.FailTimes(drandtest.Broken, 1)
	if _, err := client.Round(t.Context(), 3); !errors.Is(err, drand.ErrUnavailable) {
		t.Errorf("got error %v, want ErrUnavailable", err)
	}
	if _, err := client.Round(t.Context(), 3); err != nil {
		t.Error(err)
	}
}

// Tests can use a mirror without a network.
func ExampleTransport() {
	chain := drandtest.Make(new(testing.T), drandtest.Config{Genesis: time.Unix(1700000000, 0), Now: func() time.Time { return time.Unix(1700000041, 0) }})
	client, err := drand.New(drand.Config{
		URLs: []string{"http://mirror"}, Chain: chain.Info().Hash,
		HTTP: &http.Client{Transport: drandtest.Transport(map[string]http.Handler{"mirror": chain})},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	round, err := client.Round(context.Background(), 42)
	fmt.Println(round.Number, round.Seed() == chain.Round(42).Seed(), err)
	// Output: 42 true <nil>
}
