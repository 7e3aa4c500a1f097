package campaign

import (
	"context"
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"
)

// ExportCSV writes the draws of a campaign for spreadsheets, without the indexes
// that were skipped. A text that a spreadsheet would take for a formula has an
// apostrophe in front. Values are in minor units.
func (p *Promoter) ExportCSV(ctx context.Context, name string, w io.Writer, o ExportOptions) error {
	r, err := p.exported(ctx, name, o)
	if err != nil {
		return err
	}
	out := csv.NewWriter(w)
	columns := []string{"index", "account", "rule", "prize", "value", "currency", "drawn", "played_at", "claimed_at", "voided_at"}
	if o.Entrants {
		columns = append(columns, "entrant", "first_name", "last_name", "email", "claim_note", "void_reason")
	}
	if err := out.Write(columns); err != nil {
		return err
	}
	err = p.entries(ctx, r, func(_ *Entry, d *Draw) error {
		if d == nil {
			return nil
		}
		return out.Write(csvRecord(r, d, o.Entrants))
	})
	if err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

func csvRecord(r *Record, d *Draw, entrants bool) []string {
	rule, prize, value, drawn := "", "", int64(0), ""
	if d.Rule != nil {
		rule = *d.Rule
	}
	if d.Prize != nil {
		prize, value = d.Prize.Name, d.Prize.Value
	}
	if d.Drawn != nil {
		drawn = d.Drawn.Name
	}
	record := []string{
		strconv.FormatUint(d.Index, 10), Cell(d.Account), Cell(rule), Cell(prize), strconv.FormatInt(value, 10), r.Currency, Cell(drawn),
		d.PlayedAt.Format(time.RFC3339Nano), markTime(d.Claim), markTime(d.Void),
	}
	if !entrants {
		return record
	}
	who := make([]string, 4)
	if e := d.Entrant; e != nil {
		who = []string{strconv.FormatInt(e.ID, 10), Cell(e.FirstName), Cell(e.LastName), Cell(e.Email)}
	}
	return append(append(record, who...), Cell(markNote(d.Claim)), Cell(markNote(d.Void)))
}

func markTime(m *Mark) string {
	if m == nil {
		return ""
	}
	return m.At.Format(time.RFC3339Nano)
}

func markNote(m *Mark) string {
	if m == nil {
		return ""
	}
	return m.Note
}

// Cell makes a text safe in a cell of a spreadsheet: with an apostrophe in front
// where it would be taken for a formula.
// See https://owasp.org/www-community/attacks/CSV_Injection.
func Cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n|%＝＋－＠", []rune(text)[0]) {
		return "'" + text
	}
	return text
}
