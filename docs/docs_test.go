// Package docs_test checks the documentation against the repository. make test runs it.
package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// pages returns the paths of the documentation pages, relative to the root of the
// repository.
func pages(t *testing.T) []string {
	t.Helper()
	var paths []string
	for _, pattern := range []string{"../*.md", "*.md", "../deploy/*.md", "../bench/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	if len(paths) < 15 {
		t.Fatalf("number of pages: got %d, want at least 15: %v", len(paths), paths)
	}
	return paths
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// TestLinks checks that every relative link points to an existing file, and every fragment
// to an existing heading.
func TestLinks(t *testing.T) {
	for _, page := range pages(t) {
		for _, match := range link.FindAllStringSubmatch(read(t, page), -1) {
			target, fragment, _ := strings.Cut(match[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			file := page
			if target != "" {
				file = filepath.Join(filepath.Dir(page), target)
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: broken link %s", page, match[1])
				continue
			}
			if fragment != "" && !slices.Contains(anchors(read(t, file)), fragment) {
				t.Errorf("%s: no heading for link %s", page, match[1])
			}
		}
	}
}

// anchors returns the link fragments that GitHub generates for the headings of a page.
func anchors(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		level := len(line) - len(strings.TrimLeft(line, "#"))
		if level == 0 || !strings.HasPrefix(line[level:], " ") {
			continue
		}
		list = append(list, strings.Map(func(r rune) rune {
			switch {
			case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
				return unicode.ToLower(r)
			case r == ' ':
				return '-'
			}
			return -1
		}, strings.TrimSpace(line[level:])))
	}
	return list
}

// makeTarget matches a make target in code: in a code span, or at the start of a line in a
// code block.
var makeTarget = regexp.MustCompile("(?m)(?:`|^)make (-C deploy )?([a-z][a-z0-9-]*)")

// TestMakeTargets checks that every make target that a page mentions exists.
func TestMakeTargets(t *testing.T) {
	makefiles := map[string]string{"": read(t, "../Makefile"), "-C deploy ": read(t, "../deploy/Makefile")}
	for _, page := range pages(t) {
		for _, match := range makeTarget.FindAllStringSubmatch(read(t, page), -1) {
			if !strings.Contains(makefiles[match[1]], "\n"+match[2]+":") {
				t.Errorf("%s: unknown make target in %q", page, strings.TrimPrefix(match[0], "`"))
			}
		}
	}
}

var (
	codeBlock = regexp.MustCompile("(?s)```.*?```")
	codeSpan  = regexp.MustCompile("`([^`\n]+)`")
	repoPath  = regexp.MustCompile(`^(bench|cmd|deploy|docs|pkg|scripts|serve|tools)/[\w./-]*$`)
	goName    = regexp.MustCompile(`^([a-z]\w*)\.([A-Za-z]\w*(?:\.[A-Za-z]\w*)?)(\(.*\))?$`)
)

// TestNames checks that the pages about the code mention only existing files, such as
// pkg/draw, and existing Go names, such as draw.Local or draw.Local.Texts.
func TestNames(t *testing.T) {
	known := goNames(t)
	for _, page := range []string{"architecture.md", "glossary.md", "../CONTRIBUTING.md", "randomness.md", "performance.md"} {
		names := 0
		for _, match := range codeSpan.FindAllStringSubmatch(codeBlock.ReplaceAllString(read(t, page), ""), -1) {
			code := match[1]
			if repoPath.MatchString(code) {
				names++
				if _, err := os.Stat(filepath.Join("..", code)); err != nil {
					t.Errorf("%s: file %s does not exist", page, code)
				}
			}
			name := goName.FindStringSubmatch(code)
			if name == nil || known[name[1]] == nil || filepath.Ext(code) == ".go" {
				continue
			}
			names++
			if !known[name[1]][name[2]] {
				t.Errorf("%s: Go name %s does not exist", page, code)
			}
		}
		if page == "architecture.md" && names < 50 {
			t.Errorf("names in %s: got %d, want at least 50", page, names)
		}
	}
}

// goNames returns the names that packages declare, keyed by package name: X for functions,
// types, variables and constants, and T.X for methods and fields.
func goNames(t *testing.T) map[string]map[string]bool {
	t.Helper()
	known := map[string]map[string]bool{}
	for _, root := range []string{"../cmd", "../pkg", "../serve", "../bench"} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			name := strings.TrimSuffix(file.Name.Name, "_test")
			if name == "main" {
				name = filepath.Base(filepath.Dir(path))
			}
			if known[name] == nil {
				known[name] = map[string]bool{}
			}
			for _, declaration := range file.Decls {
				addNames(known[name], declaration)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return known
}

func addNames(known map[string]bool, declaration ast.Decl) {
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			known[d.Name.Name] = true
		} else {
			known[receiver(d.Recv.List[0].Type)+"."+d.Name.Name] = true
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.ValueSpec:
				for _, name := range s.Names {
					known[name.Name] = true
				}
			case *ast.TypeSpec:
				known[s.Name.Name] = true
				addMembers(known, s)
			}
		}
	}
}

// addMembers adds T.X for each field X of a struct T, or each method X of an interface T.
func addMembers(known map[string]bool, spec *ast.TypeSpec) {
	var members *ast.FieldList
	switch typ := spec.Type.(type) {
	case *ast.StructType:
		members = typ.Fields
	case *ast.InterfaceType:
		members = typ.Methods
	default:
		return
	}
	for _, member := range members.List {
		for _, name := range member.Names {
			known[spec.Name.Name+"."+name.Name] = true
		}
	}
}

// receiver returns the type name of a method's receiver.
func receiver(expr ast.Expr) string {
	switch e := expr.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

var (
	testName = regexp.MustCompile("`((?:Test|Fuzz)\\w+)`")
	testFunc = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
)

// TestNamedTestsExist checks that the pages about security and risks mention only tests that
// exist.
func TestNamedTestsExist(t *testing.T) {
	exists := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			for _, match := range testFunc.FindAllStringSubmatch(read(t, path), -1) {
				exists[match[1]] = true
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"risk.md", "security.md"} {
		names := testName.FindAllStringSubmatch(read(t, page), -1)
		if len(names) < 10 {
			t.Errorf("%s: got %d names of tests, want at least 10", page, len(names))
		}
		for _, match := range names {
			if !exists[match[1]] {
				t.Errorf("%s: there is no test %s", page, match[1])
			}
		}
	}
}
