// Package spreadsheet makes texts safe for spreadsheets.
//
//	w.Write([]string{spreadsheet.Cell(name)})
package spreadsheet

import "strings"

// Cell returns text for a cell of a CSV file. If a spreadsheet would take the text for a
// formula, Cell puts an apostrophe before it. See
// https://owasp.org/www-community/attacks/CSV_Injection.
func Cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n|%＝＋－＠", []rune(text)[0]) {
		return "'" + text
	}
	return text
}
