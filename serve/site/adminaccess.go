package site

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/prizegen/prizegen/pkg/access"
	"github.com/prizegen/prizegen/pkg/campaign"
)

// accessPages serves the pages about administrators and API tokens.
type accessPages struct{ *admin }

func (p accessPages) routes() map[string]handler {
	return map[string]handler{
		"GET /admin/administrators":                p.asOwner(p.showList),
		"POST /admin/administrators":               p.asOwner(p.add),
		"GET /admin/administrators/{name}":         p.asOwner(p.showAdministrator),
		"POST /admin/administrators/{name}/{step}": p.asOwner(p.change),
		"POST /admin/tokens":                       p.asOwner(p.addToken),
		"POST /admin/tokens/{name}/revoke":         p.asOwner(p.revokeToken),
		"GET /admin/password":                      p.showPassword,
		"POST /admin/password":                     p.setPassword,
	}
}

// asOwner returns a handler that calls h with the value that manages administrators and
// tokens, if the role of the administrator permits that.
func (p accessPages) asOwner(h func(w http.ResponseWriter, r *http.Request, m *access.Manager) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		m, err := sessionOf(r).authority.Manager()
		if err != nil {
			return err
		}
		return h(w, r, m)
	}
}

const administratorsPath = "/admin/administrators"

func administratorPath(name string) string {
	return administratorsPath + "/" + url.PathEscape(name)
}

// administratorsPage lists administrators and tokens, with forms that add some.
type administratorsPage struct {
	Administrators []access.Administrator
	Tokens         []access.Token
	Roles          []access.Role
	Form           string // the form with the mistake: administrator or token
	Name           string // as filled in
	Role           access.Role
	Secret         string // of a new token
	fieldError
}

func (p accessPages) showList(w http.ResponseWriter, r *http.Request, m *access.Manager) error {
	return p.showListPage(w, r, m, http.StatusOK, administratorsPage{})
}

// showListPage completes the page and shows it.
func (p accessPages) showListPage(w http.ResponseWriter, r *http.Request, m *access.Manager, status int, page administratorsPage) error {
	var err error
	if page.Administrators, err = m.Administrators(r.Context()); err != nil {
		return err
	}
	if page.Tokens, err = m.Tokens(r.Context()); err != nil {
		return err
	}
	page.Roles = access.Roles()
	if page.Role == "" {
		page.Role = access.RoleViewer
	}
	return p.show(w, r, status, "administrators", "Administrators", page)
}

// confirmed runs f if the form contains the password or needs none. problem is the mistake
// to show in the form, and status is the HTTP status.
func (p accessPages) confirmed(w http.ResponseWriter, r *http.Request, f func() error) (status int, problem fieldError, err error) {
	if err := r.ParseForm(); err != nil {
		return 0, problem, errors.Join(errForm, err)
	}
	refused, err := p.confirm(w, r)
	if err != nil {
		return 0, problem, err
	}
	if refused != nil {
		return refused.status, fieldError{Problem: refused.problem}, nil
	}
	if err = f(); err == nil {
		return http.StatusOK, problem, nil
	}
	if e, ok := newFieldError(err); ok {
		return http.StatusUnprocessableEntity, e, nil
	}
	if errors.Is(err, campaign.ErrState) {
		return http.StatusConflict, fieldError{Problem: sentence(err.Error())}, nil
	}
	return 0, problem, err
}

func (p accessPages) add(w http.ResponseWriter, r *http.Request, m *access.Manager) error {
	page := administratorsPage{Form: "administrator", Name: r.PostFormValue("name"), Role: access.Role(r.PostFormValue("role"))}
	status, problem, err := p.confirmed(w, r, func() error {
		_, err := m.Add(r.Context(), page.Name, page.Role, r.PostFormValue("password"))
		return err
	})
	if err != nil {
		return err
	}
	if page.fieldError = problem; status != http.StatusOK {
		return p.showListPage(w, r, m, status, page)
	}
	return p.done(w, r, administratorsPath, "The administrator was added.")
}

// administratorPage shows an administrator, with forms that change or remove them.
type administratorPage struct {
	access.Administrator
	Roles []access.Role
	fieldError
}

