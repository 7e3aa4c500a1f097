package site

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/prizegen/prizegen/pkg/access"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/wire"
	"github.com/prizegen/prizegen/serve/ratelimit"
)

// handler handles a request. If it returns an error, the response is an error page.
type handler func(w http.ResponseWriter, r *http.Request) error

// pages renders templates and serves static files.
type pages struct {
	templates map[string]templateFunc // by page
	static    map[string]staticFile   // by file name
	version   string
	log       *slog.Logger
}

// newPages reads the templates and the static files. Errors name the file in the theme and,
// for templates, the line.
func newPages(cfg Config) (*pages, error) {
	p := &pages{templates: map[string]templateFunc{}, static: map[string]staticFile{}, version: cfg.Version, log: cfg.Log}
	from := themed{cfg.Theme}
	if err := p.readStatic(from); err != nil {
		return nil, err
	}
	return p, p.readTemplates(from, p.functions(cfg))
}

// setSecurityHeaders sets the headers that every response contains.
func setSecurityHeaders(h http.Header) {
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

// layout is the data of layout.html.
type layout struct {
	Title   string
	Version string
	Path    string
	Notice  string // the result of the promoter's last action
	Body    any    // data of the page's own template

	// These fields are for administrators' pages.
	User     string // the name of the administrator
	Operator bool   // whether the administrator may change campaigns
	Owner    bool   // whether the administrator may manage administrators
	Confirm  bool   // whether forms for actions that cannot be undone ask for the password
}

// show sends a page.
func (p *pages) show(w http.ResponseWriter, r *http.Request, status int, page, title string, body any) error {
	return p.render(w, r, status, page, layout{Title: title, Body: body})
}

// render renders a page completely, and then sends it.
func (p *pages) render(w http.ResponseWriter, r *http.Request, status int, page string, data layout) error {
	data.Version, data.Path = p.version, r.URL.Path
	var b bytes.Buffer
	if err := p.templates[page]().ExecuteTemplate(&b, "layout.html", data); err != nil {
		return fmt.Errorf("page %s: %w", page, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes()) // fails only if the visitor has disconnected
	}
	return nil
}

// handle returns an [http.Handler] that sends an error page if h returns an error.
func (p *pages) handle(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			p.fail(w, r, err)
		}
	})
}

// Errors for invalid requests.
var (
	errNoPage = errors.New("there is no such page")
	errForm   = errors.New("the form cannot be read")
	errHost   = errors.New("the server does not serve this host")
)

// errorPage describes an error to the visitor.
type errorPage struct {
	Message   string
	RequestID string // identifies the request in the log
	Retry     bool   // whether trying again may help

	status int
	title  string
}

// fail sends an error page. Internal errors are logged instead of shown.
func (p *pages) fail(w http.ResponseWriter, r *http.Request, err error) {
	page := newErrorPage(r, err)
	var limited *ratelimit.Refusal
	if errors.As(err, &limited) {
		setRetryAfter(w, limited)
	}
	page.RequestID = w.Header().Get("X-Request-Id")
	switch {
	case page.Retry:
		w.Header().Set("Retry-After", "1")
		p.log.WarnContext(r.Context(), "page unavailable", slog.String("path", r.URL.Path), slog.Any("error", err))
	case page.status == http.StatusInternalServerError:
		p.log.ErrorContext(r.Context(), "page failed", slog.String("path", r.URL.Path), slog.Any("error", err))
	}
	if err := p.show(w, r, page.status, "trouble", page.title, page); err != nil {
		http.Error(w, page.Message, page.status)
	}
}

