package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// startBare starts a server that calls the other processes and then responds with a
// constant.
func (l *lab) startBare(ctx context.Context, others ...*process) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	args := []string{address}
	for _, other := range others {
		args = append(args, other.url+"/")
	}
	return l.start(ctx, address, "/", nil, self, bareCommand, strings.Join(args, ","))
}

// startBareApart starts three bare servers and a fourth one that calls them, as a core
// calls its services.
func (l *lab) startBareApart(ctx context.Context) ([]*process, error) {
	var all []*process
	for len(all) < 4 {
		var others []*process
		if len(all) == 3 {
			others = all
		}
		p, err := l.startBare(ctx, others...)
		if err != nil {
			stopAll(all)
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// startNginx starts an NGINX server that responds with a constant.
func (l *lab) startNginx(ctx context.Context) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	config := filepath.Join(l.work, "nginx.conf")
	text := fmt.Sprintf(`daemon off;
worker_processes %d;
pid %s/nginx.pid;
error_log stderr;
events { worker_connections 2048; }
http {
	access_log off;
	keepalive_requests 1000000000;
	server {
		listen %s;
		default_type application/json;
		return 200 '{"format":"lower4","texts":["fucb"]}';
	}
}
`, runtime.NumCPU(), l.work, address)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return nil, err
	}
	return l.start(ctx, address, "/", nil, "nginx", "-c", config, "-p", l.work)
}

// startOurs starts prizegen serve. If args contain --db, startOurs first opens a campaign
// in that database.
func (l *lab) startOurs(ctx context.Context, role string, args ...string) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	if i := slices.Index(args, "--db"); i >= 0 {
		p, err := openPromotion(ctx, args[i+1], filled, 0)
		if err != nil {
			return nil, err
		}
		p.close()
	}
	env := []string{"PRIZEGEN_ADMIN_PASSWORD=" + adminPassword, "PRIZEGEN_RATE_LIMITS=off"}
	return l.start(ctx, address, "/readyz", env, l.prizegen, append([]string{"serve", "--role", role, "--listen", address, "--log-level", "warn"}, args...)...)
}

// adminPassword is the administrator's password in all cores.
const adminPassword = "a password for benchmarks"

// startOursApart starts the three services and a core that calls them. The core is the
// last process in the list.
func (l *lab) startOursApart(ctx context.Context, args ...string) ([]*process, error) {
	var all []*process
	for _, role := range []string{"text", "number", "prize", "core"} {
		var own []string
		if role == "core" {
			own = append(args, "--text-url", all[0].url, "--number-url", all[1].url, "--prize-url", all[2].url)
		}
		p, err := l.startOurs(ctx, role, own...)
		if err != nil {
			stopAll(all)
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// startFlask starts one of the Flask services. They are fastest with two multithreaded
// workers per CPU core. By default, gunicorn closes idle connections after two seconds, and
// further calls on them fail; so connections are kept open longer.
func (l *lab) startFlask(ctx context.Context, role string, env ...string) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	ready := map[string]string{"text": "/v1/text", "number": "/v1/number", "prize": "/ready", "core": "/ready"}[role]
	return l.start(ctx, address, ready, append(env, "PYTHONDONTWRITEBYTECODE=1"), "gunicorn", "--log-level", "warning", "--chdir", l.flask,
		"--keep-alive", "75", "--bind", address, "--workers", fmt.Sprint(2*runtime.NumCPU()), "--threads", "32", "services:"+role+"()")
}

// startFlaskApart starts the Flask services and the Flask core. The core is the last
// process in the list.
func (l *lab) startFlaskApart(ctx context.Context, db string) ([]*process, error) {
	var all []*process
	for _, role := range []string{"text", "number", "prize", "core"} {
		var env []string
		if role == "core" {
			env = []string{"DB=" + db, "TEXT_URL=" + all[0].url, "NUMBER_URL=" + all[1].url, "PRIZE_URL=" + all[2].url}
		}
		p, err := l.startFlask(ctx, role, env...)
		if err != nil {
			stopAll(all)
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}
