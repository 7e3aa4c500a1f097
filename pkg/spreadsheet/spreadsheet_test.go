package spreadsheet_test

import (
	"encoding/csv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/prizegen/prizegen/pkg/spreadsheet"
)

func TestCell(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "Ann": "Ann", "a=1": "a=1", "Lee-Smith": "Lee-Smith", "O'Neil": "O'Neil", "'tis": "'tis", `a "b"`: `a "b"`, `a;"=1`: `a;'"=1`, "Lee, Ann": "Lee, Ann", "a\r\nb": "a\r\nb",
		"=1": "'=1", "+1": "'+1", "-1": "'-1", "@a": "'@a", "\ta": "'\ta", "\ra": "'\ra", "＝1": "'＝1", "|x": "'|x", "%x": "'%x",
		" =1": "' =1", "\u00a0=1": "'\u00a0=1", "\u200b=1": "'\u200b=1", "\ufeff=1": "'\ufeff=1", "﹢1": "'﹢1", "−1": "'−1",
		"Ann;=1": "Ann;'=1", "Ann; =1": "Ann;' =1", "a,=1": "a,'=1", "a\t=1": "a\t'=1", "a\n=1": "a\n'=1", "a\r\n=1": "a\r\n'=1", "a|=1": "a|'=1", "a;;=1": "a;;'=1",
		"'=1": "''=1", "a;'=1": "a;''=1", "=1;=2": "'=1;'=2", "\t=1": "'\t'=1",
	} {
		if got := spreadsheet.Cell(text); got != want {
			t.Errorf("Cell(%q): got %q, want %q", text, got, want)
		}
		if got := spreadsheet.Text(want); got != text {
			t.Errorf("Text(%q): got %q, want %q", want, got, text)
		}
	}
}

// TestCellsAreSafe writes arbitrary strings to a CSV file, as an export does. It checks
// that a spreadsheet finds no formula in the file, regardless of the separator in its
// locale and of whether it supports quotes, and that Text restores the strings.
// make test runs it.
func TestCellsAreSafe(t *testing.T) {
	letter := rapid.SampledFrom([]rune("a1 '\"=+-@＝；;,|\t\r\n\u200b\ufeff−é"))
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringOf(letter), rapid.String()).Draw(t, "text")
		cell := spreadsheet.Cell(text)
		if got := spreadsheet.Text(cell); got != text {
			t.Fatalf("Text(Cell(%q)): got %q, want the same text", text, got)
		}
		var file strings.Builder
		w := csv.NewWriter(&file)
		if err := w.Write([]string{"17", cell, "end"}); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		record, err := csv.NewReader(strings.NewReader(file.String())).Read()
		// The reader converts each \r\n to \n.
		if want := strings.ReplaceAll(text, "\r\n", "\n"); err != nil || strings.ReplaceAll(spreadsheet.Text(record[1]), "\r\n", "\n") != want {
			t.Fatalf("record: got %q, error %v, want text %q", record, err, want)
		}
		for _, separator := range []string{",", ";", "\t", "|"} {
			for _, part := range strings.FieldsFunc(file.String(), func(r rune) bool { return r == '\r' || r == '\n' || strings.ContainsRune(separator, r) }) {
				part = strings.TrimLeft(part, " \"\u200b\ufeff")
				if part != "" && strings.ContainsAny(part[:1], "=+-@") || strings.HasPrefix(part, "＝") || strings.HasPrefix(part, "−") {
					t.Fatalf("Cell(%q): got %q, in which %q is a formula if %q separates cells, want no formula", text, cell, part, separator)
				}
			}
		}
	})
}
