package main

import (
	"strings"
	"time"

	mango "github.com/muesli/mango-cobra"
	"github.com/muesli/roff"
	"github.com/spf13/cobra"
)

func newManCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "man",
		Short:   "Write the manual page",
		Long:    "Man writes the manual page of all commands in roff, for man(1) to show.",
		Example: "  prizegen man | man -l -\n  prizegen man >/usr/local/share/man/man1/prizegen.1",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			page, err := mango.NewManPage(1, cmd.Root())
			if err != nil {
				return err
			}
			return a.write([]byte(dated(page.Build(roff.NewDocument()), thisBuild().Date)))
		},
	}
}

// dated gives a page the date of the program instead of today's, so that packages
// built from the same commit are the same.
func dated(page, date string) string {
	built, err := time.Parse(time.RFC3339, date)
	if err != nil {
		return page // which is what a build that knows no date gets
	}
	head, rest, _ := strings.Cut(page, "\n")
	return strings.Replace(head, time.Now().Format(time.DateOnly), built.UTC().Format(time.DateOnly), 1) + "\n" + rest
}
