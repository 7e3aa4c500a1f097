package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/remote"
)

func newEntrantCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "entrant", Short: "Look after the people who play",
		Long: `Entrant looks after the people who play campaigns. Whoever plays becomes an
entrant; others can be added or imported before.`,
		Example: `  prizegen entrant add --first-name Ann --last-name Lee --email ann@example.org
  prizegen entrant list --search lee
  prizegen entrant import guests.csv`,
		Args: cobra.NoArgs,
		RunE: showHelp,
	}
	cmd.AddCommand(newEntrantAddCmd(a), newEntrantListCmd(a), newEntrantShowCmd(a), newEntrantEditCmd(a), newEntrantDeleteCmd(a), newEntrantImportCmd(a))
	return cmd
}

// personFlags are the flags that say who a person is.
type personFlags struct{ first, last, email *string }

func newPersonFlags(cmd *cobra.Command) personFlags {
	f := personFlags{
		first: cmd.Flags().String("first-name", "", "first `name`"),
		last:  cmd.Flags().String("last-name", "", "last `name`"),
		email: cmd.Flags().String("email", "", "email `address`"),
	}
	return f
}

func (f personFlags) person() campaign.Person {
	return campaign.Person{FirstName: *f.first, LastName: *f.last, Email: *f.email}
}

// writeEntrants writes entrants as JSON or as a table.
func writeEntrants(a *app, list []campaign.Entrant, format string) error {
	if format == "json" {
		return a.writeJSON(list)
	}
	var rows [][]string
	for _, e := range list {
		rows = append(rows, []string{strconv.FormatInt(e.ID, 10), e.FirstName, e.LastName, orDash(e.Email), strconv.FormatInt(e.PlayCount(), 10), timeText(&e.CreatedAt)})
	}
	return a.writeTable([]string{"ID", "FIRST NAME", "LAST NAME", "EMAIL", "PLAYS", "SINCE"}, rows)
}

func newEntrantAddCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "add", Short: "Add an entrant", Long: "Add adds a person who has not played yet.",
		Example: "  prizegen entrant add --first-name Ann --last-name Lee", Args: cobra.NoArgs,
	}
	person := newPersonFlags(cmd)
	output := settings.DefineOutput(a.table, cmd, "table", "json")
	return promotionCmd(a, cmd, func(ctx context.Context, p promotion, _ []string) error {
		e, err := p.AddEntrant(ctx, person.person())
		if err != nil {
			return err
		}
		return writeEntrants(a, []campaign.Entrant{e}, output.Get())
	})
}

func newEntrantListCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List entrants, the newest first", Long: "List lists entrants, the newest first.",
		Example: "  prizegen entrant list --search lee", Args: cobra.NoArgs,
	}
	search := cmd.Flags().String("search", "", "only those whose last name or email address begins so")
	limit := newLimitFlag(cmd, 50)
	output := settings.DefineOutput(a.table, cmd, "table", "json")
	return promotionCmd(a, cmd, func(ctx context.Context, p promotion, _ []string) error {
		all, err := pages(*limit, func(cursor string, limit int) ([]campaign.Entrant, string, error) {
			return p.Entrants(ctx, campaign.EntrantQuery{Paging: campaign.Paging{Cursor: cursor, Limit: limit}, Search: *search})
		})
		if err != nil {
			return err
		}
		return writeEntrants(a, all, output.Get())
	})
}

// entrantCmd makes a command about one entrant.
func entrantCmd(a *app, cmd *cobra.Command, f func(ctx context.Context, p promotion, id int64) error) *cobra.Command {
	cmd.Args = oneArg("id", "give the id of an entrant; prizegen entrant list has them")
	return promotionCmd(a, cmd, func(ctx context.Context, p promotion, args []string) error {
		id, err := strconv.ParseInt(args[0], 10, 64)
		if err != nil || id < 1 {
			return usagef("%q is no id of an entrant, expected a number such as 17", excerpt.Of(args[0]))
		}
		return f(ctx, p, id)
	})
}

func newEntrantShowCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "show ID", Short: "Show an entrant", Long: "Show tells who an entrant is.", Example: "  prizegen entrant show 17"}
	output := settings.DefineOutput(a.table, cmd, "table", "json")
	return entrantCmd(a, cmd, func(ctx context.Context, p promotion, id int64) error {
		e, err := p.Entrant(ctx, id)
		if err != nil {
			return err
		}
		return writeEntrants(a, []campaign.Entrant{e}, output.Get())
	})
}

func newEntrantEditCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "edit ID", Short: "Correct an entrant", Long: "Edit corrects the names and the email address that its flags give.",
		Example: "  prizegen entrant edit 17 --last-name Lee-Smith",
	}
	flags := newPersonFlags(cmd)
	output := settings.DefineOutput(a.table, cmd, "table", "json")
	return entrantCmd(a, cmd, func(ctx context.Context, p promotion, id int64) error {
		e, err := p.Entrant(ctx, id)
		if err != nil {
			return err
		}
		for flag, set := range map[string]func(){
			"first-name": func() { e.FirstName = *flags.first }, "last-name": func() { e.LastName = *flags.last }, "email": func() { e.Email = *flags.email },
		} {
			if cmd.Flags().Changed(flag) {
				set()
			}
		}
		if e, err = p.EditEntrant(ctx, id, e.Person); err != nil {
			return err
		}
		return writeEntrants(a, []campaign.Entrant{e}, output.Get())
	})
}

func newEntrantDeleteCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "delete ID", Short: "Erase an entrant",
		Long:    "Delete erases the personal data of an entrant. The draws stay and can be verified as before.",
		Example: "  prizegen entrant delete 17",
	}
	return entrantCmd(a, cmd, func(ctx context.Context, p promotion, id int64) error {
		err := p.DeleteEntrant(ctx, id)
		if err == nil {
			a.note("the entrant %d is erased; the draws stay", id)
		}
		return err
	})
}

func newEntrantImportCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "import FILE | -", Short: "Add entrants from a CSV file, all or none",
		Long: `Import adds the people of a CSV file with the columns first_name, last_name and,
if you like, email. Where lines are wrong it names each of them, and adds
nobody. Who is known already stays as they are.`,
		Example: "  prizegen entrant import guests.csv",
		Args:    oneArg("file", "give the file to import, or - for standard input"),
	}
	return promotionCmd(a, cmd, func(ctx context.Context, p promotion, args []string) error {
		file, err := open(ctx, a, args[0])
		if err != nil {
			return err
		}
		defer file.Close()
		list, err := readPeople(file)
		if err != nil {
			return fmt.Errorf("%s: %w", sourceName(args[0]), err)
		}
		added := 0
		bad := list.wrong()
		if len(bad) == 0 {
			added, err = p.ImportEntrants(ctx, list.people)
			var refused *campaign.ImportError
			if errors.As(err, &refused) {
				for i, wrong := range refused.Bad {
					bad[list.lines[i]] = wrong
				}
			}
		}
		if len(bad) > 0 {
			for _, line := range slices.Sorted(maps.Keys(bad)) {
				a.say("%s:%d: %v", sourceName(args[0]), line, bad[line])
			}
			return fmt.Errorf("%s: %d of %d lines are wrong, so that nobody was added", sourceName(args[0]), len(bad), len(list.people)+len(list.unreadable))
		}
		if err != nil {
			return err
		}
		a.note("%s added, %d known before", show.Count(uint64(added), "entrant"), len(list.people)-added)
		return nil
	})
}

// personList is the people of a CSV file.
type personList struct {
	people     []campaign.Person
	lines      []int         // that each of them is in
	unreadable map[int]error // by line
}

// wrong tells what is wrong with lines where some can't be read: all of it at once.
// What the others may not say is found out here as well then.
func (l *personList) wrong() map[int]error {
	bad := maps.Clone(l.unreadable)
	if len(bad) == 0 {
		return bad
	}
	for i, person := range l.people {
		if _, err := person.Clean(); err != nil {
			bad[l.lines[i]] = err
		}
	}
	return bad
}

// readPeople reads a CSV file of people.
func readPeople(file io.Reader) (*personList, error) {
	r := csv.NewReader(file)
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("it is empty, expected a line with the columns first_name,last_name,email")
		}
		return nil, err
	}
	columns, err := personColumns(header)
	if err != nil {
		return nil, err
	}
	l := &personList{unreadable: map[int]error{}}
	for {
		record, err := r.Read()
		var broken *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return l, nil
		case errors.As(err, &broken):
			l.unreadable[broken.Line] = broken.Err
			continue
		case err != nil:
			return nil, err
		case len(l.people) == remote.MaxCount:
			return nil, fmt.Errorf("it has more than %d people, expected at most that many at a time", remote.MaxCount)
		}
		line, _ := r.FieldPos(0)
		if len(record) != len(header) {
			l.unreadable[line] = fmt.Errorf("it has %d fields, expected %d as in the first line", len(record), len(header))
			continue
		}
		person := campaign.Person{FirstName: record[columns["first_name"]], LastName: record[columns["last_name"]]}
		if i, ok := columns["email"]; ok {
			person.Email = record[i]
		}
		l.people, l.lines = append(l.people, person), append(l.lines, line)
	}
}

// personColumns tells which column of a CSV file has what.
func personColumns(header []string) (map[string]int, error) {
	columns := map[string]int{}
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
		if !slices.Contains([]string{"first_name", "last_name", "email"}, name) {
			return nil, fmt.Errorf("line 1 has the column %q, expected first_name, last_name and email", excerpt.Of(name))
		}
		columns[name] = i
	}
	for _, name := range []string{"first_name", "last_name"} {
		if _, ok := columns[name]; !ok {
			return nil, fmt.Errorf("line 1 has no column %s, expected first_name, last_name and email", name)
		}
	}
	return columns, nil
}
