package store

import (
	"context"

	"github.com/prizegen/prizegen/pkg/campaign"
)

// AddChange implements [campaign.Tx].
func (t *transaction) AddChange(ctx context.Context, c campaign.Change) error {
	_, err := t.r.exec(ctx, "INSERT INTO changes (changed_at, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5)",
		c.At.UnixMilli(), c.Actor, c.Action, c.Subject, c.Detail)
	return err
}

// Changes implements [campaign.Store].
func (q reader) Changes(ctx context.Context, want campaign.ChangeQuery) ([]campaign.Change, error) {
	before, err := want.Position()
	if err != nil {
		return nil, err
	}
	var w where
	if before != 0 {
		w.and("id < ", int64(before))
	}
	if want.Subject != "" {
		w.and("subject = ", cleanText(want.Subject))
	}
	read := func(row scanner) (c campaign.Change, err error) {
		var at int64
		err = row.Scan(&c.ID, &at, &c.Actor, &c.Action, &c.Subject, &c.Detail)
		c.At = timeOf(at)
		return c, err
	}
	text := "SELECT id, changed_at, actor, action, subject, detail FROM changes" + w.text + " ORDER BY id DESC" + w.limit(want.Limit)
	all, err := queryAll(ctx, q.r, read, text, w.args...)
	return all, q.db.explain(err)
}
