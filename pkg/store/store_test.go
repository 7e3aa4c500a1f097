package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/store"
	"github.com/prizegen/prizegen/pkg/store/storetest"
)

func at(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func ref[T any](v T) *T { return &v }

// record returns a draft campaign with two prizes: a stock of 2 mugs, and an unlimited
// number of £1.00 prizes.
func record(name string) *campaign.StoredCampaign {
	return &campaign.StoredCampaign{Campaign: campaign.Campaign{
		Name: name, Title: "The “" + name + "” draw 🎁", State: campaign.Draft, TextFormat: "lower4", NumberFormat: "digits4",
		Rules: "r", RulesSHA256: strings.Repeat("0", 64), RulesYAML: "name: r\n", Currency: "GBP", OpensAt: ref(at(1000)), MaxPlays: 3, RequireEmail: true,
		CreatedAt: at(2000), Version: 1,
		Prizes: []campaign.Stock{{Name: "Mug", Value: 800, Stock: ref(int64(2))}, {Name: "£1.00", Value: 100}},
	}}
}

// update runs f in a transaction. The test fails if the transaction fails.
func update(t testing.TB, db *store.DB, f func(ctx context.Context, tx campaign.Tx) error) {
	t.Helper()
	if err := db.Update(t.Context(), func(tx campaign.Tx) error { return f(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// added stores a draft campaign and returns it.
func added(t testing.TB, db *store.DB, name string) *campaign.StoredCampaign {
	t.Helper()
	r := record(name)
	update(t, db, func(ctx context.Context, tx campaign.Tx) error { return tx.AddCampaign(ctx, r) })
	return r
}

// opened stores the open campaign summer with the given number of draws, and returns it.
// Every third draw has won a mug or £1.00, and index 5 was skipped.
func opened(t testing.TB, db *store.DB, draws int) *campaign.StoredCampaign {
	t.Helper()
	r := record("summer")
	r.State, r.Secret, r.OpenedAt, r.Prizes[0].Stock = campaign.Open, "secret", ref(at(3000)), nil
	update(t, db, func(ctx context.Context, tx campaign.Tx) error { return tx.AddCampaign(ctx, r) })
	update(t, db, func(ctx context.Context, tx campaign.Tx) error {
		ids, err := tx.EntrantsOf(ctx, []campaign.Person{{FirstName: "Ann", LastName: "Lee", Email: "Ann@example.org"}}, at(4000))
		if err != nil {
			return err
		}
		var rows []campaign.StoredDraw
		won := map[int]int64{}
		index := uint64(0)
		for i := range draws {
			if index == 5 {
				index++
			}
			row := campaign.StoredDraw{Campaign: r.ID, Index: index, Account: fmt.Sprintf("%c%c%06d", 'a'+i%26, 'a'+i/26%26, i), Outcome: 1, Awarded: -1, PlayedAt: at(5000 + int64(i))}
			if i%3 == 0 {
				row.Awarded = i % 2
				won[i%2]++
			}
			if i%5 == 0 {
				row.Entrant = ids[0]
			}
			if i%2 == 0 {
				row.Key, row.Request = &[16]byte{byte(i), byte(i >> 8)}, &[16]byte{1}
			}
			rows = append(rows, row)
			index++
		}
		return tx.AddDraws(ctx, r.ID, index, rows, []campaign.StoredDraw{{Campaign: r.ID, Index: 5, Account: "aa000000"}}, won)
	})
	return r
}

func TestCampaigns(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address)
		summer, winter := added(t, db, "summer"), added(t, db, "winter")
		got, err := db.Campaign(t.Context(), "summer")
		if err != nil || !reflect.DeepEqual(got, summer) {
			t.Errorf("campaign: got %+v, error %v, want %+v", got, err, summer)
		}
		list, err := db.Campaigns(t.Context(), campaign.CampaignQuery{Paging: campaign.Paging{Limit: 10}})
		if err != nil || len(list) != 2 || list[0].Name != "winter" || len(list[1].Prizes) != 2 || list[1].RulesYAML != "" {
			t.Errorf("campaigns: got %+v, error %v, want winter and then summer, with 2 prizes and without RulesYAML", list, err)
		}
		if list, err := db.Campaigns(t.Context(), campaign.CampaignQuery{Paging: campaign.Paging{Cursor: fmt.Sprint(winter.ID), Limit: 10}, State: campaign.Draft}); err != nil || len(list) != 1 {
			t.Errorf("drafts on the second page: got %+v, error %v, want only summer", list, err)
		}
		summer.Title, summer.State, summer.Secret, summer.Commitment = "Another", campaign.Open, "seed", "c"
		summer.OpensAt, summer.ClosesAt, summer.OpenedAt, summer.Version = nil, ref(at(9000)), ref(at(8000)), 2
		summer.Prizes = []campaign.Stock{{Name: "Cap", Value: 5, Stock: ref(int64(7))}}
		update(t, db, func(ctx context.Context, tx campaign.Tx) error {
			if _, err := tx.LockCampaign(ctx, "summer"); err != nil {
				return err
			}
			return tx.SaveCampaign(ctx, summer)
		})
		if got, err := db.Campaign(t.Context(), "summer"); err != nil || !reflect.DeepEqual(got, summer) {
			t.Errorf("saved campaign: got %+v, error %v, want %+v", got, err, summer)
		}
		update(t, db, func(ctx context.Context, tx campaign.Tx) error { return tx.DeleteCampaign(ctx, winter.ID) })
		if _, err := db.Campaign(t.Context(), "winter"); !errors.Is(err, campaign.ErrNotFound) {
			t.Errorf("deleted campaign: got error %v, want ErrNotFound", err)
		}
		err = db.Update(t.Context(), func(tx campaign.Tx) error { return tx.AddCampaign(t.Context(), record("summer")) })
		if !errors.Is(err, campaign.ErrExists) {
			t.Errorf("second campaign with the same name: got error %v, want ErrExists", err)
		}
	})
}

func TestRollback(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address)
		r := added(t, db, "summer")
		no := errors.New("no")
		for name, test := range map[string]func(ctx context.Context, tx campaign.Tx) error{
			"an error": func(context.Context, campaign.Tx) error { return no },
			"over stock": func(ctx context.Context, tx campaign.Tx) error {
				return tx.AddDraws(ctx, r.ID, 0, nil, nil, map[int]int64{0: 3})
			},
			"a gap":       func(ctx context.Context, tx campaign.Tx) error { return tx.AddDraws(ctx, r.ID, 2, nil, nil, nil) },
			"no campaign": func(ctx context.Context, tx campaign.Tx) error { return tx.AddDraws(ctx, 999, 0, nil, nil, nil) },
			"no entrant": func(ctx context.Context, tx campaign.Tx) error {
				return tx.AddDraws(ctx, r.ID, 1, []campaign.StoredDraw{{Campaign: r.ID, Awarded: -1, Entrant: 77}}, nil, nil)
			},
			"index twice": func(ctx context.Context, tx campaign.Tx) error {
				return tx.AddDraws(ctx, r.ID, 2, []campaign.StoredDraw{{Campaign: r.ID, Account: "a", Awarded: -1}, {Campaign: r.ID, Account: "b", Awarded: -1}}, nil, nil)
			},
			"number twice": func(ctx context.Context, tx campaign.Tx) error {
				return tx.AddDraws(ctx, r.ID, 2, []campaign.StoredDraw{{Campaign: r.ID, Account: "a", Awarded: -1}, {Campaign: r.ID, Index: 1, Account: "a", Awarded: -1}}, nil, nil)
			},
		} {
			err := db.Update(t.Context(), func(tx campaign.Tx) error {
				if err := tx.AddChange(t.Context(), campaign.Change{At: at(1), Actor: "test", Action: name}); err != nil {
					return err
				}
				return test(t.Context(), tx)
			})
			if err == nil {
				t.Errorf("%s: got no error, want one", name)
			}
		}
		func() {
			defer func() { _ = recover() }()
			_ = db.Update(t.Context(), func(tx campaign.Tx) error {
				_ = tx.AddChange(t.Context(), campaign.Change{At: at(1), Action: "panic"})
				panic("a bug")
			})
		}()
		ctx, cancel := context.WithCancel(t.Context())
		err := db.Update(ctx, func(tx campaign.Tx) error {
			_ = tx.AddChange(ctx, campaign.Change{At: at(1), Action: "cancelled"})
			cancel()
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled transaction: got error %v, want Canceled", err)
		}
		if changes, err := db.Changes(t.Context(), campaign.ChangeQuery{Paging: campaign.Paging{Limit: 10}}); err != nil || len(changes) != 0 {
			t.Errorf("changes: got %+v, error %v, want none", changes, err)
		}
		if got, err := db.Campaign(t.Context(), "summer"); err != nil || !reflect.DeepEqual(got, r) {
			t.Errorf("campaign: got %+v, error %v, want %+v", got, err, r)
		}
	})
}

