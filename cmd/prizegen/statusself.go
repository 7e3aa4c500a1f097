package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/pkg/remote"
)

// selfTime is how long the process of --self may take to answer. On a machine that is
// far too busy it takes long, and that is when it must not be started anew.
const selfTime = 8 * time.Second

// statusSelf asks the service that is configured as this command is, whose process
// runs on the same machine. It is an error unless that is ready or has been before:
// one that waits for its database would not be mended by being started anew.
func (a *app) statusSelf(ctx context.Context, cmd *cobra.Command, f listenFlags, output string) error {
	if err := a.takeListening(cmd, firstProcess()); err != nil {
		return err
	}
	service := remote.Health{Service: string(f.role.value), Address: f.loopback()}
	started := time.Now()
	status, err := askSelf(ctx, service.Address)
	service.Milliseconds = float64(time.Since(started).Microseconds()) / 1000
	if err != nil {
		service.Reason = err.Error()
	} else {
		service.Answered(status)
	}
	if err := a.writeStatus([]remote.Health{service}, output); err != nil {
		return err
	}
	if status.Started {
		return nil
	}
	return down([]remote.Health{service})
}

// firstProcess is the command line of process 1, which in a container is the one that
// it was made for; empty where the system does not tell.
func firstProcess() []string {
	line, err := os.ReadFile("/proc/1/cmdline")
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00")
}

// takeListening fills in what the flags do not say with what a command line says,
// should that be one of prizegen serve: the environment is shared with it, its flags
// are not.
func (a *app) takeListening(cmd *cobra.Command, line []string) error {
	if cmd.Flags().Changed("role") || cmd.Flags().Changed("listen") || len(line) == 0 || filepath.Base(line[0]) != "prizegen" {
		return nil
	}
	trial := *a
	trial.err = io.Discard
	root := newRootCmd(&trial)
	serving, rest, err := root.Find(line[1:])
	if err != nil || serving.Name() != "serve" {
		return nil //nolint:nilerr // the process does something else
	}
	if err := serving.ParseFlags(rest); err != nil {
		return fmt.Errorf("the command line of process 1: %w", err)
	}
	if err := trial.configure(serving); err != nil {
		return err
	}
	for _, name := range []string{"role", "listen", "tls-cert"} {
		if text := serving.Flags().Lookup(name).Value.String(); text != "" {
			if err := cmd.Flags().Set(name, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// askSelf asks a process on this machine whether it is ready.
func askSelf(ctx context.Context, address string) (remote.Status, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, selfTime, fmt.Errorf("no answer within %v", selfTime))
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/readyz", http.NoBody)
	if err != nil {
		return remote.Status{}, err
	}
	// No proxy, and no look at the certificate, which is made for the name that
	// others know the service by.
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true,
	}}
	answer, err := client.Do(request)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return remote.Status{}, err
	}
	defer answer.Body.Close()
	var status remote.Status
	if err := json.NewDecoder(io.LimitReader(answer.Body, 64<<10)).Decode(&status); err != nil {
		return remote.Status{}, fmt.Errorf("the answer %s can't be read; is it prizegen that listens there?", answer.Status)
	}
	return status, nil
}
