package campaign

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/spreadsheet"
)

// exportVersion is the version of the export format.
const exportVersion = 1

// entry describes one index of a campaign in an export. It does not embed
// [draw.Outcome], because an entry omits a rule or a prize that is null in a draw.
type entry struct {
	Index    uint64      `json:"index"`
	Account  string      `json:"account"`
	Skipped  bool        `json:"skipped,omitzero"` // the account number had been issued before
	Rule     *string     `json:"rule,omitempty"`
	Prize    *draw.Prize `json:"prize,omitempty"`
	Drawn    *draw.Prize `json:"drawn,omitempty"`
	PlayedAt *time.Time  `json:"played_at,omitempty"`
	Claim    *Mark       `json:"claim,omitempty"`
	Void     *Mark       `json:"void,omitempty"`
	Entrant  *Entrant    `json:"entrant,omitempty"`
}

// ExportOptions configures [Admin.Export] and [Admin.ExportCSV].
type ExportOptions struct {
	Entrants bool // include personal data: the entrants and the notes on draws
}

// Export writes a campaign and its draws as one JSON object, which [Verify] checks. The
// object contains no personal data, and contains the seed only if the campaign is closed.
// Draws made after the call to Export are omitted. For a draft, the error wraps
// [ErrNotFound].
func (s *Service) Export(ctx context.Context, name string, w io.Writer) error {
	return s.export(ctx, publicView, name, w, ExportOptions{})
}

// Export is like [Service.Export], but also exports drafts, and takes options.
func (v *Viewer) Export(ctx context.Context, name string, w io.Writer, o ExportOptions) error {
	return v.export(ctx, adminView, name, w, o)
}

// ExportCSV writes the draws of a campaign as CSV, without skipped indexes. Values are in
// minor units. Strings that a spreadsheet would treat as formulas are prefixed with an
// apostrophe. For a draft, the error wraps [ErrNotFound].
func (s *Service) ExportCSV(ctx context.Context, name string, w io.Writer) error {
	return s.exportCSV(ctx, publicView, name, w, ExportOptions{})
}

// ExportCSV is like [Service.ExportCSV], but also exports drafts, and takes options.
func (v *Viewer) ExportCSV(ctx context.Context, name string, w io.Writer, o ExportOptions) error {
	return v.exportCSV(ctx, adminView, name, w, o)
}

func (e *engine) export(ctx context.Context, v visibility, name string, w io.Writer, o ExportOptions) error {
	c, err := e.campaign(ctx, v, name)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 64<<10)
	head, err := json.Marshal(c.Public())
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "{\"prizegen_campaign\":%d,\n\"campaign\":%s,\n\"next\":%d,\n\"draws\":[", exportVersion, head, c.Next)
	separator := "\n"
	err = e.forEachIndex(ctx, c, func(d *Draw, skipped *StoredDraw) error {
		text, err := json.Marshal(newEntry(d, skipped, o))
		if err != nil {
			return err
		}
		_, _ = out.WriteString(separator)
		separator = ",\n"
		_, err = out.Write(text)
		return err
	})
	if err != nil {
		return err
	}
	_, _ = out.WriteString("\n]}\n")
	return out.Flush() // also returns the error of an earlier write
}

// newEntry returns the entry of a draw or of a skipped index.
func newEntry(d *Draw, skipped *StoredDraw, o ExportOptions) *entry {
	if skipped != nil {
		return &entry{Index: skipped.Index, Account: skipped.Account, Skipped: true}
	}
	e := &entry{
		Index: d.Index, Account: d.Whole, Rule: d.Rule, Prize: d.Prize, Drawn: d.Drawn, PlayedAt: &d.PlayedAt,
		Claim: d.Claim.withoutNote(), Void: d.Void.withoutNote(),
	}
	if o.Entrants {
		e.Entrant, e.Claim, e.Void = d.Entrant, d.Claim, d.Void
	}
	return e
}

func (e *engine) exportCSV(ctx context.Context, v visibility, name string, w io.Writer, o ExportOptions) error {
	c, err := e.campaign(ctx, v, name)
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
	err = e.forEachIndex(ctx, c, func(d *Draw, skipped *StoredDraw) error {
		if skipped != nil {
			return nil
		}
		return out.Write(csvRecord(c, d, o))
	})
	if err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

func csvRecord(c *StoredCampaign, d *Draw, o ExportOptions) []string {
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
	cell := spreadsheet.Cell
	record := []string{
		strconv.FormatUint(d.Index, 10), cell(d.Whole), cell(rule), cell(prize), strconv.FormatInt(value, 10), c.Currency, cell(drawn),
		d.PlayedAt.Format(time.RFC3339Nano), markTime(d.Claim), markTime(d.Void),
	}
	if !o.Entrants {
		return record
	}
	entrant := make([]string, 4)
	if e := d.Entrant; e != nil {
		entrant = []string{strconv.FormatInt(e.ID, 10), cell(e.FirstName), cell(e.LastName), cell(e.Email)}
	}
	return append(append(record, entrant...), cell(markNote(d.Claim)), cell(markNote(d.Void)))
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

// forEachIndex calls f for every index of a campaign below its next index, in order, with
// either the draw or the skipped index.
func (e *engine) forEachIndex(ctx context.Context, c *StoredCampaign, f func(d *Draw, skipped *StoredDraw) error) error {
	r := &indexReader{ctx: ctx, engine: e, campaign: c}
	for index := range c.Next {
		d, skipped, err := r.read(index)
		if err != nil {
			return err
		}
		if err := f(d, skipped); err != nil {
			return err
		}
	}
	return nil
}

// indexReader reads the draws and the skipped indexes of a campaign page by page.
type indexReader struct {
	ctx       context.Context
	engine    *engine
	campaign  *StoredCampaign
	rows      []StoredDraw
	skipped   []StoredDraw
	skipsRead bool // whether all skipped indexes have been read
}

// read returns either the draw with the given index or the skipped index. It must be called
// with ascending indexes, without gaps.
func (r *indexReader) read(index uint64) (d *Draw, skipped *StoredDraw, err error) {
	store, c := r.engine.store, r.campaign
	if len(r.skipped) == 0 && !r.skipsRead {
		if r.skipped, err = store.Skipped(r.ctx, c.ID, index, MaxPage); err != nil {
			return nil, nil, err
		}
		r.skipsRead = len(r.skipped) == 0
	}
	if len(r.skipped) > 0 && r.skipped[0].Index == index {
		skipped, r.skipped = &r.skipped[0], r.skipped[1:]
		return nil, skipped, nil
	}
	if len(r.rows) == 0 {
		q := DrawQuery{Paging: Paging{Limit: MaxPage}, Oldest: true}
		if index > 0 {
			q.Cursor = strconv.FormatUint(index, 10) // the cursor of the previous draw
		}
		if r.rows, err = store.Draws(r.ctx, c, q); err != nil {
			return nil, nil, err
		}
	}
	if len(r.rows) == 0 || r.rows[0].Index != index {
		return nil, nil, fmt.Errorf("index %d of campaign %s is missing from the store", index, c.Name)
	}
	seen, err := r.engine.view(adminView, c, &r.rows[0])
	r.rows = r.rows[1:]
	return &seen, nil, err
}
