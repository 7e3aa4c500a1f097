package tui

import "fmt"

// line tells the settings in a line.
func (s Settings) line() string {
	t := s.Terms()
	text := fmt.Sprintf("%s  %s + %s", t.Rules.Name, t.Text, t.Number)
	if s.Campaign != nil {
		text += "  campaign " + s.Campaign.Name
	} else {
		text += fmt.Sprintf("  seed %s from %d", short(string(s.Seed)), s.Next)
	}
	return text + "  " + s.Backend.Name
}

// short shows the beginning of a long seed.
func short(seed string) string {
	const most = 20
	if len(seed) <= most {
		return seed
	}
	return cut(seed, most)
}