func (p accessPages) showAdministrator(w http.ResponseWriter, r *http.Request, m *access.Manager) error {
	return p.showAdministratorPage(w, r, m, http.StatusOK, fieldError{})
}

func (p accessPages) showAdministratorPage(w http.ResponseWriter, r *http.Request, m *access.Manager, status int, problem fieldError) error {
	list, err := m.Administrators(r.Context())
	if err != nil {
		return err
	}
	for _, a := range list {
		if a.Name == r.PathValue("name") {
			return p.show(w, r, status, "administrator", a.Name, administratorPage{a, access.Roles(), problem})
		}
	}
	return errNoPage
}

// change changes the role or the password of an administrator, or removes one.
func (p accessPages) change(w http.ResponseWriter, r *http.Request, m *access.Manager) error {
	ctx, name := r.Context(), r.PathValue("name")
	to := administratorPath(name)
	var notice string
	var run func() error
	switch r.PathValue("step") {
	case "role":
		notice = "The role was changed."
		run = func() error { return m.SetRole(ctx, name, access.Role(r.PostFormValue("role"))) }
	case "password":
		notice = "The password was changed. The administrator must log in again."
		run = func() error { _, err := m.SetPassword(ctx, name, r.PostFormValue("password")); return err }
	case "remove":
		to, notice = administratorsPath, "The administrator was removed."
		run = func() error { return m.Remove(ctx, name) }
	default:
		return errNoPage
	}
	status, problem, err := p.confirmed(w, r, run)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return p.showAdministratorPage(w, r, m, status, problem)
	}
	return p.done(w, r, to, notice)
}

// addToken adds a token and shows its secret, which no later page does.
func (p accessPages) addToken(w http.ResponseWriter, r *http.Request, m *access.Manager) error {
	page := administratorsPage{Form: "token", Name: r.PostFormValue("name"), Role: access.Role(r.PostFormValue("role"))}
	status, problem, err := p.confirmed(w, r, func() (err error) {
		page.Secret, err = m.AddToken(r.Context(), page.Name, page.Role)
		return err
	})
	if err != nil {
		return err
	}
	page.fieldError = problem
	return p.showListPage(w, r, m, status, page)
}

func (p accessPages) revokeToken(w http.ResponseWriter, r *http.Request, m *access.Manager) error {
	status, problem, err := p.confirmed(w, r, func() error { return m.RevokeToken(r.Context(), r.PathValue("name")) })
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return p.showListPage(w, r, m, status, administratorsPage{Form: "token", fieldError: problem})
	}
	return p.done(w, r, administratorsPath, "The token was revoked.")
}

// passwordPage is the form in which administrators change their own passwords.
type passwordPage struct {
	Name       string
	Configured bool // whether the password is configured on the server
	fieldError
}

func (p accessPages) showPassword(w http.ResponseWriter, r *http.Request) error {
	return p.showPasswordPage(w, r, http.StatusOK, fieldError{})
}

func (p accessPages) showPasswordPage(w http.ResponseWriter, r *http.Request, status int, problem fieldError) error {
	name := sessionOf(r).Login.Name
	return p.show(w, r, status, "password", "Your password", passwordPage{name, name == access.Configured, problem})
}

// setPassword changes the administrator's own password. The session goes on; others end.
func (p accessPages) setPassword(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return errors.Join(errForm, err)
	}
	current := sessionOf(r)
	_, refused, err := p.attempt(w, r, current.Login.Name, r.PostFormValue("password"))
	if err != nil {
		return err
	}
	if refused != nil {
		return p.showPasswordPage(w, r, refused.status, fieldError{"password", refused.problem})
	}
	l, err := current.authority.SetOwnPassword(r.Context(), r.PostFormValue("new"))
	if e, ok := newFieldError(err); ok {
		return p.showPasswordPage(w, r, http.StatusUnprocessableEntity, fieldError{"new", e.Problem})
	}
	if err != nil {
		return err
	}
	if err := p.sessions.start(w, r, &session{Login: l, Notice: "Your password was changed."}); err != nil {
		return err
	}
	http.Redirect(w, r, "/admin/campaigns", http.StatusSeeOther)
	return nil
}
