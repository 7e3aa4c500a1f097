package main

import (
	"io"
	"net/http"
	"strings"
	"time"
)

// bareCommand has this program be a server that does nothing: bare ADDRESS, or
// bare ADDRESS,URL,URL,URL for one that makes the calls of a core first.
const bareCommand = "bare"

// serveBare answers every request with a constant, in as few lines as net/http
// takes.
func serveBare(args string) error {
	address, urls, _ := strings.Cut(args, ",")
	answer := []byte(`{"format":"lower4","texts":["fucb"]}` + "\n")
	handler := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		// Who does not read the answer any more need not be told.
		_, _ = w.Write(answer)
	}
	if urls != "" {
		handler = relay(strings.Split(urls, ","), handler)
	}
	server := &http.Server{Addr: address, Handler: http.HandlerFunc(handler), ReadHeaderTimeout: 5 * time.Second}
	return server.ListenAndServe()
}

// relay asks other servers, one after the other, before it answers.
func relay(urls []string, then http.HandlerFunc) http.HandlerFunc {
	transport := &http.Transport{MaxIdleConnsPerHost: 256}
	return func(w http.ResponseWriter, r *http.Request) {
		for _, url := range urls {
			request, err := http.NewRequestWithContext(r.Context(), http.MethodPost, url, strings.NewReader("{}"))
			if err == nil {
				err = ask(transport, request)
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadGateway)
				return
			}
		}
		then(w, r)
	}
}

func ask(transport http.RoundTripper, request *http.Request) error {
	answer, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}
