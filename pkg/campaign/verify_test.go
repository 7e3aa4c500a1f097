package campaign_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/store/storetest"
)

// few returns the plan of a campaign with 20 account numbers, so that indexes are
// skipped, and with a stock that runs out.
func few(name string) campaign.Plan {
	const rules = `name: few
currency: GBP
rules:
  - name: is an a
    match: "^a"
    prizes:
      - {prize: Mug, value: 8, chance: 1/2, stock: 3, then: Pen}
      - {prize: Pen, value: 1, chance: 1/4, stock: 2}
  - prizes:
      - {win: 1, chance: 50%}
`
	return campaign.Plan{Name: name, RulesYAML: rules, TextFormat: "[ab]1", NumberFormat: "digits1"}
}

// file is a parsed export, which tests modify.
type file struct {
	head map[string]any // members of the campaign
	next int
	list []map[string]any // entries
}

// export plays campaigns with random seeds, and closes them if closed is set, until one of
// them contains every kind of entry. It returns the export of that campaign.
func export(t *testing.T, closed bool) file {
	t.Helper()
	p := newAdmin(t, storetest.File(t))
	for i := range 100 {
		f := played(t, p, fmt.Sprintf("few-%d", i), closed)
		if slices.ContainsFunc(f.list, skipped) && slices.ContainsFunc(f.list, won) &&
			slices.ContainsFunc(f.list, lost) && slices.ContainsFunc(f.list, ranOut) {
			return f
		}
	}
	t.Fatal("campaigns with every kind of entry: got none of 100, want one")
	return file{}
}