func TestDraws(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address)
		r := opened(t, db, 60)
		all, err := db.Draws(t.Context(), r, campaign.DrawQuery{Paging: campaign.Paging{Limit: 100}, Oldest: true})
		if err != nil || len(all) != 60 {
			t.Fatalf("draws: got %d, error %v, want 60", len(all), err)
		}
		update(t, db, func(ctx context.Context, tx campaign.Tx) error {
			all[3].Claim, all[6].Void = &campaign.Mark{At: at(7), Note: "n"}, &campaign.Mark{At: at(8), Note: "why"}
			return errors.Join(tx.MarkDraw(ctx, &all[3]), tx.MarkDraw(ctx, &all[6]))
		})
		won := func(d campaign.StoredDraw) bool { return d.Awarded != -1 }
		for name, test := range map[string]struct {
			q    campaign.DrawQuery
			want func(campaign.StoredDraw) bool
		}{
			"all":        {campaign.DrawQuery{}, func(campaign.StoredDraw) bool { return true }},
			"before":     {campaign.DrawQuery{Paging: campaign.Paging{Cursor: "21"}}, func(d campaign.StoredDraw) bool { return d.Index < 20 }},
			"after":      {campaign.DrawQuery{Paging: campaign.Paging{Cursor: "21"}, Oldest: true}, func(d campaign.StoredDraw) bool { return d.Index > 20 }},
			"won":        {campaign.DrawQuery{Won: true}, won},
			"a prize":    {campaign.DrawQuery{Prize: "£1.00"}, func(d campaign.StoredDraw) bool { return d.Awarded == 1 }},
			"no prize":   {campaign.DrawQuery{Prize: "Car"}, func(campaign.StoredDraw) bool { return false }},
			"an entrant": {campaign.DrawQuery{Entrant: all[0].Entrant}, func(d campaign.StoredDraw) bool { return d.Entrant != 0 }},
			"a letter":   {campaign.DrawQuery{Account: "c"}, func(d campaign.StoredDraw) bool { return d.Account[0] == 'c' }},
			"a prefix":   {campaign.DrawQuery{Account: "ca0"}, func(d campaign.StoredDraw) bool { return strings.HasPrefix(d.Account, "ca0") }},
			"no prefix":  {campaign.DrawQuery{Account: "%"}, func(campaign.StoredDraw) bool { return false }},
			"unclaimed":  {campaign.DrawQuery{Status: campaign.Unclaimed}, func(d campaign.StoredDraw) bool { return won(d) && d.Claim == nil && d.Void == nil }},
			"claimed":    {campaign.DrawQuery{Status: campaign.Claimed}, func(d campaign.StoredDraw) bool { return d.Claim != nil }},
			"voided":     {campaign.DrawQuery{Status: campaign.Voided}, func(d campaign.StoredDraw) bool { return d.Void != nil }},
		} {
			var want []campaign.StoredDraw
			for _, d := range all {
				if test.want(d) {
					want = append(want, d)
				}
			}
			if !test.q.Oldest {
				slices.Reverse(want)
			}
			for _, limit := range []int{100, 3} {
				test.q.Limit = limit
				got, err := db.Draws(t.Context(), r, test.q)
				if most := want[:min(limit, len(want))]; err != nil || len(got) != len(most) || len(got) > 0 && !reflect.DeepEqual(got, most) {
					t.Errorf("%s: got error %v, draws %+v\nwant %+v", name, err, got, most)
				}
			}
		}
		if d, err := db.Draw(t.Context(), r.ID, 0); err != nil || d.Person == nil || d.Person.Email != "Ann@example.org" {
			t.Errorf("draw of index 0: got %+v, error %v, want the draw of Ann@example.org", d, err)
		}
		if _, err := db.Draw(t.Context(), r.ID, 5); !errors.Is(err, campaign.ErrNotFound) {
			t.Errorf("draw of a skipped index: got error %v, want ErrNotFound", err)
		}
		if d, err := db.DrawOfKey(t.Context(), *all[2].Key); err != nil || d.Index != all[2].Index {
			t.Errorf("draw of a key: got %+v, error %v, want index %d", d, err, all[2].Index)
		}
		if skipped, err := db.Skipped(t.Context(), r.ID, 0, 10); err != nil || !reflect.DeepEqual(skipped, []campaign.StoredDraw{{Campaign: r.ID, Index: 5, Account: "aa000000"}}) {
			t.Errorf("skipped indexes: got %+v, error %v, want only index 5", skipped, err)
		}
		update(t, db, func(ctx context.Context, tx campaign.Tx) error {
			issued, err := tx.Issued(ctx, r.ID, []string{"nope", all[7].Account, all[59].Account})
			slices.Sort(issued)
			if len(issued) != 2 || err != nil {
				t.Errorf("issued account numbers: got %v, error %v, want 2", issued, err)
			}
			rows, err := tx.DrawsOfKeys(ctx, [][16]byte{*all[0].Key, {9, 9, 9}, *all[4].Key})
			if len(rows) != 2 {
				t.Errorf("draws of keys: got %v, error %v, want 2", rows, err)
			}
			plays, err := tx.PlaysOf(ctx, r, []string{"ann@example.org", "nobody"}, true)
			if !reflect.DeepEqual(plays, map[string]int64{"ann@example.org": 12}) {
				t.Errorf("plays by identity: got %v, error %v, want 12 for ann@example.org", plays, err)
			}
			return err
		})
	})
}

