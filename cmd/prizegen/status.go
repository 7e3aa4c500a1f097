package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/lipgloss/table"
	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/wire"
)

func newStatusCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show whether the services are ready",
		Long: `Ask each service whose URL is set for its version, its implementation and whether it is
ready. Measure how long each response takes. The exit status is 1 if a service does not
answer or is not ready.

With --self, ask the prizegen serve process on this machine that has the same settings.
In a container, this is the main process of the container, with its own flags. The exit
status is 1 until the process has been ready once, and whenever it does not answer. The
container image uses this command as its health check.

With --conformance, check whether a text, number or prize service at a URL meets the
requirements of a core, even if it is not prizegen. The exit status is 1 if a check fails.`,
		Example: `  prizegen status --remote https://draws.example.org
  prizegen status --text-url http://localhost:8081 --core-url http://localhost:8080 -o json
  prizegen status --self --role text
  prizegen status --conformance http://localhost:8081`,
		Args: cobra.NoArgs,
	}
	output := settings.DefineOutput(a.table, cmd, "table", "json")
	self := cmd.Flags().Bool("self", false, "ask the prizegen serve process on this machine")
	conformance := settings.AddFlag(cmd, settings.NewOptional("URL", settings.ParseServiceURL), "conformance", "check the services at this `URL`")
	listening := newListenFlags(a, cmd)
	exclusive(cmd, "conformance", "self")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *self {
			return runStatusSelf(cmd.Context(), a, listening, output.Get())
		}
		for _, flag := range []string{"role", "listen", "tls-cert", "health-listen"} {
			if cmd.Flags().Changed(flag) {
				return usagef("--%s needs --self", flag)
			}
		}
		if conformance.Given() {
			return runConformance(cmd.Context(), a, conformance.Get(), output.Get())
		}
		return runStatus(cmd.Context(), a, output.Get())
	}
	return cmd
}

// runStatus checks all services concurrently and prints their status.
func runStatus(ctx context.Context, a *app, output string) error {
	services := a.services
	services.UserAgent = userAgent()
	services.Timeout = 3 * time.Second
	list := remote.New(services).Healths(ctx)
	for i := range list {
		if list[i].Address == "" && list[i].Via == "" {
			list[i].Version = thisBuild().Version
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := writeStatus(a, list, output); err != nil {
		return err
	}
	return notReadyError(list)
}

func writeStatus(a *app, list []remote.Health, output string) error {
	if output == "json" {
		return a.writeJSON(list)
	}
	return a.write([]byte(statusTable(list, a.styles())))
}

// notReadyError returns an error if a service is not ready.
func notReadyError(list []remote.Health) error {
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

func statusTable(list []remote.Health, style styles) string {
	var rows [][]string
	for _, s := range list {
		address, latency, state := s.Address, fmt.Sprintf("%.1f ms", s.Milliseconds), "ready"
		if address == "" {
			address, latency = "-", "-"
		}
		if s.Via != "" {
			address = viaText(s.Via)
		}
		switch {
		case !s.Up:
			state = "down"
		case !s.Ready:
			state = "not ready"
		}
		rows = append(rows, []string{s.Service, address, state, latency, s.Version, s.Implementation})
	}
	text := show.Table([]string{"SERVICE", "ADDRESS", "STATE", "LATENCY", "VERSION", "IMPLEMENTATION"}, rows, func(row, column int) lipgloss.Style {
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
		if s.Reason != "" {
			text += style.warn.Render(s.Service+": "+s.Reason) + "\n"
		}
	}
	return text
}

// viaText returns the text that replaces the address of a service if only the core calls
// it or if it is part of the core.
func viaText(via string) string {
	if via == remote.Core {
		return "called by the core"
	}
	return via // "in core"
}

// selfTimeout is how long status --self waits for a response. An overloaded machine
// responds slowly, and restarting the process would make that worse.
const selfTimeout = 8 * time.Second

// runStatusSelf checks the service on this machine that has the same settings. It returns
// an error if the service has never been ready. Later failures, such as an unavailable
// database, are not errors, because restarting the service would not help.
func runStatusSelf(ctx context.Context, a *app, f listenFlags, output string) error {
	f, err := serverListenFlags(a, f, firstProcess())
	if err != nil {
		return err
	}
	service := remote.Health{Service: string(f.role.Get()), Address: f.loopback(a.identity.Cert != "")}
	started := time.Now()
	status, err := askSelf(ctx, a, service.Address)
	service.Milliseconds = float64(time.Since(started).Microseconds()) / 1000
	if err != nil {
		service.Reason = err.Error()
	} else {
		service.Answered(status)
	}
	if err := writeStatus(a, []remote.Health{service}, output); err != nil {
		return err
	}
	if status.Started {
		return nil
	}
	return notReadyError([]remote.Health{service})
}

// firstProcess returns the command line of process 1, which is the main process in a
// container. It returns nil if the system does not provide it.
func firstProcess() []string {
	line, err := os.ReadFile("/proc/1/cmdline")
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00")
}

// serverListenFlags returns the listen flags on the command line of the server, which has
// the same environment as this process but its own flags. It returns typed if flags were
// typed here or if the command line does not belong to a server.
func serverListenFlags(a *app, typed listenFlags, commandLine []string) (listenFlags, error) {
	if typed.role.Typed() || typed.listen.Typed() || len(commandLine) == 0 || filepath.Base(commandLine[0]) != "prizegen" {
		return typed, nil
	}
	server := &cobra.Command{Use: "prizegen"}
	global, f := newGlobalFlags(a, server), newListenFlags(a, server)
	flags := server.Flags()
	flags.AddFlagSet(server.PersistentFlags())
	flags.ParseErrorsAllowlist = pflag.ParseErrorsAllowlist{UnknownFlags: true} // flags of other settings
	flags.Usage = func() {}
	if err := flags.Parse(commandLine[1:]); err != nil {
		return f, fmt.Errorf("command line of process 1: %w", err)
	}
	if flags.Arg(0) != "serve" {
		return typed, nil
	}
	quiet := *a
	quiet.err = io.Discard
	if err := configure(&quiet, server, global.config); err != nil {
		return f, err
	}
	if !f.cert.Given() {
		f.cert = typed.cert
	}
	if files, err := global.tls.files(); err == nil && files.Cert != "" {
		a.identity = files
	}
	return f, nil
}

// askSelf asks a server on this machine whether it is ready.
func askSelf(ctx context.Context, a *app, address string) (wire.Status, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, selfTimeout, fmt.Errorf("no response within %v", selfTimeout))
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/readyz", http.NoBody)
	if err != nil {
		return wire.Status{}, err
	}
	// Do not use a proxy. Accept any certificate, because the certificate is for the public
	// name of the service.
	cfg := &tls.Config{InsecureSkipVerify: true}
	if a.identity.Cert != "" {
		pair, err := tls.LoadX509KeyPair(a.identity.Cert, a.identity.Key)
		if err != nil {
			return wire.Status{}, err
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: cfg, DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return wire.Status{}, err
	}
	defer answer.Body.Close()
	var status wire.Status
	if err := json.UnmarshalRead(io.LimitReader(answer.Body, 64<<10), &status); err != nil {
		return wire.Status{}, fmt.Errorf("response %s is not from prizegen; another program may be listening there", answer.Status)
	}
	return status, nil
}
