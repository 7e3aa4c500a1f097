package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/lmittmann/tint"
	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/pkg/certs"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/store"
	"github.com/prizegen/prizegen/pkg/textgen"
	"github.com/prizegen/prizegen/pkg/wire"
	"github.com/prizegen/prizegen/serve"
)

// serveOptions are the options of the serve command.
type serveOptions struct {
	listenFlags
	text         *settings.Value[textgen.Format]
	number       *settings.Value[numgen.Format]
	rules        *settings.Value[string]
	key          *settings.Value[string]
	debug        *settings.Value[string]
	entropy      entropyFlags
	entropyEvery *settings.Value[time.Duration]
	proxies      *settings.Value[serve.Proxies]
	hosts        *settings.Value[serve.Hosts]
	hstsMaxAge   *settings.Value[time.Duration]
	drainTime    *settings.Value[time.Duration]
	db           *settings.Value[string]
	maxFreeDraws *settings.Value[uint64]
	limits       limitFlags
	aliases      *settings.Value[string]
	noWelcome    *settings.Value[bool]
	theme        *settings.Value[string]
	logLevel     *settings.Value[slog.Level]
	logFormat    *settings.Value[string]
}

func newServeCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve draws over HTTP",
		Long: `Start one of the four services, or all of them on one port.

  text     8081  generates texts       number  8082  generates numbers
  prize    8083  chooses prizes        core    8080  the website and whole draws
  all      8080  all of them, in one process

The core makes draws itself, or calls the services whose URLs you specify. A service can
be reached only from this machine, unless --listen names another address. Its API is
documented at /openapi.json.

On SIGTERM and Ctrl-C, the server finishes the requests in progress before it exits. On
SIGHUP, it reloads the rules file. A socket from systemd (socket activation) replaces
--listen.`,
		Example: `  prizegen serve
  prizegen serve --role text --text-format upper2 --listen :8081
  prizegen serve --role prize --rules summer.yaml
  prizegen serve --listen :                 listen on all networks, on the port of the role
  prizegen serve --role core --text-url http://localhost:8081 --number-url http://localhost:8082 --prize-url http://localhost:8083`,
		Args: cobra.NoArgs,
	}
	o := serveOptions{
		listenFlags:  newListenFlags(a, cmd),
		text:         settings.DefineAs[textgen.Format](a.table, cmd, "text-format", "text-format", "deployed format of texts"),
		number:       settings.DefineAs[numgen.Format](a.table, cmd, "number-format", "number-format", "deployed format of numbers"),
		rules:        newRulesFlag(a, cmd),
		key:          settings.Define[string](a.table, cmd, "tls-key"),
		debug:        settings.Define[string](a.table, cmd, "debug-listen"),
		proxies:      settings.Define[serve.Proxies](a.table, cmd, "trusted-proxies"),
		hosts:        settings.Define[serve.Hosts](a.table, cmd, "hosts"),
		hstsMaxAge:   settings.Define[time.Duration](a.table, cmd, "hsts-max-age"),
		entropy:      newEntropyFlags(a, cmd),
		entropyEvery: settings.Define[time.Duration](a.table, cmd, "entropy-every"),
		drainTime:    settings.Define[time.Duration](a.table, cmd, "drain-time"),
		db:           newDBFlag(a, cmd),
		maxFreeDraws: settings.Define[uint64](a.table, cmd, "max-free-draws"),
		limits:       newLimitFlags(a, cmd),
		aliases:      settings.Define[string](a.table, cmd, "email-aliases"),
		noWelcome:    settings.Define[bool](a.table, cmd, "no-welcome"),
		theme:        settings.Define[string](a.table, cmd, "theme"),
		logLevel:     settings.Define[slog.Level](a.table, cmd, "log-level"),
		logFormat:    settings.Define[string](a.table, cmd, "log-format"),
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := checkServiceURLs(cmd, o.role.Get()); err != nil {
			return err
		}
		return runServe(cmd.Context(), a, o)
	}
	return cmd
}

