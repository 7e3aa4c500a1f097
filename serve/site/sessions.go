package site

import (
	"cmp"
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/access"
)

// SessionStore stores the sessions of logged-in administrators. It is safe for concurrent
// use.
type SessionStore interface {
	// Find returns the data of a session that has not expired.
	Find(ctx context.Context, token string) (data []byte, found bool, err error)

	// Save stores the data of a session until it expires.
	Save(ctx context.Context, token string, data []byte, expires time.Time) error

	// Delete removes a session. It returns nil if there is no such session.
	Delete(ctx context.Context, token string) error
}

// A session expires after sessionTime, or after sessionIdleTime without a request. The time
// of the last request has an error of up to sessionStep.
const (
	sessionTime     = 12 * time.Hour
	sessionIdleTime = time.Hour
	sessionStep     = time.Minute
)

// sessionCookie is the name of the cookie that contains the token of a session.
const sessionCookie = "prizegen-admin"

// session is the session of a logged-in administrator. Its exported fields are stored.
type session struct {
	Login     access.Login `json:"login"`
	Notice    string       `json:"notice,omitempty"` // for the next page
	Started   time.Time    `json:"started"`
	Seen      time.Time    `json:"seen"`      // the last request
	Confirmed time.Time    `json:"confirmed"` // when the password was entered last

	token     string
	authority *access.Authority
}

// sessions manages the sessions in a store.
type sessions struct {
	store SessionStore
	now   func() time.Time
}

// storedToken returns the token under which the store keeps a session. It depends on the
// scheme, so that a session over HTTPS cannot be used over HTTP, where others may read its
// cookie, and a session that was planted over HTTP cannot be used over HTTPS.
func storedToken(r *http.Request, token string) string {
	if isHTTPS(r) {
		return "https " + token
	}
	return "http " + token
}

// load returns the session of a request, or nil if there is none.
func (s *sessions) load(r *http.Request) (*session, error) {
	token := cookieOf(r, sessionCookie)
	if token == "" {
		return nil, nil
	}
	data, found, err := s.store.Find(r.Context(), storedToken(r, token))
	if err != nil || !found {
		return nil, err
	}
	loaded := &session{token: token}
	if json.Unmarshal(data, loaded) != nil {
		return nil, nil // an earlier version stored sessions in another format
	}
	if now := s.now(); now.Sub(loaded.Seen) >= sessionStep {
		loaded.Seen = now
		return loaded, s.save(r, loaded)
	}
	return loaded, nil
}

// save stores a session.
func (s *sessions) save(r *http.Request, changed *session) error {
	data, err := json.Marshal(changed)
	if err != nil {
		return err
	}
	expires := changed.Seen.Add(sessionIdleTime)
	if end := changed.Started.Add(sessionTime); end.Before(expires) {
		expires = end
	}
	return s.store.Save(r.Context(), storedToken(r, changed.token), data, expires)
}

// start replaces the session of a request with a new one, whose token nobody knows yet.
func (s *sessions) start(w http.ResponseWriter, r *http.Request, started *session) error {
	if err := s.remove(r); err != nil {
		return err
	}
	started.token, started.Started = rand.Text(), s.now()
	started.Seen, started.Confirmed = started.Started, started.Started
	if err := s.save(r, started); err != nil {
		return err
	}
	setSessionCookie(w, r, started.token, int(sessionTime/time.Second))
	return nil
}

// end removes the session of a request.
func (s *sessions) end(w http.ResponseWriter, r *http.Request) error {
	setSessionCookie(w, r, "", -1)
	return s.remove(r)
}

func (s *sessions) remove(r *http.Request) error {
	token := cookieOf(r, sessionCookie)
	if token == "" {
		return nil
	}
	return s.store.Delete(r.Context(), storedToken(r, token))
}

func setSessionCookie(w http.ResponseWriter, r *http.Request, token string, maxAge int) {
	setCookie(w, r, &http.Cookie{Name: sessionCookie, Value: token, Path: "/admin", MaxAge: maxAge})
}

type sessionKey struct{}

// sessionOf returns the session of a request of a logged-in administrator.
func sessionOf(r *http.Request) *session {
	current, _ := r.Context().Value(sessionKey{}).(*session)
	return cmp.Or(current, &session{})
}

// withSession returns the request with a session, for sessionOf.
func withSession(r *http.Request, current *session) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), sessionKey{}, current))
}
