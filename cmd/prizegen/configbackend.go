package main

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// backendFlags say where draws are made: here, or by services. The value of one
// that was not given is nil.
type backendFlags struct {
	remote *value[*url.URL] // one front address for all services
	text   *value[*url.URL] // these four beat it for their own service
	number *value[*url.URL]
	prize  *value[*url.URL]
	core   *value[*url.URL]
}

// newBackendFlags defines the flags for all commands.
func newBackendFlags(root *cobra.Command) backendFlags {
	flag := func(name, usage string) *value[*url.URL] {
		v := &value[*url.URL]{kind: "URL", parse: parseServiceURL}
		root.PersistentFlags().Var(v, name, usage)
		annotate(root.PersistentFlags(), name, groupAnnotation, backendGroup)
		complete(root, name)
		return v
	}
	return backendFlags{
		remote: flag("remote", "draw with the services at this address instead of here"),
		text:   flag("text-url", "address of the text service"),
		number: flag("number-url", "address of the number service"),
		prize:  flag("prize-url", "address of the prize service"),
		core:   flag("core-url", "address of the core service"),
	}
}

// parseServiceURL reads the address of a service, to which paths are added.
func parseServiceURL(text string) (*url.URL, error) {
	const want = "expected an address such as http://localhost:8080"
	u, err := url.Parse(text)
	// What is wrong is not quoted: it may hold a password.
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, fmt.Errorf("not an absolute http or https address, %s", want)
	case u.User != nil:
		return nil, fmt.Errorf("the address has a user name, %s", want)
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#"):
		return nil, fmt.Errorf("the address has a query or a fragment, %s", want)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = strings.TrimRight(u.RawPath, "/")
	return u, nil
}

// usage is the default usage text of cobra with the backend's flags under a
// heading of their own.
func usage(cmd *cobra.Command, standard func(*cobra.Command) error) error {
	backend := pflag.NewFlagSet("", pflag.ContinueOnError)
	cmd.Root().PersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Annotations[groupAnnotation] != nil {
			backend.AddFlag(f)
		}
	})
	hide := func(hidden bool) { backend.VisitAll(func(f *pflag.Flag) { f.Hidden = hidden }) }
	heading := "\n\nBackend:\n" + strings.TrimRight(backend.FlagUsages(), "\n")
	out, text := cmd.OutOrStderr(), &strings.Builder{}
	hide(true)
	cmd.SetOut(text)
	err := standard(cmd)
	cmd.SetOut(out)
	hide(false)
	if err != nil {
		return err
	}
	// The line that a command with others below it ends with stays the last.
	before, last, found := strings.Cut(strings.TrimRight(text.String(), "\n"), "\n\nUse \"")
	if found {
		last = "\n\nUse \"" + last
	}
	_, err = fmt.Fprintln(out, before+heading+last)
	return err
}