// played returns the export of a campaign after all account numbers have been issued.
func played(t *testing.T, p *campaign.Admin, name string, closed bool) file {
	t.Helper()
	begin(t, p, few(name))
	for i := range 20 {
		if _, err := p.Play(t.Context(), campaign.Play{Campaign: name, Person: person(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if closed {
		if _, err := p.Close(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	var text bytes.Buffer
	if err := p.Export(t.Context(), name, &text, campaign.ExportOptions{}); err != nil {
		t.Fatal(err)
	}
	return parse(t, text.Bytes())
}

func parse(t *testing.T, text []byte) file {
	t.Helper()
	var f struct {
		Campaign map[string]any
		Next     int
		Draws    []map[string]any
	}
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	return file{f.Campaign, f.Next, f.Draws}
}

// clone returns a deep copy of f.
func (f file) clone(t *testing.T) file {
	t.Helper()
	return parse(t, []byte(f.text(t)))
}

// text returns f as an export.
func (f file) text(t *testing.T) string {
	t.Helper()
	head, err := json.Marshal(f.head)
	if err != nil {
		t.Fatal(err)
	}
	list, err := json.Marshal(f.list)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`{"prizegen_campaign":1,"campaign":%s,"next":%d,"draws":%s}`, head, f.next, list)
}

// findings verifies an export and returns the findings.
func findings(t *testing.T, text string) []string {
	t.Helper()
	list := []string{}
	report, err := campaign.Verify(t.Context(), draw.Local{}, strings.NewReader(text), nil, func(f draw.Finding) {
		list = append(list, f.Place+": "+f.Problem)
	})
	if err != nil {
		t.Fatal(err)
	}
	if report.Wrong != uint64(len(list)) {
		t.Errorf("Report.Wrong: got %d, want %d", report.Wrong, len(list))
	}
	return list
}

// where returns the index of the first entry for which is returns true.
func (f file) where(t *testing.T, is func(entry map[string]any) bool) int {
	t.Helper()
	i := slices.IndexFunc(f.list, is)
	if i < 0 {
		t.Fatal("entries that satisfy the condition: got none, want at least one")
	}
	return i
}

func skipped(e map[string]any) bool { return e["skipped"] != nil }
func won(e map[string]any) bool     { return e["prize"] != nil }
func lost(e map[string]any) bool    { return e["prize"] == nil && !skipped(e) }
func ranOut(e map[string]any) bool  { return e["drawn"] != nil }

// renumber assigns consecutive indexes to the entries, to hide that entries were removed or
// moved.
func (f *file) renumber() {
	for i := range f.list {
		f.list[i]["index"] = i
	}
	f.next = len(f.list)
}

// TestVerifyFindsChanges checks that Verify detects many kinds of changes to an export.
func TestVerifyFindsChanges(t *testing.T) {
	withSeed, withoutSeed := export(t, true), export(t, false)
	if list := findings(t, withSeed.text(t)); len(list) > 0 {
		t.Fatalf("findings in the unchanged export: got %q, want none", list)
	}
	if list := findings(t, withoutSeed.text(t)); len(list) > 0 {
		t.Fatalf("findings in the unchanged export without a seed: got %q, want none", list)
	}
	for name, test := range map[string]struct {
		change func(t *testing.T, f *file)
		want   string // substring of the findings with the seed
		open   bool   // whether the change is also found without the seed
	}{
		"an account number": {func(t *testing.T, f *file) {
			e := f.list[f.where(t, won)]
			e["account"] = "c" + e["account"].(string)[1:]
		}, `account is "c`, true},
		"a prize": {func(t *testing.T, f *file) {
			f.list[f.where(t, won)]["prize"].(map[string]any)["name"] = "Car"
		}, `prize is "Car"`, true},
		"a value": {func(t *testing.T, f *file) {
			f.list[f.where(t, won)]["prize"].(map[string]any)["value"] = 12345
		}, `(value 12345, GBP) but should be`, true},
		"a prize added to a losing draw": {func(t *testing.T, f *file) {
			f.list[f.where(t, lost)]["prize"] = f.list[f.where(t, won)]["prize"]
		}, "but should be none", false},
		"a prize removed from a winning draw": {func(t *testing.T, f *file) {
			delete(f.list[f.where(t, won)], "prize")
		}, "prize is none but should be", true},
		"a rule": {func(t *testing.T, f *file) {
			f.list[f.where(t, won)]["rule"] = "is a friend"
		}, `rule is "is a friend" but should be`, true},
		"the drawn prize removed": {func(t *testing.T, f *file) {
			delete(f.list[f.where(t, ranOut)], "drawn")
		}, "drawn is none but should be", false},
		"the last draw removed": {func(_ *testing.T, f *file) {
			f.list = f.list[:len(f.list)-1]
		}, "the draws end with index", true},
		"a draw removed": {func(_ *testing.T, f *file) {
			f.list = slices.Delete(f.list, 3, 4)
		}, "index 4: missing before it: 3", true},
		"several draws removed": {func(_ *testing.T, f *file) {
			f.list = slices.Delete(f.list, 3, 6)
		}, "index 6: missing before it: 3 to 5", true},
		"a draw removed and the others renumbered": {func(_ *testing.T, f *file) {
			f.list = slices.Delete(f.list, 3, 4)
			f.renumber()
		}, ": account is", false},
		"a draw added": {func(_ *testing.T, f *file) {
			f.list = append(f.list, f.list[0])
			f.list[len(f.list)-1] = map[string]any{"index": f.next, "account": "b7", "rule": "everybody else", "played_at": "2027-01-01T00:00:00Z"}
			f.next++
		}, "", true},
		"a draw repeated": {func(_ *testing.T, f *file) {
			f.list = slices.Insert(f.list, 5, f.list[4])
		}, "index 4: it is repeated or out of order; the next index should be 5", true},
		"draws reordered": {func(_ *testing.T, f *file) {
			f.list[4], f.list[5] = f.list[5], f.list[4]
		}, "index 5: missing before it: 4", true},
		"draws swapped and renumbered": {func(t *testing.T, f *file) {
			winner, loser := f.where(t, won), f.where(t, lost)
			f.list[winner], f.list[loser] = f.list[loser], f.list[winner]
			f.renumber()
		}, ": account is", false},
		"a skipped index turned into a draw": {func(t *testing.T, f *file) {
			e := f.list[f.where(t, skipped)]
			delete(e, "skipped")
			e["rule"], e["played_at"] = "everybody else", "2027-01-01T00:00:00Z"
		}, "it should have been skipped", true},
		"a draw turned into a skipped index": {func(t *testing.T, f *file) {
			e := f.list[f.where(t, lost)]
			for _, member := range []string{"rule", "played_at"} {
				delete(e, member)
			}
			e["skipped"] = true
		}, "was not issued before", true},
		"a prize added to a skipped index": {func(t *testing.T, f *file) {
			f.list[f.where(t, skipped)]["prize"] = f.list[f.where(t, won)]["prize"]
		}, "it was skipped, but it contains members of a draw", true},
		"the time of play removed": {func(t *testing.T, f *file) {
			delete(f.list[f.where(t, won)], "played_at")
		}, "played_at is missing", true},
		"the number of draws":         {func(_ *testing.T, f *file) { f.head["plays"] = 19 }, "plays is 19 and skipped is ", true},
		"the name of the rules":       {func(_ *testing.T, f *file) { f.head["rules"] = "many" }, `rules is "many" but should be "few"`, true},
		"the digest of the rules":     {func(_ *testing.T, f *file) { f.head["rules_sha256"] = "00" }, `rules_sha256 is "00"`, true},
		"the currency":                {func(_ *testing.T, f *file) { f.head["currency"] = "EUR" }, `currency is "EUR" but should be "GBP"`, true},
		"the seed":                    {func(_ *testing.T, f *file) { f.head["seed"] = "42" }, "commitment is", true},
		"the commitment":              {func(_ *testing.T, f *file) { f.head["commitment"] = "00" }, `commitment is "00"`, false},
		"a prize missing in the list": {func(_ *testing.T, f *file) { f.head["prizes"] = f.head["prizes"].([]any)[:2] }, "the number of prizes is 2 but should be 3", true},
		"the number awarded":          {func(_ *testing.T, f *file) { firstPrize(f)["awarded"] = 7 }, `the awarded count of prize "Mug" is 7 but should be `, true},
		"the name of a prize":         {func(_ *testing.T, f *file) { firstPrize(f)["name"] = "Cup" }, `prize 1 is "Cup" but should be "Mug"`, true},
		"the value of a prize":        {func(_ *testing.T, f *file) { firstPrize(f)["value"] = 1 }, `the value of prize "Mug" is 1 but should be 800`, true},
		"an unlimited stock":          {func(_ *testing.T, f *file) { firstPrize(f)["stock"] = nil }, `the stock of prize "Mug" is unlimited but should be 3`, true},
		"the stock of a prize":        {func(_ *testing.T, f *file) { firstPrize(f)["stock"] = 100 }, `the stock of prize "Mug" is 100 but should be 3`, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := withSeed.clone(t)
			test.change(t, &f)
			list := findings(t, f.text(t))
			if len(list) == 0 || !strings.Contains(strings.Join(list, "\n"), test.want) {
				t.Errorf("findings: got %q, want one that contains %q", list, test.want)
			}
			if !test.open {
				return
			}
			f = withoutSeed.clone(t)
			test.change(t, &f)
			if list := findings(t, f.text(t)); len(list) == 0 {
				t.Error("findings without the seed: got none, want at least one")
			}
		})
	}
}

func firstPrize(f *file) map[string]any { return f.head["prizes"].([]any)[0].(map[string]any) }

// TestVerifyWithoutSeed checks that Verify detects impossible draws in an export without a
// seed.
func TestVerifyWithoutSeed(t *testing.T) {
	whole := export(t, false)
	for name, test := range map[string]struct{ member, value, want string }{
		"other letters": {"account", "z0", `account number "z0" does not match the formats [ab]1 + digits1`},
		"other digits":  {"account", "ax", `account number "ax" does not match the formats`},
		"too long":      {"account", "a00", `account number "a00" does not match the formats`},
		"another rule":  {"rule", "everybody", `rule is "everybody" but should be`},
	} {
		t.Run(name, func(t *testing.T) {
			f := whole.clone(t)
			f.list[f.where(t, won)][test.member] = test.value
			if list := findings(t, f.text(t)); !strings.Contains(strings.Join(list, "\n"), test.want) {
				t.Errorf("findings: got %q, want one that contains %q", list, test.want)
			}
		})
	}
}

func TestVerifyRefusesOtherFiles(t *testing.T) {
	whole := export(t, true)
	text := whole.text(t)
	changed := func(member string, value any) string {
		f := whole.clone(t)
		f.head[member] = value
		return f.text(t)
	}
	for name, test := range map[string]struct{ text, want string }{
		"nothing":                {"", "unexpected end"},
		"plain text":             {"hello", "at byte 0: invalid JSON"},
		"an array":               {"[]", "got [, want an object"},
		"another object":         {`{"draws":[]}`, `got draws, want member "prizegen_campaign"`},
		"a later version":        {`{"prizegen_campaign":2}`, "it has version 2, but this program reads version 1"},
		"a truncated file":       {text[:len(text)/2], "the file may be truncated"},
		"trailing data":          {text + "{}", "unexpected data after the object"},
		"an unknown member":      {strings.Replace(text, `"account":`, `"acount":1,"account":`, 1), "acount"},
		"a number for a string":  {strings.Replace(text, `"account":"`, `"account":1,"x":"`, 1), "at byte"},
		"an array for an object": {`{"prizegen_campaign":1,"campaign":[]`, "/campaign: unexpected ["},
		"a string for a number":  {`{"prizegen_campaign":"1"`, "/prizegen_campaign: unexpected string"},
		"deep JSON":              {`{"prizegen_campaign":1,"campaign":` + strings.Repeat(`{"name":`, 20_000), "at byte"},
		"a deep draw":            {strings.Replace(text, `"draws":[`, `"draws":[`+strings.Repeat("[", 20_000), 1), "at byte"},
		"no array":               {strings.Replace(text, `"draws":[`, `"draws":{"":[`, 1), "want an array of draws"},
		"an extra member":        {strings.TrimSuffix(text, "}") + `,"more":1}`, "want the end of the object"},
		"invalid rules":          {changed("rules_yaml", "name: x"), "rules_yaml"},
		"an invalid seed":        {changed("seed", strings.Repeat("x", 2000)), "seed"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := campaign.Verify(t.Context(), draw.Local{}, strings.NewReader(test.text), nil, func(draw.Finding) {})
			if err == nil || strings.Contains(err.Error(), "%!") || !strings.Contains(err.Error(), "not a campaign export") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Verify: got error %v, want an error that contains %q", err, test.want)
			}
		})
	}
	if !campaign.IsExport([]byte(text)) || campaign.IsExport([]byte(`[{"index":0}]`)) || campaign.IsExport(nil) {
		t.Error("IsExport: got a wrong result, want true only for an export")
	}
}

// TestVerifyProgress checks the numbers of entries that Verify passes to count.
func TestVerifyProgress(t *testing.T) {
	f := export(t, true)
	var read uint64
	report, err := campaign.Verify(t.Context(), draw.Local{}, strings.NewReader(f.text(t)), func(n uint64) { read += n }, func(draw.Finding) {})
	if err != nil || read != uint64(f.next) || report.Draws != 20 || report.Skipped != read-20 || report.Held != read || !report.SeedKnown {
		t.Errorf("Verify: got %d entries, report %+v, error %v, want %d valid entries with 20 draws", read, report, err, f.next)
	}
}
