package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/lipgloss/table"
	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/pkg/remote"
)

// serviceStatus is how a service is, as it is written in JSON.
type serviceStatus struct {
	Service        string  `json:"service"`
	Address        string  `json:"address"` // empty where its part is made in this process
	Up             bool    `json:"up"`
	Ready          bool    `json:"ready"`
	Version        string  `json:"version,omitempty"`
	Implementation string  `json:"implementation,omitempty"`
	Milliseconds   float64 `json:"latency_ms"`
	Reason         string  `json:"reason,omitempty"` // why it is not ready
}

func newStatusCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "How the services are",
		Long: `Status asks each service that it is given the address of for its version, its
implementation and whether it is ready, and measures how long the answer takes.
The exit status is 1 where a service does not answer or is not ready.`,
		Example: `  prizegen status --remote https://draws.example.org
  prizegen status --text-url http://localhost:8081 --core-url http://localhost:8080 -o json`,
		Args: cobra.NoArgs,
	}
	output := newOutput(cmd, "table", "json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return a.status(cmd.Context(), output.value) }
	return cmd
}

// status asks all services at once and tells how they are.
func (a *app) status(ctx context.Context, output string) error {
	services := a.backend.addresses()
	services.UserAgent = "prizegen/" + thisBuild().Version
	services.Timeout = 3 * time.Second
	client := remote.New(services)
	list := make([]serviceStatus, 4)
	var asked sync.WaitGroup
	for i, service := range []string{remote.Core, remote.Text, remote.Number, remote.Prize} {
		asked.Go(func() { list[i] = ask(ctx, client, service) })
	}
	asked.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	var err error
	if output == "json" {
		err = a.writeJSON(list)
	} else {
		err = a.write([]byte(a.statusTable(list)))
	}
	if err != nil {
		return err
	}
	return down(list)
}

// down is an error where a service is not ready.
func down(list []serviceStatus) error {
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

// ask asks one service how it is.
func ask(ctx context.Context, client *remote.Client, service string) serviceStatus {
	s := serviceStatus{Service: service}
	address := client.Address(service)
	if address == nil {
		s.Up, s.Ready, s.Version, s.Implementation = true, true, thisBuild().Version, "in this process"
		return s
	}
	s.Address = address.String()
	started := time.Now()
	status, err := client.Status(ctx, service)
	s.Milliseconds = float64(time.Since(started).Microseconds()) / 1000
	if err != nil {
		s.Reason = reasonOf(err)
		return s
	}
	s.Up, s.Ready, s.Version, s.Implementation = true, status.Ready, status.Version, status.Implementation
	var reasons []string
	for _, reason := range status.Reasons {
		reasons = append(reasons, reason)
	}
	slices.Sort(reasons)
	s.Reason = strings.Join(reasons, "; ")
	return s
}

// reasonOf says why a service gave no answer, less its name and address, which
// stand beside it.
func reasonOf(err error) string {
	var lost *remote.Unavailable
	if errors.As(err, &lost) {
		return lost.Err.Error()
	}
	return err.Error()
}

func (a *app) statusTable(list []serviceStatus) string {
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
