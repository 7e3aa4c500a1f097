package store

import (
	"context"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/go-json-experiment/json"
)

// BenchmarkInsert measures three ways to insert a batch of draws into SQLite: with
// unnumbered placeholders and one argument for each value, as AddDraws does; with
// numbered placeholders; and with one JSON argument.
func BenchmarkInsert(b *testing.B) {
	const table = "CREATE TABLE bench (campaign_id INTEGER, draw_index INTEGER, account TEXT, secret BLOB, PRIMARY KEY (campaign_id, draw_index)) WITHOUT ROWID"
	const into = "INSERT INTO bench (campaign_id, draw_index, account, secret)"
	index := int64(0)
	rows := func(n int) [][]any {
		all := make([][]any, n)
		for i := range all {
			index++
			all[i] = []any{int64(1), index, fmt.Sprintf("abcd%08d", index), make([]byte, 10)}
		}
		return all
	}
	for name, insertRows := range map[string]func(ctx context.Context, p *preparedRunner, rows [][]any) error{
		"values": func(ctx context.Context, p *preparedRunner, rows [][]any) error {
			return insert(ctx, p, into+" VALUES", 4, rows)
		},
		"numbered": func(ctx context.Context, p *preparedRunner, rows [][]any) error {
			return p.run(ctx, insertStatements(numbered{p}, into+" VALUES", 4, rows))
		},
		"json": func(ctx context.Context, p *preparedRunner, rows [][]any) error {
			for _, row := range rows {
				row[3] = hex.EncodeToString(row[3].([]byte))
			}
			text, err := json.Marshal(rows)
			if err != nil {
				return err
			}
			_, err = p.exec(ctx, into+" SELECT value->>0, value->>1, value->>2, unhex(value->>3) FROM json_each(?)", string(text))
			return err
		},
	} {
		for _, n := range []int{8, 64} {
			b.Run(fmt.Sprintf("%s/rows=%d", name, n), func(b *testing.B) {
				db, err := Open(b.Context(), filepath.Join(b.TempDir(), "bench.db"), Options{})
				if err != nil {
					b.Fatal(err)
				}
				defer db.Close() //nolint:errcheck // temporary
				err = db.writer.transact(b.Context(), func(p *preparedRunner) error {
					if _, err := p.exec(b.Context(), table); err != nil {
						return err
					}
					for b.Loop() {
						if err := insertRows(b.Context(), p, rows(n)); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

// numbered is a runner with numbered placeholders.
type numbered struct{ *preparedRunner }

func (numbered) placeholder(n int) string { return plainRunner{}.placeholder(n) }