func newErrorPage(r *http.Request, err error) errorPage {
	message := sentence(err.Error())
	if !strings.HasPrefix(r.URL.Path, adminPath) {
		message = visitorMessage(err)
	}
	var tooLarge *http.MaxBytesError
	var role *access.RoleError
	var limited *ratelimit.Refusal
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
		return errorPage{status: http.StatusNotFound, title: "Not found", Message: "There is no such page."}
	case errors.As(err, &role):
		return errorPage{status: http.StatusForbidden, title: "Not permitted", Message: sentence(role.Error())}
	case is(errHost):
		return errorPage{status: http.StatusMisdirectedRequest, title: "Wrong address", Message: "This site is not available at this address. Check the name in the address bar."}
	case errors.As(err, &limited):
		return errorPage{status: http.StatusTooManyRequests, title: "One moment", Message: "Too many people are using this page at the moment. Wait " + limited.Delay() + ", then load it again."}
	case errors.As(err, &tooLarge):
		return errorPage{status: http.StatusRequestEntityTooLarge, title: "Too large", Message: "The form is too large. Go back and shorten it."}
	case is(os.ErrDeadlineExceeded):
		return errorPage{status: http.StatusRequestTimeout, title: "Too slow", Message: "The form did not arrive in time. Go back and try again."}
	case is(errForm):
		return errorPage{status: http.StatusBadRequest, title: "Bad request", Message: "The form cannot be read. Go back and try again."}
	case is(campaign.ErrNotOpen, campaign.ErrEnded, campaign.ErrMaxPlays, campaign.ErrAllIssued, campaign.ErrState, campaign.ErrExists, campaign.ErrChanged, campaign.ErrKeyReused):
		return errorPage{status: http.StatusConflict, title: "Not possible", Message: message}
	case is(campaign.ErrInvalid):
		return errorPage{status: http.StatusUnprocessableEntity, title: "Not possible", Message: message}
	case is(campaign.ErrBusy, campaign.ErrUnavailable, wire.ErrUnavailable):
		return errorPage{status: http.StatusServiceUnavailable, title: "Try again in a moment", Message: "This page is not available at the moment. Please try again.", Retry: true}
	}
	if is(wire.ErrNonconforming) {
		return errorPage{status: http.StatusBadGateway, title: "Not available", Message: "This page is not available at the moment, and nothing was drawn. Please try again later."}
	}
	return errorPage{status: http.StatusInternalServerError, title: "Something went wrong", Message: "Something went wrong on our side. Please try again later."}
}

// setRetryAfter tells a browser how long to wait.
func setRetryAfter(w http.ResponseWriter, limited *ratelimit.Refusal) {
	w.Header().Set("Retry-After", strconv.Itoa(limited.Seconds()))
}

// visitorMessage returns the message of an error for a visitor who plays.
func visitorMessage(err error) string {
	switch {
	case errors.Is(err, campaign.ErrNotOpen):
		return "You cannot play yet."
	case errors.Is(err, campaign.ErrEnded):
		return "You can no longer play: the campaign has ended."
	case errors.Is(err, campaign.ErrMaxPlays):
		return "You have used all your plays."
	case errors.Is(err, campaign.ErrKeyReused):
		return "Somebody has already played with this form and other details, so nothing was drawn. Load the page of the campaign again to play."
	case errors.Is(err, campaign.ErrAllIssued):
		return "All account numbers have been given out, so nobody can play any more."
	}
	return sentence(err.Error())
}

// sentence converts an error message to a sentence: with a capital letter and a full stop.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// showStatic sends a static file.
func (p *pages) showStatic(w http.ResponseWriter, r *http.Request) error {
	return p.showFile(w, r, r.PathValue("file"))
}

func (p *pages) showFavicon(w http.ResponseWriter, r *http.Request) error {
	return p.showFile(w, r, "logo.svg")
}

func (p *pages) showFile(w http.ResponseWriter, r *http.Request, name string) error {
	file, ok := p.static[name]
	if !ok {
		return errNoPage
	}
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=300")
	if r.URL.RawQuery == file.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Set("ETag", `"`+file.hash+`"`)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(file.content))
	return nil
}

func (p *pages) showRobots(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := w.Write([]byte("User-agent: *\nDisallow: /d/\nDisallow: /try/\nDisallow: /admin/\nDisallow: /v1/\n"))
	return err
}

// clientNetwork returns the address from which a request comes. For IPv6, it returns the
// /64 network, because a single customer has at least 2^64 addresses.
func clientNetwork(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		return ip.Mask(net.CIDRMask(64, 128)).String()
	}
	return host
}

// isHTTPS reports whether the visitor uses HTTPS. The server accepts the corresponding
// header only from trusted proxies.
func isHTTPS(r *http.Request) bool {
	return r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"
}

// siteURL returns the URL that the visitor uses for the site, quoted for a shell.
func siteURL(r *http.Request) string {
	if isHTTPS(r) {
		return "https://" + shellQuote(r.Host)
	}
	return "http://" + shellQuote(r.Host)
}
