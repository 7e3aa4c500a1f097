package campaign

import (
	"context"
	"fmt"
)

// ExportTag returns a string that changes whenever the export of a campaign may have
// changed. Unlike Export, it takes the same time for every campaign. For a draft, the error
// wraps [ErrNotFound].
func (s *Service) ExportTag(ctx context.Context, name string) (string, error) {
	return s.exportTag(ctx, publicView, name)
}

// ExportTag is like [Service.ExportTag], but also accepts drafts.
func (v *Viewer) ExportTag(ctx context.Context, name string) (string, error) {
	return v.exportTag(ctx, adminView, name)
}

func (e *engine) exportTag(ctx context.Context, v visibility, name string) (string, error) {
	c, err := e.campaign(ctx, v, name)
	if err != nil {
		return "", err
	}
	// Claiming and voiding draws changes the export, but not the version of the campaign.
	changes, err := e.store.Changes(ctx, ChangeQuery{Paging: Paging{Limit: 1}})
	if err != nil {
		return "", err
	}
	last := int64(0)
	if len(changes) > 0 {
		last = changes[0].ID
	}
	return fmt.Sprintf("%d.%d.%d.%d", c.ID, c.Version, c.Next, last), nil
}
