package serve

import (
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// query is the parameters of a request, checked against those that its route has.
type query struct{ values url.Values }

// readQuery reads the query of a request.
func readQuery(r *http.Request, list []parameter) (query, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return query{}, problem(http.StatusBadRequest, "the query is malformed: %v", err)
	}
	for name, all := range values {
		i := slices.IndexFunc(list, func(p parameter) bool { return p.in == "query" && p.name == name })
		if i < 0 {
			return query{}, parameterProblem(clip(name), "unknown parameter, expected %s", strings.Join(names(list), ", "))
		}
		if len(all) > 1 {
			return query{}, parameterProblem(name, "it is there %d times, expected once", len(all))
		}
		if err := list[i].check(all[0]); err != nil {
			return query{}, err
		}
	}
	return query{values}, nil
}

func names(list []parameter) []string {
	var all []string
	for _, p := range list {
		if p.in == "query" {
			all = append(all, p.name)
		}
	}
	return all
}

// check says what is wrong with the value of a parameter.
func (p parameter) check(value string) error {
	switch p.kind.Kind() {
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < int64(p.least) || (p.most > 0 && n > int64(p.most)) {
			return parameterProblem(p.name, "%q can't be used, expected a whole number from %d%s", clip(value), p.least, upTo(p.most))
		}
	case reflect.Bool:
		if value != "true" && value != "false" {
			return parameterProblem(p.name, "%q can't be used, expected true or false", clip(value))
		}
	}
	return nil
}

func upTo(most int) string {
	if most == 0 {
		return " on"
	}
	return " to " + strconv.Itoa(most)
}

func (q query) text(name string) string { return q.values.Get(name) }
func (q query) is(name string) bool     { return q.values.Get(name) == "true" }

// number is a whole number that was checked, 0 where there is none.
func (q query) number(name string) int64 {
	n, _ := strconv.ParseInt(q.values.Get(name), 10, 64)
	return n
}

// pageParameters are those of every list.
func pageParameters(more ...parameter) []parameter {
	return append([]parameter{
		{name: "cursor", in: "query", doc: "The next of the page before; left out for the first page.", kind: reflect.TypeFor[string]()},
		{name: "limit", in: "query", doc: "How many at most; 50 where it is left out.", kind: reflect.TypeFor[int](), least: 1, most: campaign.MaxPage},
	}, more...)
}

func textParameter(name, doc string) parameter {
	return parameter{name: name, in: "query", doc: doc, kind: reflect.TypeFor[string]()}
}

func flagParameter(name, doc string) parameter {
	return parameter{name: name, in: "query", doc: doc, kind: reflect.TypeFor[bool]()}
}

// pathParameter is a part of the path.
func pathParameter(name, doc string) []parameter {
	return []parameter{{name: name, in: "path", doc: doc, kind: reflect.TypeFor[string]()}}
}