func TestEntrantsOf(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address)
		people := []campaign.Person{
			{FirstName: "Ann", LastName: "Lee", Email: "ann@example.org"},
			{FirstName: "Ann", LastName: "Lee"},
			{FirstName: "小龙", LastName: "李"},
			{FirstName: "Ann", LastName: "Lee", Email: "ANN@example.org"},
			{FirstName: "🎁", LastName: strings.Repeat("é", 100)},
		}
		for i := range 150 {
			people = append(people, campaign.Person{FirstName: "Bob", LastName: fmt.Sprint("Many ", i)})
		}
		var ids [3][]int64
		var adding sync.WaitGroup
		for i := range ids {
			adding.Go(func() {
				err := db.Update(t.Context(), func(tx campaign.Tx) (err error) {
					ids[i], err = tx.EntrantsOf(t.Context(), people, at(1))
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		adding.Wait()
		if !slices.Equal(ids[0], ids[1]) || !slices.Equal(ids[0], ids[2]) || ids[0][0] != ids[0][3] || ids[0][0] == ids[0][1] {
			t.Fatalf("entrant IDs: got %v, want equal lists in which only equal people share an ID", ids)
		}
		for search, want := range map[string]int{"LEE": 2, "lee": 2, "ann@": 1, "李": 1, "many 1": 61, "%": 0, "é": 1, "\x00\xff": 0, "": 100} {
			if search == "\x00\xff" {
				want = 100 // an empty string is left after cleaning, so everybody matches
			}
			list, err := db.Entrants(t.Context(), campaign.EntrantQuery{Paging: campaign.Paging{Limit: 100}, Search: search})
			if err != nil || len(list) != want {
				t.Errorf("entrants that match %q: got %d, error %v, want %d", search, len(list), err, want)
			}
		}
		err := db.Update(t.Context(), func(tx campaign.Tx) error {
			return tx.SaveEntrant(t.Context(), ids[0][2], campaign.Person{FirstName: "Ann", LastName: "Lee"})
		})
		if !errors.Is(err, campaign.ErrExists) {
			t.Errorf("saving the same person twice: got error %v, want ErrExists", err)
		}
		update(t, db, func(ctx context.Context, tx campaign.Tx) error {
			return errors.Join(tx.SaveEntrant(ctx, ids[0][2], campaign.Person{FirstName: "Xiaolong", LastName: "Li", Email: "li@example.org"}), tx.DeleteEntrant(ctx, ids[0][0]))
		})
		if e, err := db.Entrant(t.Context(), ids[0][2]); err != nil || e.Email != "li@example.org" || !e.CreatedAt.Equal(at(1)) {
			t.Errorf("saved entrant: got %+v, error %v, want li@example.org with the original creation time", e, err)
		}
		if _, err := db.Entrant(t.Context(), ids[0][0]); !errors.Is(err, campaign.ErrNotFound) {
			t.Errorf("deleted entrant: got error %v, want ErrNotFound", err)
		}
	})
}

func TestDeleteEntrantKeepsDraws(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address)
		r := opened(t, db, 10)
		before, err := db.Draw(t.Context(), r.ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		update(t, db, func(ctx context.Context, tx campaign.Tx) error { return tx.DeleteEntrant(ctx, before.Entrant) })
		after, err := db.Draw(t.Context(), r.ID, 0)
		before.Entrant, before.Person, before.Request = 0, nil, nil
		if err != nil || !reflect.DeepEqual(after, before) {
			t.Errorf("draw of a deleted entrant: got %+v, error %v, want %+v", after, err, before)
		}
	})
}

