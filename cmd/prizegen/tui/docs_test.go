package tui

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/charmbracelet/bubbles/key"
	"github.com/muesli/termenv"
)

// TestDocs holds docs/tui.md against the keys that act: each screen has a section with
// those of its own, but for the ones that go through a list.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile("../../../docs/tui.md")
	if err != nil {
		t.Fatal(err)
	}
	section := func(title string) string {
		_, after, found := strings.Cut(string(text), "\n## "+title+"\n")
		if !found {
			t.Fatalf("docs/tui.md has no section %q", title)
		}
		own, _, _ := strings.Cut(after, "\n## ")
		return own
	}
	tell := func(title string, keys []key.Binding) {
		known := section(title)
		for _, k := range keys {
			if line := fmt.Sprintf("| `%s` | %s |", k.Help().Key, k.Help().Desc); !strings.Contains(known, line) {
				t.Errorf("the section %s of docs/tui.md lacks %s", title, line)
			}
		}
	}
	tell("Keys", newFrameKeys().all())
	w := testWorld(t, termenv.Ascii)
	promotion(t, w, shelf{})
	elsewhere(t, w, "http://draws.example.org")
	for _, screen := range newFrame(w, screens(w)...).screens {
		known := section("Settings")
		var own []key.Binding
		for _, k := range screen.Keys() {
			isSetting := strings.Contains(known, "| `"+k.Help().Key+"` | "+k.Help().Desc)
			if !isSetting && !strings.Contains("↑ ↓ pgup pgdn space", k.Help().Key) {
				own = append(own, k)
			}
		}
		tell(screen.Title(), own)
	}
}
