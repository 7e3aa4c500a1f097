package store

import (
	"strconv"
	"strings"
)

// where puts conditions together, each about the value of a column.
type where struct {
	text string
	args []any
}

// and adds a condition that ends with a value.
func (w *where) and(condition string, value any) {
	w.args = append(w.args, value)
	w.plain(condition + "$" + strconv.Itoa(len(w.args)))
}

// plain adds a condition without a value.
func (w *where) plain(condition string) {
	word := " AND "
	if w.text == "" {
		word = " WHERE "
	}
	w.text += word + condition
}

// begins adds the condition that a column begins with a prefix. It is one about a
// range, for which an index serves.
func (w *where) begins(column, prefix string) {
	prefix = storable(prefix)
	w.and(column+" >= ", prefix)
	if end, ok := after(prefix); ok {
		w.and(column+" < ", end)
	}
}

// storable leaves out of a text what no text in a database has.
func storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", "")
}

// limit is the end of a statement that gives at most n rows.
func (w *where) limit(n int) string {
	w.args = append(w.args, int64(n))
	return " LIMIT $" + strconv.Itoa(len(w.args))
}
