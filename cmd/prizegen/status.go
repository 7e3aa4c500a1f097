package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/lipgloss/table"
	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/pkg/remote"
)

func newStatusCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "How the services are",
		Long: `Status asks each service that it is given the address of for its version, its
implementation and whether it is ready, and measures how long the answer takes.
The exit status is 1 where a service does not answer or is not ready.

With --self it asks the process that prizegen serve runs in on this machine with the
same configuration: in a container the one that the container is for, whatever its
flags, elsewhere the one that the environment, the configuration file and the flags
tell of. The exit status is 1 until that is ready for the first time, and whenever
it does not answer. This is the health check of the image.`,
		Example: `  prizegen status --remote https://draws.example.org
  prizegen status --text-url http://localhost:8081 --core-url http://localhost:8080 -o json
  prizegen status --self --role text`,
		Args: cobra.NoArgs,
	}
	output := newOutput(cmd, "table", "json")
	self := cmd.Flags().Bool("self", false, "ask the process of prizegen serve on this machine")
	listening := newListenFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *self {
			return a.statusSelf(cmd.Context(), cmd, listening, output.value)
		}
		for _, flag := range []string{"role", "listen", "tls-cert"} {
			if cmd.Flags().Changed(flag) {
				return usagef("--%s takes --self", flag)
			}
		}
		return a.status(cmd.Context(), output.value)
	}
	return cmd
}

// status asks all services at once and tells how they are.
func (a *app) status(ctx context.Context, output string) error {
	services := a.backend.addresses()
	services.UserAgent = "prizegen/" + thisBuild().Version
	services.Timeout = 3 * time.Second
	list := remote.New(services).Healths(ctx)
	for i := range list {
		if list[i].Address == "" {
			list[i].Version = thisBuild().Version
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := a.writeStatus(list, output); err != nil {
		return err
	}
	return down(list)
}

func (a *app) writeStatus(list []remote.Health, output string) error {
	if output == "json" {
		return a.writeJSON(list)
	}
	return a.write([]byte(a.statusTable(list)))
}

// down is an error where a service is not ready.
func down(list []remote.Health) error {
	var names []string
	for _, s := range list {
		if !s.Ready {
			names = append(names, s.Service)
		}
	}
	switch len(names) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("the %s service is down or not ready", names[0])
	}
	return fmt.Errorf("these services are down or not ready: %s", strings.Join(names, ", "))
}

func (a *app) statusTable(list []remote.Health) string {
	style := a.styles()
	rows := table.New().Border(lipgloss.HiddenBorder()).BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).BorderHeader(false).
		Headers("SERVICE", "ADDRESS", "STATE", "LATENCY", "VERSION", "IMPLEMENTATION").
		StyleFunc(func(row, column int) lipgloss.Style {
			switch {
			case row == table.HeaderRow:
				return style.head
			case column == 2 && !list[row].Ready:
				return style.warn
			case column == 2:
				return style.win
			}
			return lipgloss.NewStyle()
		})
	for _, s := range list {
		address, latency, state := s.Address, fmt.Sprintf("%.1f ms", s.Milliseconds), "ready"
		if address == "" {
			address, latency = "-", "-"
		}
		switch {
		case !s.Up:
			state = "down"
		case !s.Ready:
			state = "not ready"
		}
		rows.Row(s.Service, address, state, latency, s.Version, s.Implementation)
	}
	text := rows.Render() + "\n"
	for _, s := range list {
		if s.Reason != "" {
			text += style.warn.Render(s.Service+": "+s.Reason) + "\n"
		}
	}
	return text
}
