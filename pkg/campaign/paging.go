package campaign

import (
	"strconv"

	"github.com/prizegen/prizegen/pkg/excerpt"
)

// Page sizes of lists.
const (
	defaultPage = 50
	MaxPage     = 1000 // maximum number of items on a page
)

// Paging selects one page of a list.
type Paging struct {
	Cursor string // returned with the previous page; empty for the first page
	Limit  int    // maximum number of items, up to [MaxPage]; 0 means 50
}

// Position returns the number in the cursor, or 0 for the first page.
func (p Paging) Position() (uint64, error) {
	if p.Cursor == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(p.Cursor, 10, 63)
	if err != nil || n == 0 {
		return 0, invalid("cursor", "%q is not a cursor; use the value of next from the previous page", excerpt.Of(p.Cursor))
	}
	return n, nil
}

// normalize validates the cursor, sets the default limit, and reduces Limit to at most
// [MaxPage].
func (p *Paging) normalize() error {
	if p.Limit <= 0 {
		p.Limit = defaultPage
	}
	p.Limit = min(p.Limit, MaxPage)
	_, err := p.Position()
	return err
}
