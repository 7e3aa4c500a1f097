package tui

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/bubbles/key"
	"github.com/muesli/termenv"
)

// TestLayers checks that widgets do not use screens and that styles do not use widgets.
func TestLayers(t *testing.T) {
	layers := map[string]int{"style.go": 1, "layout.go": 2, "glyphs.go": 2, "dialog.go": 2, "form.go": 2, "help.go": 2}
	const top = 3
	declared := map[string]int{} // the layer of each package-level name
	files := map[string]*ast.File{}
	for _, name := range must(filepath.Glob("*.go"))(t) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		files[name] = must(parser.ParseFile(token.NewFileSet(), name, nil, 0))(t)
		for object := range files[name].Scope.Objects {
			declared[object] = cmp.Or(layers[name], top)
		}
	}
	if len(files) < 20 {
		t.Fatalf("number of files: got %d, want at least 20", len(files))
	}
	for name, layer := range layers {
		for _, used := range files[name].Unresolved {
			if declared[used.Name] > layer {
				t.Errorf("%s uses %s from a higher layer, want only uses of lower layers", name, used.Name)
			}
		}
	}
}

// TestDocs checks that docs/tui.md lists the keys of the frame, and that it has a section
// for each screen with the screen's own keys, except the keys that scroll.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile("../../../docs/tui.md")
	if err != nil {
		t.Fatal(err)
	}
	section := func(title string) string {
		_, after, found := strings.Cut(string(text), "\n## "+title+"\n")
		if !found {
			t.Fatalf("docs/tui.md: missing section %q", title)
		}
		own, _, _ := strings.Cut(after, "\n## ")
		return own
	}
	check := func(title string, keys []key.Binding) {
		text := section(title)
		for _, k := range keys {
			if line := fmt.Sprintf("| `%s` | %s |", k.Help().Key, k.Help().Desc); !strings.Contains(text, line) {
				t.Errorf("docs/tui.md: missing %q in section %s", line, title)
			}
		}
	}
	check("Keys", newFrameKeys().all())
	w := testWorkspace(t, termenv.Ascii)
	playFixed(w, fixedDraws{})
	useServices(t, w, "http://draws.example.org")
	for _, screen := range newFrame(w, screens(w)...).screens {
		settings := section("Settings")
		var own []key.Binding
		for _, k := range screen.Keys() {
			isSetting := strings.Contains(settings, "| `"+k.Help().Key+"` | "+k.Help().Desc)
			if !isSetting && !strings.Contains("↑ ↓ pgup pgdn space", k.Help().Key) {
				own = append(own, k)
			}
		}
		check(screen.Title(), own)
	}
}
