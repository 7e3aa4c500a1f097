package site

import "net/http"

// hostPrefix begins the names of cookies over HTTPS. Browsers accept such a cookie only from
// this very host and over HTTPS, so neither another host of the domain nor somebody on the
// network can plant one.
const hostPrefix = "__Host-"

// setCookie sends a cookie that scripts cannot read. Over HTTPS, the cookie is secure and
// valid for all paths.
func setCookie(w http.ResponseWriter, r *http.Request, cookie *http.Cookie) {
	cookie.HttpOnly, cookie.SameSite = true, http.SameSiteLaxMode
	if isHTTPS(r) {
		cookie.Name, cookie.Path, cookie.Secure = hostPrefix+cookie.Name, "/", true
	}
	http.SetCookie(w, cookie)
}

// cookieOf returns the value of a cookie from setCookie, or "" if there is none.
func cookieOf(r *http.Request, name string) string {
	if isHTTPS(r) {
		name = hostPrefix + name
	}
	cookie, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return cookie.Value
}
