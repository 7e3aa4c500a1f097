package wire_test

import (
	"errors"
	"fmt"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/wire"
)

// A service sends an error as a problem; the client gets the same Go error from it.
func ExampleProblemOf() {
	problem, ok := wire.ProblemOf(fmt.Errorf("campaign summer: %w", campaign.ErrNotFound))
	fmt.Println(ok, problem.Status, problem.Kind())
	fmt.Println(errors.Is(problem, campaign.ErrNotFound))
	// Output:
	// true 404 not-found
	// true
}
