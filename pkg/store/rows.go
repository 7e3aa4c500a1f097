package store

import (
	"context"
	"database/sql"
	"math/bits"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// reader reads with a runner.
type reader struct {
	db *DB
	r  runner
}

// transaction reads and writes in a transaction.
type transaction struct {
	reader
	erased bool // whether personal data was removed
}

// scanner is a row that is being read.
type scanner interface{ Scan(into ...any) error }

// list reads all rows of a query.
func list[T any](ctx context.Context, r runner, read func(scanner) (T, error), text string, args ...any) ([]T, error) {
	rows, err := r.query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := read(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// one reads the only row of a query; [sql.ErrNoRows] is that there is none.
func one[T any](ctx context.Context, r runner, read func(scanner) (T, error), text string, args ...any) (T, error) {
	all, err := list(ctx, r, read, text, args...)
	if err != nil || len(all) == 0 {
		var none T
		if err == nil {
			err = sql.ErrNoRows
		}
		return none, err
	}
	return all[0], nil
}

// largest is how many rows one statement is about at most.
const largest = 128

// chunks are the numbers of rows that one statement is about: powers of two, so that
// few statements have to be prepared.
func chunks(n int) []int {
	var sizes []int
	for size := largest; size > 0; size /= 2 {
		for n >= size {
			sizes = append(sizes, size)
			n -= size
		}
	}
	return sizes
}

// places writes n groups of places for values, in their order: ($1, $2), ($3, $4).
func places(r runner, n, width int) string {
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
		b.WriteString(r.place(i + 1))
	}
	b.WriteByte(')')
	return b.String()
}

// among reads the rows of a query whose last column is one of many values. The query
// ends with the column, and may have its other arguments, first, before it.
func among[T, V any](ctx context.Context, r runner, read func(scanner) (T, error), query string, values []V, first ...any) ([]T, error) {
	if r.takesArrays() {
		return list(ctx, r, read, query+" = ANY("+r.place(len(first)+1)+")", append(slices.Clone(first), values)...)
	}
	var all []T
	for part := range slices.Chunk(values, largest) {
		// Filled up with NULL, which equals nothing, so that few statements have to be
		// prepared.
		args := make([]any, len(first)+1<<bits.Len(uint(len(part)-1)))
		copy(args, first)
		for i, value := range part {
			args[len(first)+i] = value
		}
		some, err := list(ctx, r, read, query+" IN ("+strings.Repeat("?, ", len(args)-len(first)-1)+"?)", args...)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// insert writes rows of several values each. text ends with VALUES.
func insert(ctx context.Context, r runner, text string, width int, rows [][]any) error {
	return r.all(ctx, inserts(r, text, width, rows))
}

// inserts are the statements that write rows of several values each. text ends with
// VALUES.
func inserts(r runner, text string, width int, rows [][]any) []statement {
	var all []statement
	for _, size := range chunks(len(rows)) {
		all = append(all, statement{text: text + " " + places(r, size, width), args: slices.Concat(rows[:size]...)})
		rows = rows[size:]
	}
	return all
}

// millis is a time as it is stored, nil for none.
func millis(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UnixMilli()
}

func timeOf(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func timeOrNone(ms sql.NullInt64) *time.Time {
	if !ms.Valid {
		return nil
	}
	t := timeOf(ms.Int64)
	return &t
}

func flag(set bool) int64 {
	if set {
		return 1
	}
	return 0
}

// after is the first text behind all those that begin with a prefix, in the order of
// bytes, which is that of characters in UTF-8; ok is false where there is none.
func after(prefix string) (text string, ok bool) {
	runes := []rune(prefix)
	for i := len(runes) - 1; i >= 0; i-- {
		if next := runes[i] + 1; utf8.ValidRune(next) {
			return string(append(runes[:i], next)), true
		}
		if runes[i] == surrogates-1 {
			return string(append(runes[:i], endOfSurrogates)), true
		}
	}
	return "", false
}

// Numbers between these are no characters.
const (
	surrogates      = 0xD800
	endOfSurrogates = 0xE000
)
