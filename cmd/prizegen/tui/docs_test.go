package tui

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
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
	declared := map[string]int{} // layer by package-level name
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
		t.Fatalf("got %d files, want at least 20", len(files))
	}
	for name, layer := range layers {
		for _, used := range files[name].Unresolved {
			if declared[used.Name] > layer {
				t.Errorf("%s: got a use of %s from a higher layer, want only lower layers", name, used.Name)
			}
		}
	}
}

// TestFilesOneWay checks that no file uses one that uses it in turn, directly or through
// others.
func TestFilesOneWay(t *testing.T) {
	uses := fileUses(t)
	if len(uses) < 20 {
		t.Fatalf("got %d files that use others, want at least 20", len(uses))
	}
	if !uses["run.go"]["draw.go"] || !uses["drawview.go"]["draw.go"] {
		t.Fatalf("got %v, want uses of draw.go by run.go and drawview.go", uses)
	}
	for len(uses) > 0 {
		before := len(uses)
		for name, used := range uses {
			for other := range used {
				if uses[other] == nil { // uses no file that is left
					delete(used, other)
				}
			}
			if len(used) == 0 {
				delete(uses, name)
			}
		}
		if len(uses) == before {
			t.Fatalf("got files that use each other: %v, want none", uses)
		}
	}
}

// fileUses returns, for every file, the other files whose package-level names and methods
// it uses. It does not load imported packages, so uses through their types are missing.
func fileUses(t *testing.T) map[string]map[string]bool {
	t.Helper()
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range must(filepath.Glob("*.go"))(t) {
		if !strings.HasSuffix(name, "_test.go") {
			files = append(files, must(parser.ParseFile(fset, name, nil, 0))(t))
		}
	}
	info := types.Info{Uses: map[*ast.Ident]types.Object{}}
	ignoreErrors := types.Config{Error: func(error) {}}
	pkg, _ := ignoreErrors.Check("tui", fset, files, &info) // reports every import as an error
	uses := map[string]map[string]bool{}
	for used, object := range info.Uses {
		_, method := object.(*types.Func)
		if object.Pkg() != pkg || !method && object.Parent() != pkg.Scope() {
			continue
		}
		from, to := fset.File(used.Pos()).Name(), fset.File(object.Pos()).Name()
		if from == to {
			continue
		}
		if uses[from] == nil {
			uses[from] = map[string]bool{}
		}
		uses[from][to] = true
	}
	return uses
}

// TestDocs checks that docs/tui.md has the keys of the frame, and a section for each
// screen with its keys, except those that move in a list.
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
