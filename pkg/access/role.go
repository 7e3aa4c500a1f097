package access

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/excerpt"
)

// Role determines what an administrator may do, or whoever has an API token.
type Role string

// The roles. Each includes the ones after it.
const (
	RoleOwner    Role = "owner"    // everything, including administrators and tokens
	RoleOperator Role = "operator" // run campaigns
	RoleViewer   Role = "viewer"   // read everything, change nothing
)

// Roles returns all roles, the most powerful first.
func Roles() []Role { return []Role{RoleOwner, RoleOperator, RoleViewer} }

// ParseRole parses the name of a role. The error wraps [campaign.ErrInvalid].
func ParseRole(text string) (Role, error) {
	if role := Role(text); slices.Contains(Roles(), role) {
		return role, nil
	}
	return "", campaign.Errorf(campaign.ErrInvalid, "must be %s, %s or %s, got %q", RoleOwner, RoleOperator, RoleViewer, excerpt.Of(text))
}

// includes reports whether a role permits everything that another role permits.
func (r Role) includes(other Role) bool {
	own := slices.Index(Roles(), r)
	return own >= 0 && own <= slices.Index(Roles(), other)
}

// RoleError is the error for an action that a role does not permit.
type RoleError struct {
	Role   Role // empty means that nobody has logged in
	Needed Role
}

func (e *RoleError) Error() string {
	return fmt.Sprintf("this needs the role %s, and yours is %s", e.Needed, e.Role)
}

// name matches the names of administrators and tokens.
var name = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{0,63}$`)

// Configured is the name of the owner whose password is configured, and its actor in the
// audit trail.
const Configured = "admin"

// reserved returns the actors in the audit trail that are not administrators.
func reserved() []string {
	return []string{Configured, "api", "cli", campaign.DemoActor, "tui"}
}

// cleanName returns a name as it is stored.
func cleanName(text string) string { return strings.ToLower(strings.TrimSpace(text)) }

// parseName returns the name of an administrator or a token as it is stored. The error
// wraps [campaign.ErrInvalid].
func parseName(text string) (string, error) {
	cleaned := cleanName(text)
	switch {
	case !name.MatchString(cleaned):
		return "", invalid("name", "must have 1 to 64 letters, digits and . _ @ - and begin with a letter or a digit, got %q", excerpt.Of(text))
	case slices.Contains(reserved(), cleaned):
		return "", invalid("name", "the name %s is reserved; choose another", cleaned)
	}
	return cleaned, nil
}

// invalid returns an error of a field that wraps [campaign.ErrInvalid].
func invalid(field, format string, args ...any) error {
	return &campaign.FieldError{Field: field, Err: campaign.Errorf(campaign.ErrInvalid, format, args...)}
}