// checkServiceURLs returns an error if the command line contains the URL of a service that
// a server with this role would not call. It ignores URLs in the environment and in the
// configuration file, which may be for other commands.
func checkServiceURLs(cmd *cobra.Command, role serve.Role) error {
	for _, name := range []string{"core-url", "text-url", "number-url", "prize-url", "remote"} {
		if !cmd.Flags().Lookup(name).Value.(*settings.Value[*url.URL]).Typed() {
			continue
		}
		if name == "core-url" {
			return usagef("--core-url cannot be used with serve, which calls no core")
		}
		if role != serve.Core {
			return usagef("--%s needs --role core: a server with the role %s makes its parts itself", name, role)
		}
	}
	return nil
}

// runServe serves until the context ends.
func runServe(ctx context.Context, a *app, o serveOptions) error {
	log := newLogger(a, o.logLevel.Get(), o.logFormat.Get())
	cfg, err := o.config(a, log)
	if err != nil {
		return err
	}
	memory, end := tuneMemory(ctx, a, log)
	defer end()
	cfg.Memory, cfg.RateLimits = memory, o.limits.config(ctx, log)
	if err := secureServices(ctx, a, &cfg, o.listenFlags); err != nil {
		return err
	}
	listener, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer listener.Close() //nolint:errcheck // the server has closed it unless it did not start
	if cfg.Role == serve.Core || cfg.Role == serve.All {
		db, err := openCampaigns(ctx, a, o, &cfg, isLocal(listener.Addr()))
		if err != nil {
			return err
		}
		defer db.Close() //nolint:errcheck // every write is committed by then
	}
	server, err := serve.New(cfg)
	if err != nil {
		return err
	}
	stopMore, err := serveMore(ctx, server, o, log)
	if err != nil {
		return err
	}
	defer stopMore()
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	go reload(ctx, hangups, server, log)
	log.InfoContext(ctx, "listening", slog.String("role", string(cfg.Role)), slog.String("url", serverURL(listener, cfg.TLSCert != "" || cfg.Identity != nil)))
	notifySystemd(ctx, log, daemon.SdNotifyReady)
	context.AfterFunc(ctx, func() { notifySystemd(ctx, log, daemon.SdNotifyStopping) })
	return server.Serve(ctx, listener)
}

// config returns the configuration of a server, except for what [runServe] opens for it.
func (o serveOptions) config(a *app, log *slog.Logger) (serve.Config, error) {
	if (o.cert.Get() == "") != (o.key.Get() == "") {
		return serve.Config{}, usagef("--tls-cert and --tls-key must be used together")
	}
	seeds, err := seedSource(a, o.entropy)
	if err != nil {
		return serve.Config{}, err
	}
	return serve.Config{
		Role: o.role.Get(), Version: thisBuild().Version,
		Text: o.text.Get(), Number: o.number.Get(),
		Rules: func() ([]*prize.Rules, error) {
			rules, err := loadRules(a, o.rules.Get())
			if err != nil {
				return nil, err
			}
			return []*prize.Rules{rules}, nil
		},
		Entropy: seeds, EntropyEvery: o.entropyEvery.Get(),
		Services: a.services,
		Proxies:  o.proxies.Get(), Hosts: o.hosts.Get(), HSTSMaxAge: o.hstsMaxAge.Get(),
		TLSCert: o.cert.Get(), TLSKey: o.key.Get(),
		MaxFreeDraws: int(min(o.maxFreeDraws.Get(), wire.MaxCount)),
		DrainTime:    o.drainTime.Get(), Log: log, DistinctAliases: o.aliases.Get() == "distinct",
	}, nil
}

// secureServices adds the certificates of services to the configuration. It returns an error
// if a core would call services on other machines without TLS.
func secureServices(ctx context.Context, a *app, cfg *serve.Config, listening listenFlags) error {
	isService := cfg.Role != serve.Core && cfg.Role != serve.All
	if a.identity.CA != "" {
		identity, err := certs.Load(a.identity, cfg.Log)
		if err != nil {
			return err
		}
		cfg.Services.Identity, cfg.Services.TrustPublic = identity, false
		if isService {
			cfg.Identity = identity
		}
	}
	if host, _, _ := net.SplitHostPort(listening.address()); isService && cfg.Identity == nil && cfg.TLSCert == "" && host != "localhost" && !net.ParseIP(host).IsLoopback() {
		cfg.Log.WarnContext(ctx, "this service has no TLS: "+plainReason, slog.String("address", listening.address()))
	}
	if cfg.Role != serve.Core {
		return nil
	}
	called := cfg.Services
	called.Core = nil
	for _, service := range plainServices(called) {
		if !called.AllowPlainHTTP {
			return hintError{
				usagef("the %s service has no TLS: %s", service, plainReason),
				"use an https URL with --service-ca, --service-cert and --service-key, or --allow-plain-http if you trust every machine on the network",
			}
		}
		cfg.Log.WarnContext(ctx, "the service is called without TLS: "+plainReason, slog.String("service", service))
	}
	return nil
}

