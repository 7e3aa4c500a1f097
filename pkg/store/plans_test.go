package store_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/store"
	"github.com/prizegen/prizegen/pkg/store/storetest"
)

// TestDrawsUseIndexes checks that SQLite lists draws with an index that contains only the
// selected draws, in order. This matters if only a few of millions of draws are selected,
// such as those that were claimed.
func TestDrawsUseIndexes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "prizegen.db")
	storetest.Open(t, path)
	raw, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close() //nolint:errcheck // only read
	c := &campaign.StoredCampaign{ID: 1}
	c.Prizes = []campaign.Stock{{Name: "Mug"}}
	later := campaign.Paging{Cursor: "8"}
	for name, test := range map[string]struct {
		want  campaign.DrawQuery
		index string
	}{
		"all":              {campaign.DrawQuery{}, "PRIMARY KEY (campaign_id=?)"},
		"of a page":        {campaign.DrawQuery{Paging: later}, "PRIMARY KEY (campaign_id=? AND draw_index<?)"},
		"won":              {campaign.DrawQuery{Won: true}, "INDEX draws_won (campaign_id=?)"},
		"unclaimed":        {campaign.DrawQuery{Status: campaign.Unclaimed}, "INDEX draws_unclaimed (campaign_id=?)"},
		"claimed":          {campaign.DrawQuery{Status: campaign.Claimed}, "INDEX draws_claimed (campaign_id=?)"},
		"claimed, later":   {campaign.DrawQuery{Status: campaign.Claimed, Paging: later, Oldest: true}, "INDEX draws_claimed (campaign_id=? AND draw_index>?)"},
		"voided":           {campaign.DrawQuery{Status: campaign.Voided}, "INDEX draws_voided (campaign_id=?)"},
		"of a prize":       {campaign.DrawQuery{Prize: "Mug"}, "INDEX draws_by_prize (campaign_id=? AND awarded=?)"},
		"of a prize, page": {campaign.DrawQuery{Prize: "Mug", Paging: later}, "INDEX draws_by_prize (campaign_id=? AND awarded=? AND draw_index<?)"},
		"of an entrant":    {campaign.DrawQuery{Entrant: 9}, "INDEX draws_of_entrant (entrant_id=? AND campaign_id=?)"},
	} {
		t.Run(name, func(t *testing.T) {
			test.want.Limit = 50
			text, args, err := store.DrawsStatement(c, test.want)
			if err != nil {
				t.Fatal(err)
			}
			rows, err := raw.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, args...)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			var plan []string
			for rows.Next() {
				var id, parent, unused int
				var step string
				if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
					t.Fatal(err)
				}
				plan = append(plan, step)
			}
			if err := rows.Err(); err != nil {
				t.Fatal(err)
			}
			got := strings.Join(plan, "\n")
			if !strings.Contains(got, "SEARCH d USING "+test.index) || strings.Contains(got, "ORDER BY") {
				t.Errorf("plan: got\n%s\nwant a search with %s in index order", got, test.index)
			}
		})
	}
}
