package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// reader implements the reading methods of [campaign.Store] with a runner.
type reader struct {
	db *DB
	r  runner
}

// transaction implements [campaign.Tx].
type transaction struct {
	reader
	erased bool // whether personal data has been removed
}

// scanner is a row of a result.
type scanner interface{ Scan(into ...any) error }

// queryAll returns all rows of a query.
func queryAll[T any](ctx context.Context, r runner, scan func(scanner) (T, error), text string, args ...any) (all []T, err error) {
	ctx, cancel := r.limited(ctx)
	defer cancel()
	rows, err := r.query(ctx, text, args...)
	if err != nil {
		return nil, contextErr(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		row, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, contextErr(ctx, rows.Err())
}

// queryOne returns the first row of a query, or [sql.ErrNoRows].
func queryOne[T any](ctx context.Context, r runner, scan func(scanner) (T, error), text string, args ...any) (T, error) {
	all, err := queryAll(ctx, r, scan, text, args...)
	if err != nil || len(all) == 0 {
		var zero T
		if err == nil {
			err = sql.ErrNoRows
		}
		return zero, err
	}
	return all[0], nil
}

// maxRows is the maximum number of rows that one statement inserts.
const maxRows = 128

// insert inserts rows of width values each. text is an INSERT statement up to VALUES.
func insert(ctx context.Context, r runner, text string, width int, rows [][]any) error {
	return r.run(ctx, insertStatements(r, text, width, rows))
}

// insertStatements returns statements that insert rows of width values each. text is an
// INSERT statement up to VALUES. The number of rows in each statement is a power of 2, so
// that few different statements must be prepared.
//
// Unlike a lookup, an insert does not pass its values to SQLite as one JSON argument, which
// would take three times as long (BenchmarkInsert).
func insertStatements(r runner, text string, width int, rows [][]any) []statement {
	var all []statement
	for size := maxRows; size > 0; size /= 2 {
		for len(rows) >= size {
			all = append(all, statement{text: text + " " + placeholders(r, size, width), args: slices.Concat(rows[:size]...)})
			rows = rows[size:]
		}
	}
	return all
}

// placeholders returns the placeholders of n rows with width values each, such as
// ($1, $2), ($3, $4).
func placeholders(r runner, n, width int) string {
	var b strings.Builder
	for i := range n * width {
		switch {
		case i == 0:
			b.WriteByte('(')
		case i%width == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		b.WriteString(r.placeholder(i + 1))
	}
	b.WriteByte(')')
	return b.String()
}

// nullableMillis returns t in milliseconds since 1970, or nil (NULL) if t is nil.
func nullableMillis(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UnixMilli()
}

func timeOf(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func nullableTime(ms sql.NullInt64) *time.Time {
	if !ms.Valid {
		return nil
	}
	t := timeOf(ms.Int64)
	return &t
}

func boolToInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// prefixEnd returns the first string, in byte order, after all strings that begin with
// prefix. ok is false if there is no such string.
func prefixEnd(prefix string) (text string, ok bool) {
	runes := []rune(prefix)
	for i := len(runes) - 1; i >= 0; i-- {
		if next := runes[i] + 1; utf8.ValidRune(next) {
			return string(append(runes[:i], next)), true
		}
		if runes[i] == surrogateMin-1 {
			return string(append(runes[:i], surrogateMax+1)), true
		}
	}
	return "", false
}

// The range of surrogates, which are not characters.
const (
	surrogateMin = 0xD800
	surrogateMax = 0xDFFF
)
