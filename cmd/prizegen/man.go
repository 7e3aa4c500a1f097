package main

import (
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
			return a.write([]byte(page.Build(roff.NewDocument())))
		},
	}
}
