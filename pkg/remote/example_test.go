package remote_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/prizegen/prizegen/pkg/remote"
)

// Status asks a service what it has deployed.
func ExampleClient_Status() {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"service":"text","version":"1.0.0","ready":true,"implementation":"lower4"}`)
	}))
	defer service.Close()
	address, _ := url.Parse(service.URL)
	client := remote.New(remote.Config{Text: address})
	defer client.Close()
	status, err := client.Status(context.Background(), remote.Text)
	fmt.Println(status.Implementation, status.Ready, err)
	// Output: lower4 true <nil>
}
