package store

import (
	"strconv"
	"strings"
)

// where is a WHERE clause and its arguments.
type where struct {
	text string
	args []any
}

// and adds a condition, such as "id = ", followed by the placeholder of value.
func (w *where) and(condition string, value any) {
	w.args = append(w.args, value)
	w.andText(condition + "$" + strconv.Itoa(len(w.args)))
}

// andText adds a complete condition.
func (w *where) andText(condition string) {
	keyword := " AND "
	if w.text == "" {
		keyword = " WHERE "
	}
	w.text += keyword + condition
}

// andPrefix adds the condition that column begins with prefix, as a range, so that the
// databases can use an index.
func (w *where) andPrefix(column, prefix string) {
	prefix = cleanText(prefix)
	w.and(column+" >= ", prefix)
	if end, ok := prefixEnd(prefix); ok {
		w.and(column+" < ", end)
	}
}

// cleanText removes invalid UTF-8 and zero bytes, which PostgreSQL cannot store, from text.
func cleanText(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", "")
}

// limit returns the LIMIT clause for n rows, and adds n to the arguments.
func (w *where) limit(n int) string {
	w.args = append(w.args, int64(n))
	return " LIMIT $" + strconv.Itoa(len(w.args))
}
