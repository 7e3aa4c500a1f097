package main

import (
	"regexp"
	"strings"
	"time"

	mango "github.com/muesli/mango-cobra"
	"github.com/muesli/roff"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newManCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "man",
		Short:   "Write the manual page",
		Long:    "Write the manual page of all commands in roff, the format of man(1).",
		Example: "  prizegen man | man -l -\n  prizegen man >/usr/local/share/man/man1/prizegen.1",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			root := newRootCmd(a) // forMan changes the help texts
			forMan(root)
			page, err := mango.NewManPage(1, root)
			if err != nil {
				return err
			}
			text := shorthand().ReplaceAllString(page.Build(roff.NewDocument()), `-$1, --`)
			return a.write([]byte(dated(text, thisBuild().Date)))
		},
	}
}

// shorthand matches flags that mango writes as --n --count instead of -n, --count.
func shorthand() *regexp.Regexp { return regexp.MustCompile(`--([a-z]) --`) }

// forMan rewrites the help texts of a command for mango, which would turn every line
// into a paragraph and show the backquotes around the names of flag values.
func forMan(cmd *cobra.Command) {
	paragraphs := strings.Split(cmd.Long, "\n\n")
	for i, p := range paragraphs {
		paragraphs[i] = strings.ReplaceAll(p, "\n", " ")
	}
	cmd.Long = strings.Join(paragraphs, "\n\n")
	cmd.Flags().VisitAll(func(f *pflag.Flag) { f.Usage = strings.ReplaceAll(f.Usage, "`", "") })
	for _, sub := range cmd.Commands() {
		forMan(sub)
	}
}

// dated replaces today's date in the page with the date of the build, so that packages
// built from the same commit are identical.
func dated(page, date string) string {
	built, err := time.Parse(time.RFC3339, date)
	if err != nil {
		return page // the build has no date
	}
	head, rest, _ := strings.Cut(page, "\n")
	return strings.Replace(head, time.Now().Format(time.DateOnly), built.UTC().Format(time.DateOnly), 1) + "\n" + rest
}
