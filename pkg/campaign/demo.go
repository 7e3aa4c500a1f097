package campaign

import (
	"context"
	"strconv"
)

// Demo is the name of the demo campaign, which a server opens for people who try out
// prizegen. A promoter may use the name for a real campaign.
const Demo = "welcome"

// DemoActor is the actor who creates the demo campaign. In the audit trail, it distinguishes
// the demo campaign from a real campaign with the same name.
const DemoActor = "serve"

// createAction is the audit trail's action for creating a campaign.
const createAction = "campaign.create"

// IsDemo reports whether the campaign with the given name is the demo campaign.
func (s *Service) IsDemo(ctx context.Context, name string) (bool, error) {
	return isDemo(ctx, s.store, name)
}

// isDemo reports whether the name is [Demo] and the last campaign with it was created by
// [DemoActor].
func isDemo(ctx context.Context, trail auditTrail, name string) (bool, error) {
	if name != Demo {
		return false, nil
	}
	q := ChangeQuery{Subject: name, Paging: Paging{Limit: MaxPage}}
	for {
		list, err := trail.Changes(ctx, q)
		if err != nil {
			return false, err
		}
		for _, c := range list {
			if c.Action == createAction {
				return c.Actor == DemoActor, nil
			}
		}
		if len(list) < MaxPage {
			return false, nil
		}
		q.Cursor = strconv.FormatInt(list[len(list)-1].ID, 10)
	}
}
