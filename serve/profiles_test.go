package serve_test

import (
	"os/exec"
	"testing"
)

// TestProfiles runs TestAllProfiles in a build with all profiles.
func TestProfiles(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "test", "-tags", "profiles", "-run", "^TestAllProfiles$", "-count", "1", "-v", ".")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
