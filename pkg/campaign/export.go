package campaign

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/draw"
)

// ExportVersion is the value of the first member of an export, which tells its form.
const ExportVersion = 1

// Entry is what became of one index of a campaign, in an export.
type Entry struct {
	Index    uint64      `json:"index"`
	Account  string      `json:"account"`
	Skipped  bool        `json:"skipped,omitzero" doc:"Whether the account number had been issued before, so that the index was skipped and nothing else is said of it."`
	Rule     *string     `json:"rule,omitempty"`
	Prize    *draw.Prize `json:"prize,omitempty" doc:"What was won; left out for nothing."`
	Drawn    *draw.Prize `json:"drawn,omitempty" doc:"What chance gave where that had run out, so that prize followed."`
	PlayedAt *time.Time  `json:"played_at,omitempty"`
	Claim    *Mark       `json:"claim,omitempty"`
	Void     *Mark       `json:"void,omitempty"`
	Entrant  *Contact    `json:"entrant,omitempty"`
}

// ExportOptions say what an export has.
type ExportOptions struct {
	Entrants bool // who played and the notes about draws, which are personal data
}

// Export writes a campaign and all its draws as one JSON object, from which [Verify]
// recomputes them. It has no personal data unless the promoter asks for it, and the
// seed if the campaign is closed. Draws made meanwhile are left out.
func (p *Promoter) Export(ctx context.Context, name string, w io.Writer, o ExportOptions) error {
	r, err := p.exported(ctx, name, o)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 64<<10)
	head, err := json.Marshal(r.Public())
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "{\"prizegen_campaign\":%d,\n\"campaign\":%s,\n\"next\":%d,\n\"draws\":[", ExportVersion, head, r.Next)
	comma := "\n"
	err = p.entries(ctx, r, func(e *Entry, d *Draw) error {
		if d != nil && o.Entrants {
			e.Entrant, e.Claim, e.Void = d.Entrant, d.Claim, d.Void
		}
		text, err := json.Marshal(e)
		if err != nil {
			return err
		}
		_, _ = out.WriteString(comma)
		comma = ",\n"
		_, err = out.Write(text)
		return err
	})
	if err != nil {
		return err
	}
	_, _ = out.WriteString("\n]}\n")
	return out.Flush() // which has the error of an earlier write, too
}

// exported finds the campaign that is to be exported.
func (p *Promoter) exported(ctx context.Context, name string, o ExportOptions) (*Record, error) {
	if o.Entrants {
		if err := p.allowed(); err != nil {
			return nil, err
		}
	}
	return p.record(ctx, name)
}

// entries tells of every index of a campaign below its next one, in their order. The
// draw is nil for an index that was skipped.
func (p *Promoter) entries(ctx context.Context, r *Record, tell func(*Entry, *Draw) error) error {
	s := &source{ctx: ctx, p: p, r: r}
	for index := range r.Next {
		d, skip, err := s.at(index)
		if err != nil {
			return err
		}
		e := &Entry{Index: index}
		if skip != nil {
			e.Account, e.Skipped = skip.Account, true
		} else {
			e.Account, e.Rule, e.Prize, e.Drawn, e.PlayedAt = d.Account, d.Rule, d.Prize, d.Drawn, &d.PlayedAt
			e.Claim, e.Void = bare(d.Claim), bare(d.Void)
		}
		if err := tell(e, d); err != nil {
			return err
		}
	}
	return nil
}

// source reads the draws and the skipped indexes of a campaign page by page.
type source struct {
	ctx   context.Context
	p     *Promoter
	r     *Record
	rows  []Row
	skips []Skip
	ended bool // whether there are no skipped indexes behind skips
}

// at gives what became of an index: a draw, or that it was skipped. It is asked for
// one index after the other.
func (s *source) at(index uint64) (*Draw, *Skip, error) {
	if len(s.skips) == 0 && !s.ended {
		var err error
		if s.skips, err = s.p.store.Skipped(s.ctx, s.r.ID, index, MaxPage); err != nil {
			return nil, nil, err
		}
		s.ended = len(s.skips) == 0
	}
	if len(s.skips) > 0 && s.skips[0].Index == index {
		skip := s.skips[0]
		s.skips = s.skips[1:]
		return nil, &skip, nil
	}
	if len(s.rows) == 0 {
		q := DrawQuery{Campaign: s.r.ID, Limit: MaxPage, FromStart: index == 0}
		if index > 0 {
			before := index - 1
			q.After = &before
		}
		var err error
		if s.rows, err = s.p.store.Draws(s.ctx, q); err != nil {
			return nil, nil, err
		}
	}
	if len(s.rows) == 0 || s.rows[0].Index != index {
		return nil, nil, fmt.Errorf("the store has lost the index %d of the campaign %s", index, s.r.Name)
	}
	d, err := s.p.seen(s.r, &s.rows[0])
	s.rows = s.rows[1:]
	return &d, nil, err
}
