package campaign_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/store/storetest"
)

// indexes returns the indexes of the draws on all pages of a list. read returns the page at
// cursor and the cursor of the next page.
func indexes(t *testing.T, read func(cursor string) ([]campaign.Draw, string, error)) (all []uint64) {
	t.Helper()
	for cursor := ""; ; {
		draws, next, err := read(cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range draws {
			all = append(all, d.Index)
		}
		if cursor = next; cursor == "" {
			return all
		}
	}
}

func TestDrawPages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		p := opened(t, address, certain("certain"))
		var every, winners []uint64
		prefix := ""
		var ofPrefix []uint64
		for i := range 25 {
			d, err := p.Play(t.Context(), campaign.Play{Campaign: "certain", Person: person(i)})
			if err != nil {
				t.Fatal(err)
			}
			if prefix == "" {
				prefix = d.Whole[:1]
			}
			every = append(every, d.Index)
			if d.Prize != nil {
				winners = append(winners, d.Index)
			}
			if d.Whole[:1] == prefix {
				ofPrefix = append(ofPrefix, d.Index)
			}
		}
		newest := func(list []uint64) []uint64 {
			list = slices.Clone(list)
			slices.Reverse(list)
			return list
		}
		for name, test := range map[string]struct {
			list campaign.DrawQuery
			want []uint64
		}{
			"all":         {campaign.DrawQuery{}, newest(every)},
			"oldest":      {campaign.DrawQuery{Oldest: true}, every},
			"winners":     {campaign.DrawQuery{Won: true}, newest(winners)},
			"of a prize":  {campaign.DrawQuery{Prize: "+Mug", Oldest: true}, winners},
			"of no prize": {campaign.DrawQuery{Prize: "Car"}, nil},
			"account":     {campaign.DrawQuery{Account: prefix, Oldest: true}, ofPrefix},
			"no entrant":  {campaign.DrawQuery{Entrant: 12345}, nil},
		} {
			test.list.Campaign, test.list.Limit = "certain", 4
			got := indexes(t, func(cursor string) ([]campaign.Draw, string, error) {
				test.list.Cursor = cursor
				return p.Draws(t.Context(), test.list)
			})
			if !slices.Equal(got, test.want) {
				t.Errorf("%s: got indexes %v, want %v", name, got, test.want)
			}
		}
		got := indexes(t, func(cursor string) ([]campaign.Draw, string, error) {
			draws, next, err := p.Winners(t.Context(), "certain", campaign.Paging{Cursor: cursor, Limit: 3})
			for _, d := range draws {
				if d.ID != "" || d.Entrant != nil {
					err = fmt.Errorf("got winner %+v, want one without ID and entrant", d)
				}
			}
			return draws, next, err
		})
		if !slices.Equal(got, newest(winners)) {
			t.Errorf("indexes of winners for the public: got %v, want %v", got, newest(winners))
		}
		if _, _, err := p.Draws(t.Context(), campaign.DrawQuery{Paging: campaign.Paging{Cursor: "first"}, Campaign: "certain"}); field(err) != "cursor" {
			t.Errorf("malformed cursor: got error %v, want an error for field cursor", err)
		}
	})
}
