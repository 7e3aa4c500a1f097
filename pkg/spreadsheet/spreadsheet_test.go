package spreadsheet_test

import (
	"testing"

	"github.com/prizegen/prizegen/pkg/spreadsheet"
)

func TestCell(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "Ann": "Ann", "a=1": "a=1",
		"=1": "'=1", "+1": "'+1", "-1": "'-1", "@a": "'@a", "\ta": "'\ta", "＝1": "'＝1", "|x": "'|x", "%x": "'%x",
	} {
		if got := spreadsheet.Cell(text); got != want {
			t.Errorf("Cell(%q): got %q, want %q", text, got, want)
		}
	}
}
