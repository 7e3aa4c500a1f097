package main

import (
	"io"
	"net/http"
	"strings"
	"time"
)

// bareCommand makes this program run as a server that responds with a constant: bare
// ADDRESS. With bare ADDRESS,URL,URL,URL, it calls these servers before it responds, like a
// core.
const bareCommand = "bare"

// serveBare responds to every request with a constant, with as little code as net/http
// allows.
func serveBare(args string) error {
	address, urls, _ := strings.Cut(args, ",")
	answer := []byte(`{"format":"lower4","texts":["fucb"]}` + "\n")
	handler := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer) // fails only if the client has disconnected
	}
	if urls != "" {
		handler = relay(strings.Split(urls, ","), handler)
	}
	server := &http.Server{Addr: address, Handler: http.HandlerFunc(handler), ReadHeaderTimeout: 5 * time.Second}
	return server.ListenAndServe()
}

// relay returns a handler that calls urls one after the other before it calls next.
func relay(urls []string, next http.HandlerFunc) http.HandlerFunc {
	transport := &http.Transport{MaxIdleConnsPerHost: 256}
	return func(w http.ResponseWriter, r *http.Request) {
		for _, url := range urls {
			request, err := http.NewRequestWithContext(r.Context(), http.MethodPost, url, strings.NewReader("{}"))
			if err == nil {
				err = call(transport, request)
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadGateway)
				return
			}
		}
		next(w, r)
	}
}

func call(transport http.RoundTripper, request *http.Request) error {
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}
