package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/lmittmann/tint"
	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/store"
	"github.com/prizegen/prizegen/pkg/textgen"
	"github.com/prizegen/prizegen/serve"
)

// serveOptions are what prizegen serve is asked for.
type serveOptions struct {
	listenFlags
	text      *value[textgen.Format]
	number    *value[numgen.Format]
	rules     *string
	key       *string
	entropy   entropyFlags
	every     *time.Duration
	proxies   *value[serve.Proxies]
	drainTime *time.Duration
	db        *string
	noWelcome *bool
	theme     *string
	logLevel  *value[slog.Level]
	logFormat *value[string]
}

func newServeCmd(a *app) *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve draws over HTTP",
		Long: `Serve starts one of the four services, or all of them on one port.

  text     8081  makes texts           number  8082  makes numbers
  prize    8083  decides what is won   core    8080  the web site and whole draws
  all      8080  everything above, in one process

The core makes draws in its own process, or has the services make them whose
addresses it is given. Every service listens on this machine only unless --listen
says otherwise, and documents itself at /openapi.json.

SIGTERM and Ctrl-C let requests under way finish. SIGHUP reads a rules file anew.
A socket that systemd hands over (socket activation) takes the place of --listen.`,
		Example: `  prizegen serve
  prizegen serve --role text --text-format upper2 --listen :8081
  prizegen serve --role prize --rules summer.yaml
  prizegen serve --listen :                 on all networks, at the port of the role
  prizegen serve --role core --text-url http://localhost:8081 --number-url http://localhost:8082 --prize-url http://localhost:8083`,
		Args: cobra.NoArgs,
	}
	o.listenFlags = newListenFlags(cmd)
	o.text = newValue("format", textgen.Default, textgen.Parse)
	cmd.Flags().Var(o.text, "text-format", "deployed format of texts")
	complete(cmd, "text-format", textgen.Lower4, textgen.Upper2)
	o.number = newValue("format", numgen.Default, numgen.Parse)
	cmd.Flags().Var(o.number, "number-format", "deployed format of numbers")
	complete(cmd, "number-format", numgen.Digits4, numgen.Digits8)
	o.rules = newRulesFlag(cmd)
	o.key = cmd.Flags().String("tls-key", "", "the private key of the certificate, a PEM `file`")
	o.proxies = newValue("networks", "", serve.ParseProxies)
	cmd.Flags().Var(o.proxies, "trusted-proxies", "believe X-Forwarded-For and X-Forwarded-Proto from these networks, such as 10.0.0.0/8,127.0.0.1")
	o.entropy = newEntropyFlags(cmd)
	o.every = cmd.Flags().Duration("entropy-every", time.Minute, "how long one seed from drand or RANDOM.ORG serves requests")
	o.drainTime = cmd.Flags().Duration("drain-time", 30*time.Second, "how long requests under way may take after SIGTERM")
	o.db = newDBFlag(cmd)
	o.noWelcome = cmd.Flags().Bool("no-welcome", false, "open no first campaign where there is none")
	o.theme = cmd.Flags().String("theme", "", "take templates and static files of the site from this `folder` where it has them")
	o.logLevel = newValue("level", "info", parseLevel)
	cmd.Flags().Var(o.logLevel, "log-level", "what to log: debug has every request, info, warn, error")
	complete(cmd, "log-level", "debug", "info", "warn", "error")
	o.logFormat = newValue("format", "auto", oneOf("auto", "text", "json"))
	cmd.Flags().Var(o.logFormat, "log-format", "how to log: text, json, or auto: text on a terminal")
	complete(cmd, "log-format", "auto", "text", "json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context(), o) }
	return cmd
}

func parseLevel(text string) (slog.Level, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(text)); err != nil {
		return 0, errors.New("expected debug, info, warn, error")
	}
	return level, nil
}

// gcPercent lets the memory of a server grow to five times what is in use before it
// is collected, where Go would say twice: it is little, and requests would pay for
// collecting it that often.
const gcPercent = 400

// startTime is after what time a server has done what it does only once.
const startTime = 2 * time.Second

