package draw

import (
	"math/rand/v2"
	"testing"
)

// TestIndexSetIsBounded checks that the indexes of a shuffled run are counted exactly, and
// that the number of spans is limited.
func TestIndexSetIsBounded(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var shuffled indexSet
	const n = 300_000
	for _, i := range r.Perm(n) {
		if i != 7 {
			shuffled.add(uint64(i), 1)
		}
	}
	shuffled.add(9, 2)
	if x := shuffled.report(); x.Uncounted || x.Missing != 1 || x.Repeated != 2 || x.Ascending || x.FirstMissing[0] != (Span{7, 7}) || x.FirstRepeated[0] != (Span{9, 10}) {
		t.Errorf("shuffled: got %+v, want 7 missing and 9 and 10 repeated", x)
	}
	var sparse indexSet
	for i := range uint64(maxSpans + maxSpans) {
		sparse.add(2*i, 1)
		if len(sparse.spans) > 2*maxSpans {
			t.Fatalf("spans: got %d, want at most %d", len(sparse.spans), 2*maxSpans)
		}
	}
	if x := sparse.report(); !x.Uncounted || x.Lowest != 0 || x.Highest != 4*maxSpans-2 || !x.Ascending || x.Whole() {
		t.Errorf("sparse: got %+v, want uncounted from 0 to %d", x, 4*maxSpans-2)
	}
}