func TestSessions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		s, ctx := storetest.Open(t, address).Sessions(), t.Context()
		if err := errors.Join(s.Save(ctx, "a", []byte("1"), time.Now().Add(time.Hour)), s.Save(ctx, "a", []byte("2"), time.Now().Add(time.Hour)), s.Save(ctx, "old", []byte("0"), time.Now().Add(-time.Second))); err != nil {
			t.Fatal(err)
		}
		if data, found, err := s.Find(ctx, "a"); err != nil || !found || string(data) != "2" {
			t.Errorf("session a: got data %q, found %v, error %v, want data 2", data, found, err)
		}
		for _, token := range []string{"old", "none"} {
			if _, found, err := s.Find(ctx, token); err != nil || found {
				t.Errorf("session %s: got found %v, error %v, want found false", token, found, err)
			}
		}
		if err := s.Delete(ctx, "a"); err != nil {
			t.Error(err)
		}
		if _, found, _ := s.Find(ctx, "a"); found {
			t.Error("deleted session: got found true, want false")
		}
	})
}

// TestLookupsReadFewRows checks that the lookups for a play do not read more rows as the
// tables grow, although PostgreSQL keeps the plans that it made for small tables.
func TestLookupsReadFewRows(t *testing.T) {
	const draws, asked = 3000, 64
	for name, test := range map[string]struct {
		before int  // number of draws before the lookups
		known  bool // whether PostgreSQL has statistics
	}{
		"new tables": {6, false}, "tables with some draws": {70, false}, "tables with more draws": {250, false}, "tables with many draws": {700, false},
		"new tables with statistics": {6, true}, "some draws with statistics": {70, true}, "many draws with statistics": {700, true},
	} {
		t.Run(name, func(t *testing.T) {
			db := storetest.Open(t, storetest.Postgres(t))
			r := opened(t, db, test.before)
			next := uint64(test.before) + 1
			if test.known {
				update(t, db, func(ctx context.Context, tx campaign.Tx) error { return store.Run(ctx, tx, "ANALYZE") })
			}
			people := make([]campaign.Person, asked)
			accounts, keys := make([]string, asked), make([][16]byte, asked)
			for i := range asked {
				accounts[i], keys[i], people[i] = fmt.Sprint("new", i), [16]byte{9, byte(i)}, campaign.Person{FirstName: "Ann", LastName: fmt.Sprint("Lee ", i)}
			}
			var read, drawn int64 // rows read from both entrants and draws, and from draws alone
			look := func() {
				update(t, db, func(ctx context.Context, tx campaign.Tx) error {
					count := func(tables string) int64 {
						n, err := store.Read(ctx, tx, "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint FROM pg_stat_xact_user_tables WHERE relname IN ("+tables+")")
						if err != nil {
							t.Error(err)
						}
						return n
					}
					before, drawsBefore := count("'draws', 'entrants'"), count("'draws'")
					_, issuedErr := tx.Issued(ctx, r.ID, accounts)
					_, keysErr := tx.DrawsOfKeys(ctx, keys)
					_, playsErr := tx.PlaysOf(ctx, r, []string{"nobody", "no one"}, true)
					_, peopleErr := tx.EntrantsOf(ctx, people, at(1)) // adds them the first time
					read, drawn = count("'draws', 'entrants'")-before, count("'draws'")-drawsBefore
					return errors.Join(issuedErr, keysErr, playsErr, peopleErr)
				})
				if drawn > asked {
					t.Errorf("draws read: got %d, want at most %d", drawn, asked)
				}
			}
			for range 10 { // PostgreSQL keeps a plan after 5 executions
				look()
			}
			small := read
			update(t, db, func(ctx context.Context, tx campaign.Tx) error {
				rows := make([]campaign.StoredDraw, draws)
				entrants := make([]campaign.Person, draws)
				for i := range rows {
					entrants[i] = campaign.Person{FirstName: "Bob", LastName: fmt.Sprint("Lee ", i)}
				}
				ids, err := tx.EntrantsOf(ctx, entrants, at(1))
				for i := range rows {
					rows[i] = campaign.StoredDraw{Campaign: r.ID, Index: next + uint64(i), Account: fmt.Sprint("later", i), Outcome: 1, Awarded: -1, PlayedAt: at(9000), Entrant: ids[i]}
				}
				return errors.Join(err, tx.AddDraws(ctx, r.ID, next+draws, rows, nil, nil))
			})
			if look(); read > small {
				t.Errorf("rows read: got %d, want at most %d, as in small tables", read, small)
			}
		})
	}
}

