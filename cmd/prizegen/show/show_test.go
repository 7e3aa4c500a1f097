package show_test

import (
	"testing"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
)

func TestBar(t *testing.T) {
	for _, test := range []struct {
		fraction float64
		width    int
		want     string
	}{
		{0, 4, ""}, {1, 4, "████"}, {0.5, 4, "██"}, {0.53125, 4, "██▏"}, {1e-9, 4, "▏"}, {2, 4, "████"}, {-1, 4, ""},
	} {
		if got := show.Bar(test.fraction, test.width); got != test.want {
			t.Errorf("%v of %d columns is %q, want %q", test.fraction, test.width, got, test.want)
		}
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[uint64]string{0: "0 draws", 1: "1 draw", 2: "2 draws", 1000: "1,000 draws"} {
		if got := show.Count(n, "draw"); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
	if got := show.Count(2, "index"); got != "2 indexes" {
		t.Errorf("got %q", got)
	}
}
