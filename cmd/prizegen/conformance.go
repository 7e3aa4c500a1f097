package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/remote"
	"github.com/prizegen/prizegen/pkg/wire"
)

// conformanceTimeout limits the time for the response to each request of a check.
const conformanceTimeout = time.Minute

// runConformance checks whether the services at an address conform, and writes the result
// of each check.
func runConformance(ctx context.Context, a *app, address *url.URL, output string) error {
	identity, err := loadIdentity(a)
	if err != nil {
		return err
	}
	if address.Scheme == "https" {
		expectTLS(a)
	}
	client := remote.New(remote.Config{
		Text: address, Number: address, Prize: address, Identity: identity, TrustPublic: true,
		AllowPlainHTTP: true, // the keys are random and belong to no campaign
		UserAgent:      userAgent(), Timeout: conformanceTimeout,
	})
	defer client.Close()
	found, failed := 0, 0
	var all []remote.Check
	for _, service := range []string{remote.Text, remote.Number, remote.Prize} {
		var missing *remote.InvalidResponse
		switch _, err := client.Status(ctx, service); {
		case errors.As(err, &missing) && missing.Status == http.StatusNotFound:
			continue
		case errors.Is(err, wire.ErrUnavailable), ctx.Err() != nil:
			return err
		}
		found++
		err := client.Conformance(ctx, service, func(c remote.Check) {
			if !c.OK {
				failed++
			}
			all = append(all, c)
			if output == "table" {
				a.writeCheck(c)
			}
		})
		if err != nil {
			return err
		}
	}
	if output == "json" {
		if err := a.writeJSON(all); err != nil {
			return err
		}
	}
	switch {
	case found == 0:
		return fmt.Errorf("there is no text, number or prize service at %s", address.Redacted())
	case failed > 0:
		return fmt.Errorf("%s failed", show.Count(uint64(failed), "check"))
	}
	return nil
}

// writeCheck writes the result of a check.
func (a *app) writeCheck(c remote.Check) {
	style := a.styles()
	line := style.win.Render("ok  ") + "  " + c.Service + " " + c.Check
	if !c.OK {
		line = style.warn.Render("FAIL") + "  " + c.Service + " " + c.Check + ": " + c.Reason
	}
	_ = a.write([]byte(line + "\n")) // a closed pipe ends the process
}