// TestNoParallelWorkers checks that PostgreSQL uses no parallel workers, even if it estimates
// that they cost nothing. Starting them takes longer than a batch of plays.
func TestNoParallelWorkers(t *testing.T) {
	db := storetest.Open(t, storetest.Postgres(t))
	opened(t, db, 3000)
	update(t, db, func(ctx context.Context, tx campaign.Tx) error {
		for _, setting := range []string{"enable_seqscan = on", "parallel_setup_cost = 0", "parallel_tuple_cost = 0", "min_parallel_table_scan_size = 0"} {
			if err := store.Run(ctx, tx, "SET LOCAL "+setting); err != nil {
				return err
			}
		}
		plan, err := store.Plan(ctx, tx, "SELECT sum(outcome) FROM draws")
		if text := strings.Join(plan, "\n"); strings.Contains(text, "Gather") || !strings.Contains(text, "Aggregate") {
			t.Errorf("plan: got\n%s\nwant an aggregate without parallel workers", text)
		}
		return err
	})
}

// TestErasedDataIsGone checks that erased names are neither in the file nor in its log.
func TestErasedDataIsGone(t *testing.T) {
	file := storetest.File(t)
	db := storetest.Open(t, file)
	var ids []int64
	update(t, db, func(ctx context.Context, tx campaign.Tx) (err error) {
		ids, err = tx.EntrantsOf(ctx, []campaign.Person{{FirstName: "Ann", LastName: "Quixotely"}, {FirstName: "Bob", LastName: "Lee"}}, at(1))
		return err
	})
	found := func() bool {
		var all []byte
		for _, end := range []string{"", "-wal"} {
			content, err := os.ReadFile(file + end)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, content...)
		}
		return bytes.Contains(bytes.ToLower(all), []byte("quixotely"))
	}
	if !found() {
		t.Fatal("name on disk before it is erased: got none, want one")
	}
	update(t, db, func(ctx context.Context, tx campaign.Tx) error { return tx.DeleteEntrant(ctx, ids[0]) })
	if found() {
		t.Error("name of a deleted entrant on disk: got one, want none")
	}
}

