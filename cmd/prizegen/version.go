package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
)

// build describes this build of the program.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Date     string `json:"date,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// thisBuild returns the values that the linker set. It fills in missing values from the
// information that the Go command recorded.
func thisBuild() build {
	b := build{Version: version, Commit: commit, Date: date, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	if b.Version == "" {
		b.Version = info.Main.Version
	}
	if b.Version == "" || b.Version == "(devel)" {
		b.Version = "devel"
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && b.Commit == "":
			b.Commit = s.Value
		case s.Key == "vcs.time" && b.Date == "":
			b.Date = s.Value
		}
	}
	return b
}

// String returns the version on one line.
func (b build) String() string {
	text := "prizegen " + b.Version
	if b.Commit != "" {
		text += " " + b.Commit[:min(len(b.Commit), 12)]
	}
	if b.Date != "" {
		text += " of " + b.Date
	}
	return fmt.Sprintf("%s (%s %s)", text, b.Go, b.Platform)
}

func newVersionCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Show the version of this program",
		Example: "  prizegen version\n  prizegen version -o json",
		Args:    cobra.NoArgs,
	}
	output := settings.DefineOutput(a.table, cmd, "text", "json")
	cmd.RunE = func(*cobra.Command, []string) error {
		if output.Get() == "json" {
			return a.writeJSON(thisBuild())
		}
		return a.write([]byte(thisBuild().String() + "\n"))
	}
	return cmd
}
