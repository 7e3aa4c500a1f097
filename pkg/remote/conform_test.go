package remote_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prizegen/prizegen/pkg/remote"
)

// TestConforms checks that a service counts as nonconforming for a while after a wrong
// response, even if it gives right results again.
func TestConforms(t *testing.T) {
	services := inProcess(handler(t, summer))
	synctest.Test(t, func(t *testing.T) {
		wrong := false
		client := clientOver(time.Minute, func(r *http.Request) (*http.Response, error) {
			if wrong && r.Method == http.MethodPost {
				r.Body = http.NoBody
			}
			return services(r)
		})
		check := func(service string, conforms, refused bool) {
			t.Helper()
			if err := client.Conforms(t.Context(), service); (err == nil) != conforms {
				t.Errorf("%s: got error %v, want conforming: %v", service, err, conforms)
			}
			if err := client.Refused(service); (err != nil) != refused {
				t.Errorf("%s: got refused response %v, want a refused response: %v", service, err, refused)
			}
		}
		for _, service := range []string{remote.Text, remote.Number, remote.Prize} {
			wrong = false
			check(service, true, false)
			wrong = true
			check(service, false, true)
			wrong = false
			check(service, true, true)
			time.Sleep(time.Minute)
			check(service, true, false)
		}
	})
}
