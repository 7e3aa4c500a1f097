package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"strings"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/pkg/access"
	"github.com/prizegen/prizegen/pkg/password"
	"github.com/prizegen/prizegen/serve"
)

// setAdminSecrets adds the configured password and token to the configuration. If they are
// not set, it generates them, unless there is another owner or another token.
func setAdminSecrets(ctx context.Context, a *app, cfg *serve.Config) error {
	administrators, err := cfg.Access.Administrators(ctx)
	if err != nil {
		return err
	}
	tokens, err := cfg.Access.Tokens(ctx)
	if err != nil {
		return err
	}
	isOwner := func(a access.Administrator) bool { return a.Role == access.RoleOwner }
	if cfg.AdminToken, err = secretOrNew(a, "admin-token", "token of the API's administrator", len(tokens) == 0); err != nil {
		return err
	}
	cfg.AdminPassword, err = secretOrNew(a, "admin-password", "password of the site's administrator", !slices.ContainsFunc(administrators, isOwner))
	if err == nil && cfg.AdminPassword != "" && !password.IsHash(cfg.AdminPassword) && password.CheckNew(cfg.AdminPassword) != nil {
		cfg.Log.WarnContext(ctx, "the configured password is short; choose a longer one", slog.Int("min_characters", password.MinLength))
	}
	return err
}

// secretOrNew returns a secret setting. If the setting is not set and generate is true, it
// generates a secret and prints it once.
func secretOrNew(a *app, name, what string, generate bool) (string, error) {
	secret, err := a.settings.Secret(name)
	if err != nil || secret != "" || !generate {
		return secret, settingsError(err)
	}
	secret = strings.ToLower(rand.Text())
	a.say("prizegen: %s, generated for this run: %s (set %s to choose your own)", what, secret, settings.Variable(name))
	return secret, nil
}
