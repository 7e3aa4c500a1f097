package site

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/remote"
)

// handler answers a request, or says why not.
type handler func(w http.ResponseWriter, r *http.Request) error

// secure sets the headers that every answer has.
func secure(h http.Header) {
	for name, value := range map[string]string{
		"Content-Security-Policy":      "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "same-origin",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Permissions-Policy":           "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
		"Cache-Control":                "no-store",
	} {
		h.Set(name, value)
	}
}

// view is what every template is given.
type view struct {
	Title   string
	Version string
	Path    string
	Notice  string // what was just done, for the administrator
	Body    any
}

// show answers with a page.
func (s *Site) show(w http.ResponseWriter, r *http.Request, status int, page, title string, body any) error {
	return s.showNoticed(w, r, status, page, title, "", body)
}

func (s *Site) showNoticed(w http.ResponseWriter, r *http.Request, status int, page, title, notice string, body any) error {
	var b bytes.Buffer
	v := view{Title: title, Version: s.cfg.Version, Path: r.URL.Path, Notice: notice, Body: body}
	err := s.pages.templates[page]().ExecuteTemplate(&b, "layout.html", v)
	if err != nil {
		return fmt.Errorf("page %s: %w", page, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes()) // who does not read it any more need not be told
	}
	return nil
}

// handle has a handler answer, and tells the visitor of its error.
func (s *Site) handle(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.fail(w, r, err)
		}
	})
}

var (
	errNoPage = errors.New("there is no such page")
	errForm   = errors.New("the form can't be read; go back and try again")
	errLarge  = errors.New("what was sent is too large; go back and shorten it")
	errSlow   = errors.New("what was sent did not arrive in time; go back and try again")
)

// trouble is a page about an error.
type trouble struct {
	Message   string
	RequestID string // where the log has more
	Retry     bool   // whether it may work in a moment
}

// fail tells a visitor of an error. What is not for them to know goes to the log.
func (s *Site) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, title, t := http.StatusInternalServerError, "Something went wrong", trouble{Message: "Something went wrong here. Nothing was done."}
	var tooLarge *http.MaxBytesError
	is := func(kinds ...error) bool {
		for _, kind := range kinds {
			if errors.Is(err, kind) {
				return true
			}
		}
		return false
	}
	switch {
	case is(errNoPage, campaign.ErrNotFound):
		status, title, t.Message = http.StatusNotFound, "Not found", "There is no such page."
	case errors.As(err, &tooLarge):
		status, title, t.Message = http.StatusRequestEntityTooLarge, "Too large", sentence(errLarge.Error())
	case is(os.ErrDeadlineExceeded):
		status, title, t.Message = http.StatusRequestTimeout, "Too slow", sentence(errSlow.Error())
	case is(errForm):
		status, title, t.Message = http.StatusBadRequest, "Bad request", sentence(errForm.Error())
	case is(campaign.ErrNotOpen, campaign.ErrEnded, campaign.ErrMaxPlays, campaign.ErrAllIssued, campaign.ErrState, campaign.ErrExists, campaign.ErrChanged):
		status, title, t.Message = http.StatusConflict, "Not possible", sentence(err.Error())
	case is(campaign.ErrInvalid):
		status, title, t.Message = http.StatusUnprocessableEntity, "Not possible", sentence(err.Error())
	case is(campaign.ErrBusy, campaign.ErrUnavailable, remote.ErrUnavailable):
		status, title = http.StatusServiceUnavailable, "In a moment"
		t = trouble{Message: "It can't be done at the moment. Please try again.", Retry: true}
		w.Header().Set("Retry-After", "1")
		s.cfg.Log.WarnContext(r.Context(), "a visitor was refused", slog.String("path", r.URL.Path), slog.Any("error", err))
	default:
		s.cfg.Log.ErrorContext(r.Context(), "a page failed", slog.String("path", r.URL.Path), slog.Any("error", err))
	}
	t.RequestID = w.Header().Get("X-Request-Id")
	if err := s.show(w, r, status, "trouble", title, t); err != nil {
		http.Error(w, t.Message, status)
	}
}

// sentence makes a sentence of an error.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// static answers with a static file.
func (s *Site) static(w http.ResponseWriter, r *http.Request) error {
	return s.staticFile(w, r, r.PathValue("file"))
}

func (s *Site) favicon(w http.ResponseWriter, r *http.Request) error {
	return s.staticFile(w, r, "logo.svg")
}

func (s *Site) staticFile(w http.ResponseWriter, r *http.Request, name string) error {
	file, known := s.pages.static[name]
	if !known {
		return errNoPage
	}
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=300")
	if r.URL.RawQuery == file.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Set("ETag", `"`+file.hash+`"`)
	http.ServeContent(w, r, name, timeless, bytes.NewReader(file.content))
	return nil
}

func (s *Site) robots(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := w.Write([]byte("User-agent: *\nDisallow: /d/\nDisallow: /try/\nDisallow: /admin/\nDisallow: /v1/\n"))
	return err
}

// network is where a request comes from. In IPv6 that is a network, since a customer
// has 2^64 addresses or more.
func network(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		return ip.Mask(net.CIDRMask(64, 128)).String()
	}
	return host
}

// address is where the site is for a visitor, in a command to copy.
func address(r *http.Request) string {
	if isSecure(r) {
		return "https://" + quoted(r.Host)
	}
	return "http://" + quoted(r.Host)
}
