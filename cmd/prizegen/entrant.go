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
	"github.com/prizegen/prizegen/pkg/spreadsheet"
	"github.com/prizegen/prizegen/pkg/wire"
)

func newEntrantCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "entrant", Short: "Manage the people who play",
		Long: `Manage the people who play campaigns. Everyone who plays becomes an entrant. You can also
add or import people before they play.`,
		Example: `  prizegen entrant add --first-name Ann --last-name Lee --email ann@example.org
  prizegen entrant list --search lee
  prizegen entrant import guests.csv`,
		Args: cobra.NoArgs,
		RunE: showHelp,
	}
	cmd.AddCommand(newEntrantAddCmd(a), newEntrantListCmd(a), newEntrantShowCmd(a), newEntrantEditCmd(a), newEntrantDeleteCmd(a), newEntrantImportCmd(a))
	return cmd
}

// personFlags are the flags for a person's name and email address.
type personFlags struct{ first, last, email *string }

func newPersonFlags(cmd *cobra.Command) personFlags {
	return personFlags{
		first: cmd.Flags().String("first-name", "", "first `name` of the entrant"),
		last:  cmd.Flags().String("last-name", "", "last `name` of the entrant"),
		email: cmd.Flags().String("email", "", "email `address` of the entrant"),
	}
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
		Use: "add", Short: "Add an entrant", Long: "Add a person who has not played yet.",
		Example: "  prizegen entrant add --first-name Ann --last-name Lee", Args: cobra.NoArgs,
	}
	person := newPersonFlags(cmd)
	output := settings.DefineOutput(a.table, cmd, "table", "json")
	return creatingCmd(a, cmd, func(ctx context.Context, e entrants, _ []string) error {
		added, err := e.AddEntrant(ctx, person.person())
		if err != nil {
			return err
		}
		return writeEntrants(a, []campaign.Entrant{added}, output.Get())
	})
}

func newEntrantListCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List entrants, newest first", Long: "List entrants, newest first.",
		Example: "  prizegen entrant list --search lee", Args: cobra.NoArgs,
	}
	search := cmd.Flags().String("search", "", "list only entrants whose last name or email address begins with this `text`")
	limit := newLimitFlag(cmd)
	output := settings.DefineOutput(a.table, cmd, "table", "json")
	return promotionCmd(a, cmd, func(ctx context.Context, e entrants, _ []string) error {
		all, err := pages(*limit, func(cursor string, limit int) ([]campaign.Entrant, string, error) {
			return e.Entrants(ctx, campaign.EntrantQuery{Paging: campaign.Paging{Cursor: cursor, Limit: limit}, Search: *search})
		})
		if err != nil {
			return err
		}
		return writeEntrants(a, all, output.Get())
	})
}

// entrantCmd completes a command that works on one entrant.
func entrantCmd(a *app, cmd *cobra.Command, f func(ctx context.Context, e entrants, id int64) error) *cobra.Command {
	cmd.Args = oneArg("id", "specify the ID of an entrant; prizegen entrant list shows the IDs")
	return promotionCmd(a, cmd, func(ctx context.Context, e entrants, args []string) error {
		id, err := strconv.ParseInt(args[0], 10, 64)
		if err != nil || id < 1 {
			return usagef("the ID of an entrant must be a number such as 17, got %q", excerpt.Of(args[0]))
		}
		return f(ctx, e, id)
	})
}

func newEntrantShowCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "show ID", Short: "Show an entrant", Long: "Show the name and the email address of an entrant.", Example: "  prizegen entrant show 17"}
	output := settings.DefineOutput(a.table, cmd, "table", "json")
	return entrantCmd(a, cmd, func(ctx context.Context, e entrants, id int64) error {
		shown, err := e.Entrant(ctx, id)
		if err != nil {
			return err
		}
		return writeEntrants(a, []campaign.Entrant{shown}, output.Get())
	})
}

func newEntrantEditCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "edit ID", Short: "Correct an entrant", Long: "Correct the names or the email address of an entrant, as specified by the flags.",
		Example: "  prizegen entrant edit 17 --last-name Lee-Smith",
	}
	flags := newPersonFlags(cmd)
	output := settings.DefineOutput(a.table, cmd, "table", "json")
	return entrantCmd(a, cmd, func(ctx context.Context, e entrants, id int64) error {
		edited, err := e.Entrant(ctx, id)
		if err != nil {
			return err
		}
		for flag, set := range map[string]func(){
			"first-name": func() { edited.FirstName = *flags.first }, "last-name": func() { edited.LastName = *flags.last }, "email": func() { edited.Email = *flags.email },
		} {
			if cmd.Flags().Changed(flag) {
				set()
			}
		}
		if edited, err = e.EditEntrant(ctx, id, edited.Person); err != nil {
			return err
		}
		return writeEntrants(a, []campaign.Entrant{edited}, output.Get())
	})
}

func newEntrantDeleteCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "delete ID", Short: "Erase an entrant",
		Long:    "Erase the personal data of an entrant. The draws are kept and can still be verified.",
		Example: "  prizegen entrant delete 17",
	}
	return entrantCmd(a, cmd, func(ctx context.Context, e entrants, id int64) error {
		err := e.DeleteEntrant(ctx, id)
		if err == nil {
			a.note("erased entrant %d; the draws were kept", id)
		}
		return err
	})
}

func newEntrantImportCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "import FILE | -", Short: "Add entrants from a CSV file, all or none",
		Long: `Add the people in a CSV file with the columns first_name, last_name and, optionally,
email. If any line is invalid, report all invalid lines and add nobody. Entrants that
already exist are not changed. A file that was downloaded from the administrator's pages
can be imported without changes.`,
		Example: "  prizegen entrant import guests.csv",
		Args:    oneArg("file", "specify the file to import, or - for standard input"),
	}
	return creatingCmd(a, cmd, func(ctx context.Context, e entrants, args []string) error {
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
		bad := list.errors()
		if len(bad) == 0 {
			added, err = e.ImportEntrants(ctx, list.people)
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
			return fmt.Errorf("%s: %d of %d lines are invalid, so nobody was added", sourceName(args[0]), len(bad), len(list.people)+len(list.unreadable))
		}
		if err != nil {
			return err
		}
		a.note("%s added, %d already existed", show.Count(uint64(added), "entrant"), len(list.people)-added)
		return nil
	})
}

// personList contains the people in a CSV file.
type personList struct {
	people     []campaign.Person
	lines      []int         // the line number of each person
	unreadable map[int]error // the errors in other lines, by line number
}

// errors returns the errors in the file, by line number. It checks the people only if some
// lines are unreadable, so that all errors are reported together. Otherwise the import
// checks them.
func (l *personList) errors() map[int]error {
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
			err = errors.New("the file is empty; begin it with the line first_name,last_name,email")
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
		case len(l.people) == wire.MaxCount:
			return nil, fmt.Errorf("the file has more than %d people; import it in parts", wire.MaxCount)
		}
		line, _ := r.FieldPos(0)
		if len(record) != len(header) {
			l.unreadable[line] = fmt.Errorf("must have %d fields like the first line, got %d", len(header), len(record))
			continue
		}
		person := campaign.Person{FirstName: spreadsheet.Text(record[columns["first_name"]]), LastName: spreadsheet.Text(record[columns["last_name"]])}
		if i, ok := columns["email"]; ok {
			person.Email = spreadsheet.Text(record[i])
		}
		l.people, l.lines = append(l.people, person), append(l.lines, line)
	}
}

// personColumns returns the indexes of the columns in a CSV file, by name. It also accepts
// the other columns of the file of entrants that administrators can download.
func personColumns(header []string) (map[string]int, error) {
	columns := map[string]int{}
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
		if !slices.Contains([]string{"first_name", "last_name", "email", "id", "plays", "created_at"}, name) {
			return nil, fmt.Errorf("line 1: unknown column %q; use first_name, last_name and email", excerpt.Of(name))
		}
		columns[name] = i
	}
	for _, name := range []string{"first_name", "last_name"} {
		if _, ok := columns[name]; !ok {
			return nil, fmt.Errorf("line 1: missing column %s; use first_name, last_name and email", name)
		}
	}
	return columns, nil
}