// openCampaigns opens the database of a core and adds it to the configuration, together
// with the administrator's password and token. If local is true, only this machine can
// reach the server, and openCampaigns creates a missing SQLite file.
func openCampaigns(ctx context.Context, a *app, o serveOptions, cfg *serve.Config, local bool) (*store.DB, error) {
	db, err := openQuietly(ctx, a, o.db.Get(), store.Options{Create: local})
	if err != nil {
		return nil, err
	}
	if db.Created() {
		cfg.Log.InfoContext(ctx, "created the database", slog.String("database", db.Address()))
	}
	if db.Exposed() {
		cfg.Log.WarnContext(ctx, "the database is exposed", slog.String("reason", exposedWarning(db)))
	}
	if err := sealDatabase(ctx, a, db, cfg.Log, local); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	go checkDatabase(ctx, db, cfg.Log)
	configured, err := o.isConfigured(a)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	cfg.Store, cfg.Welcome = db, local && !configured && !o.noWelcome.Get()
	if theme := o.theme.Get(); theme != "" {
		folder, err := os.OpenRoot(theme) // symbolic links cannot leave it
		if err != nil {
			return nil, errors.Join(fmt.Errorf("--theme: %w", err), db.Close())
		}
		cfg.Theme = folder.FS()
	}
	cfg.Sessions, cfg.Access = db.Sessions(), db.Access()
	if err := setAdminSecrets(ctx, a, cfg); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	cfg.Log.InfoContext(ctx, "opened the database", slog.String("database", db.Address()))
	return db, nil
}

// isConfigured reports whether a database, an administrator's password or token, or the URL
// of a service is set. If so, the server does not open the demo campaign.
func (o serveOptions) isConfigured(a *app) (bool, error) {
	token, err := a.settings.Secret("admin-token")
	if err != nil {
		return false, settingsError(err)
	}
	password, err := a.settings.Secret("admin-password")
	callsServices := a.services.Text != nil || a.services.Number != nil || a.services.Prize != nil
	return o.db.Given() || token != "" || password != "" || callsServices, settingsError(err)
}

// checkDatabase checks a database and logs any damage. The server runs in the meantime,
// because reading a large file takes some time.
func checkDatabase(ctx context.Context, db *store.DB, log *slog.Logger) {
	if err := db.Check(ctx); err != nil && ctx.Err() == nil {
		log.ErrorContext(ctx, "the database is damaged; stop the server, keep a copy of the file and its log, and restore a backup", slog.Any("error", err))
	}
}

// reload reloads the rules whenever the process receives SIGHUP.
func reload(ctx context.Context, hangups <-chan os.Signal, server *serve.Server, log *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
		}
		notifySystemd(ctx, log, daemon.SdNotifyReloading)
		if err := server.Reload(); err != nil {
			log.ErrorContext(ctx, "cannot reload the rules; the old rules stay in use", slog.Any("error", err))
		} else {
			log.InfoContext(ctx, "reloaded the rules")
		}
		notifySystemd(ctx, log, daemon.SdNotifyReady)
	}
}

// newLogger returns a logger that writes to standard error. The auto format means text on
// a terminal and JSON elsewhere.
func newLogger(a *app, level slog.Level, format string) *slog.Logger {
	if format == "auto" {
		format = "json"
		if a.errIsTerm {
			format = "text"
		}
	}
	var handler slog.Handler = slog.NewJSONHandler(a.err, &slog.HandlerOptions{Level: level})
	if format == "text" {
		noColor := !a.errIsTerm || a.env("NO_COLOR") != ""
		handler = tint.NewTextHandler(a.err, &tint.Options{Level: level, TimeFormat: time.TimeOnly, NoColor: noColor})
	}
	return slog.New(serve.TraceHandler{Handler: handler})
}
