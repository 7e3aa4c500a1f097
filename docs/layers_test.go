package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"strings"
	"testing"
)

// TestFilesOneWay checks that the files of layered packages have no circular dependencies.
func TestFilesOneWay(t *testing.T) {
	for folder, known := range map[string][2]string{ // a file, and a file that it uses
		"cmd/prizegen/tui": {"run.go", "draw.go"},
		"pkg/campaign":     {"verify.go", "export.go"},
		"serve":            {"server.go", "backend.go"},
	} {
		t.Run(folder, func(t *testing.T) {
			uses := fileUses(t, filepath.Join("..", folder))
			if !uses[known[0]][known[1]] {
				t.Fatalf("missing dependency of %s on %s", known[0], known[1])
			}
			for len(uses) > 0 {
				before := len(uses)
				removeLowest(uses)
				if len(uses) == before {
					t.Fatalf("circular dependencies between files: %v", uses)
				}
			}
		})
	}
}

// removeLowest removes the files that use no other file from uses, which maps each file to
// the files that it uses.
func removeLowest(uses map[string]map[string]bool) {
	for name, used := range uses {
		for other := range used {
			if uses[other] == nil {
				delete(used, other)
			}
		}
		if len(used) == 0 {
			delete(uses, name)
		}
	}
}

// fileUses maps each file in a folder to the other files whose package-level names and
// methods it uses. It does not load imported packages, so it misses uses through imported
// types.
func fileUses(t *testing.T, folder string) map[string]map[string]bool {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	info := types.Info{Uses: map[*ast.Ident]types.Object{}}
	ignoreErrors := types.Config{Error: func(error) {}}
	pkg, _ := ignoreErrors.Check(folder, fset, files, &info) // reports an error for every import
	uses := map[string]map[string]bool{}
	for used, object := range info.Uses {
		_, method := object.(*types.Func)
		if object.Pkg() != pkg || !method && object.Parent() != pkg.Scope() {
			continue
		}
		from, to := filepath.Base(fset.File(used.Pos()).Name()), filepath.Base(fset.File(object.Pos()).Name())
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
