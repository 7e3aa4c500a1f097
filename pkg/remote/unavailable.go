package remote

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
)

// ErrUnavailable is wrapped by every error about a service that could not be
// reached or was too busy.
var ErrUnavailable = errors.New("service unavailable")

// Unavailable is the error about a service that gave no answer. It is
// [ErrUnavailable] to errors.Is.
type Unavailable struct {
	Service    string        // its role
	URL        string        // its address
	RetryAfter time.Duration // when to try again, 0 where that is not known
	Err        error         // what happened
}

// Error says which service, at what address, and why.
func (e *Unavailable) Error() string {
	switch {
	case errors.Is(e.Err, circuitbreaker.ErrOpen):
		return fmt.Sprintf("the %s service at %s has failed several times in a row and is not called for a moment", e.Service, e.URL)
	case errors.Is(e.Err, bulkhead.ErrFull):
		return fmt.Sprintf("too many calls of the %s service at %s are under way", e.Service, e.URL)
	case errors.As(e.Err, new(*refusedError)):
		return fmt.Sprintf("the %s service at %s takes no work at the moment: %v", e.Service, e.URL, e.Err)
	}
	return fmt.Sprintf("the %s service at %s does not answer: %v", e.Service, e.URL, e.Err)
}

// Is makes it an [ErrUnavailable].
func (e *Unavailable) Is(target error) bool { return target == ErrUnavailable }

// Unwrap gives what happened.
func (e *Unavailable) Unwrap() error { return e.Err }

// bare takes the address off an error of net/http, which is told elsewhere.
func bare(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