// serve serves until the context ends.
func (a *app) serve(ctx context.Context, o serveOptions) error {
	if (*o.cert == "") != (*o.key == "") {
		return usagef("--tls-cert and --tls-key need each other")
	}
	seeds, err := a.seedSource(o.entropy)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(a.environ, func(pair string) bool { return strings.HasPrefix(pair, "GOGC=") }) {
		debug.SetGCPercent(gcPercent)
	}
	log := a.logger(o.logLevel.value, o.logFormat.value)
	cfg := serve.Config{
		Role: o.role.value, Version: thisBuild().Version,
		Text: o.text.value, Number: o.number.value,
		Rules: func() ([]*prize.Rules, error) {
			rules, err := a.loadRules(*o.rules)
			if err != nil {
				return nil, err
			}
			return []*prize.Rules{rules}, nil
		},
		Entropy: seeds, EntropyEvery: *o.every,
		Services: a.backend.addresses(),
		Proxies:  o.proxies.value,
		TLSCert:  *o.cert, TLSKey: *o.key,
		DrainTime: *o.drainTime, Log: log,
	}
	if o.role.value == serve.Core || o.role.value == serve.All {
		db, err := a.keepCampaigns(ctx, o, &cfg)
		if err != nil {
			return err
		}
		defer db.Close() //nolint:errcheck // every write has its own end
	}
	server, err := serve.New(cfg)
	if err != nil {
		return err
	}
	listener, err := listen(ctx, o)
	if err != nil {
		return err
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	go reload(ctx, hangups, server, log)
	log.InfoContext(ctx, "listening", slog.String("role", string(o.role.value)), slog.String("url", serverURL(listener, *o.cert != "")))
	tellManager(ctx, log, daemon.SdNotifyReady)
	context.AfterFunc(ctx, func() { tellManager(ctx, log, daemon.SdNotifyStopping) })
	// What only the start and a first campaign needed goes back to the system: a server
	// may idle for long. What lies in pools, such as 12 MB of buffers for migrations, is
	// let go by the second collection only.
	started := time.AfterFunc(startTime, func() {
		runtime.GC()
		debug.FreeOSMemory()
	})
	defer started.Stop()
	return server.Serve(ctx, listener)
}

// keepCampaigns opens the database of a core and says who may administer it.
func (a *app) keepCampaigns(ctx context.Context, o serveOptions, cfg *serve.Config) (*store.DB, error) {
	db, err := a.openStore(ctx, *o.db)
	if err != nil {
		return nil, err
	}
	cfg.Store, cfg.Welcome = db, !*o.noWelcome
	if *o.theme != "" {
		folder, err := os.OpenRoot(*o.theme) // a link in it leads nowhere else
		if err != nil {
			return nil, errors.Join(fmt.Errorf("--theme: %w", err), db.Close())
		}
		cfg.Theme = folder.FS()
	}
	if cfg.AdminToken, err = a.secretOr(newToken, "admin-token", "the token of the API's administrator"); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if cfg.AdminPassword, err = a.secretOr(newToken, "admin-password", "the password of the site's administrator"); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	cfg.Sessions = db.Sessions()
	cfg.Log.InfoContext(ctx, "campaigns are kept", slog.String("database", db.Address()))
	return db, nil
}

// newToken makes a token or a password that can't be guessed.
func newToken() string { return strings.ToLower(rand.Text()) }

// secretOr gives a secret that is set, or makes one and shows it this once.
func (a *app) secretOr(make func() string, name, what string) (string, error) {
	secret, err := a.setting(name)
	if err != nil || secret != "" {
		return secret, err
	}
	secret = make()
	a.say("prizegen: %s, made for this run: %s (set %s to choose it)", what, secret, variable(name))
	return secret, nil
}

// listen takes the socket that systemd hands over, or opens one.
func listen(ctx context.Context, o serveOptions) (net.Listener, error) {
	if listener, err := handedOver(); err != nil || listener != nil {
		return listener, err
	}
	address := o.address()
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err == nil {
		return listener, nil
	}
	err = fmt.Errorf("listen on %s: %w", address, errors.Unwrap(err))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, hintError{err, "another program listens there, perhaps prizegen itself; give another port with --listen"}
	}
	return nil, err
}

// serverURL is where a server can be reached from this machine.
func serverURL(listener net.Listener, tls bool) string {
	scheme := "http://"
	if tls {
		scheme = "https://"
	}
	host, port, err := net.SplitHostPort(listener.Addr().String())
	if err == nil && net.ParseIP(host).IsUnspecified() {
		return scheme + net.JoinHostPort("localhost", port)
	}
	return scheme + listener.Addr().String()
}

// reload reads the rules anew at every hangup.
func reload(ctx context.Context, hangups <-chan os.Signal, server *serve.Server, log *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
		}
		tellManager(ctx, log, daemon.SdNotifyReloading)
		if err := server.Reload(); err != nil {
			log.ErrorContext(ctx, "keep the old rules", slog.Any("error", err))
		} else {
			log.InfoContext(ctx, "read the rules anew")
		}
		tellManager(ctx, log, daemon.SdNotifyReady)
	}
}

// logger writes to standard error: for people on a terminal, for machines
// elsewhere.
func (a *app) logger(level slog.Level, format string) *slog.Logger {
	if format == "auto" {
		format = "json"
		if a.errIsTerm {
			format = "text"
		}
	}
	var handler slog.Handler = slog.NewJSONHandler(a.err, &slog.HandlerOptions{Level: level})
	if format == "text" {
		noColour := !a.errIsTerm || slices.ContainsFunc(a.environ, func(pair string) bool {
			return strings.HasPrefix(pair, "NO_COLOR=") && pair != "NO_COLOR="
		})
		handler = tint.NewTextHandler(a.err, &tint.Options{Level: level, TimeFormat: time.TimeOnly, NoColor: noColour})
	}
	return slog.New(serve.TraceHandler{Handler: handler})
}