// TestCampaignSnapshots reads campaigns while every play wins a prize. It checks that the
// numbers of plays and of awarded prizes are always equal.
func TestCampaignSnapshots(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address)
		r := record("summer")
		r.State, r.Secret, r.OpenedAt, r.Prizes = campaign.Open, "secret", ref(at(3000)), []campaign.Stock{{Name: "Mug"}}
		update(t, db, func(ctx context.Context, tx campaign.Tx) error { return tx.AddCampaign(ctx, r) })
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := range uint64(200) {
				row := campaign.StoredDraw{Campaign: r.ID, Index: i, Account: fmt.Sprint("a", i), PlayedAt: at(5000)}
				update(t, db, func(ctx context.Context, tx campaign.Tx) error {
					_, lockErr := tx.LockCampaign(ctx, "summer")
					return errors.Join(lockErr, tx.AddDraws(ctx, r.ID, i+1, []campaign.StoredDraw{row}, nil, map[int]int64{0: 1}))
				})
			}
		}()
		for playing := true; playing; {
			select {
			case <-done:
				playing = false
			default:
			}
			one, err := db.Campaign(t.Context(), "summer")
			all, listErr := db.Campaigns(t.Context(), campaign.CampaignQuery{Paging: campaign.Paging{Limit: 1}})
			if err != nil || listErr != nil {
				t.Fatal(err, listErr)
			}
			if one.Plays != one.Prizes[0].Awarded || all[0].Plays != all[0].Prizes[0].Awarded {
				t.Fatalf("plays and awarded prizes: got %d and %d, in the list %d and %d, want equal numbers", one.Plays, one.Prizes[0].Awarded, all[0].Plays, all[0].Prizes[0].Awarded)
			}
		}
	})
}
