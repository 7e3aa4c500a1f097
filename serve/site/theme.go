package site

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

// pages are the templates and the static files.
type pages struct {
	templates map[string]func() *template.Template // by the name of the page, put together when it is asked for first
	static    map[string]staticFile
}

type staticFile struct {
	content []byte
	hash    string // in its address, so that it can be kept for long
}

// themed are the files of a theme, and the site's own where the theme has none.
type themed struct{ theme fs.FS }

func (t themed) read(name string) ([]byte, error) {
	if t.theme != nil {
		text, err := fs.ReadFile(t.theme, name)
		if !errors.Is(err, fs.ErrNotExist) {
			if err != nil {
				return nil, fmt.Errorf("theme: %w", err)
			}
			return text, nil
		}
	}
	return fs.ReadFile(files, name)
}

// newPages reads the templates and the static files, those of a theme before the
// site's own. Its error names the theme's file and line.
func newPages(theme fs.FS) (pages, error) {
	p := pages{templates: map[string]func() *template.Template{}, static: map[string]staticFile{}}
	from := themed{theme}
	if err := p.readStatic(from); err != nil {
		return p, err
	}
	return p, p.readTemplates(from)
}

// readStatic reads the static files. A theme may have more of them than the site.
func (p *pages) readStatic(from themed) error {
	names, err := fs.Glob(files, "static/*")
	if err != nil {
		return err
	}
	if from.theme != nil {
		own, err := fs.Glob(from.theme, "static/*")
		if err != nil {
			return fmt.Errorf("theme: %w", err)
		}
		for _, name := range own {
			if info, err := fs.Stat(from.theme, name); err == nil && info.IsDir() {
				return fmt.Errorf("theme: %s is a folder, expected files directly in static", name)
			}
		}
		names = append(names, own...)
	}
	for _, name := range names {
		content, err := from.read(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		p.static[path.Base(name)] = staticFile{content, hex.EncodeToString(sum[:4])}
	}
	return nil
}

// onlyTemplates refuses a theme with a template that no page would ever use, such as a
// misspelled one.
func (t themed) onlyTemplates(known []string) error {
	if t.theme == nil {
		return nil
	}
	own, err := fs.Glob(t.theme, "templates/*")
	if err != nil {
		return fmt.Errorf("theme: %w", err)
	}
	for _, name := range own {
		if !slices.Contains(known, name) {
			var names []string
			for _, k := range known {
				names = append(names, path.Base(k))
			}
			return fmt.Errorf("theme: no page has the template %s, expected one of %s", name, strings.Join(names, ", "))
		}
	}
	return nil
}

// readTemplates reads the templates: layout.html around every page, parts.html with
// what pages share, and the pages.
func (p *pages) readTemplates(from themed) error {
	base := template.New("layout.html").Funcs(p.functions())
	for _, name := range []string{"layout.html", "parts.html"} {
		text, err := from.read("templates/" + name)
		if err != nil {
			return err
		}
		if _, err := parse(base, name, text); err != nil {
			return err
		}
	}
	list, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		return err
	}
	if err := from.onlyTemplates(list); err != nil {
		return err
	}
	for _, file := range list {
		name := path.Base(file)
		if base.Lookup(name) != nil {
			continue
		}
		text, err := from.read(file)
		if err != nil {
			return err
		}
		// Each has a copy of all that pages share. Most pages of most servers are never
		// asked for.
		page := func() (*template.Template, error) { return parse(template.Must(base.Clone()), name, text) }
		if _, err := page(); err != nil {
			return err
		}
		p.templates[strings.TrimSuffix(name, ".html")] = sync.OnceValue(func() *template.Template { return template.Must(page()) })
	}
	return nil
}

// parse adds a template to others.
func parse(into *template.Template, name string, text []byte) (*template.Template, error) {
	if into.Name() != name {
		into = into.New(name)
	}
	t, err := into.Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("theme: %w", err)
	}
	return t, nil
}
