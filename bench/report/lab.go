package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// python is Debian's Python, which can import Debian's Flask.
const python = "/usr/bin/python3"

// lab is the environment of all measurements.
type lab struct {
	prizegen, flask string // paths
	work            string // temporary folder for databases and logs
	rounds          int
	quick, long     bool
	marks           int             // number of calls to mark so far
	warm            map[string]bool // URLs that have already been under load
}

// file returns the path of the file with the given name in the temporary folder.
func (l *lab) file(name string) string { return filepath.Join(l.work, name) }

// time returns how long to measure each load.
func (l *lab) time() time.Duration {
	if l.quick {
		return time.Second
	}
	return 2 * time.Second
}

// prepare creates the temporary folder and checks that all programs are installed.
func (l *lab) prepare() (err error) {
	for _, path := range []*string{&l.prizegen, &l.flask} {
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
	}
	// Debian installs NGINX in a folder that is only in root's PATH.
	if err := os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin"); err != nil {
		return err
	}
	if err := l.check(); err != nil {
		return err
	}
	if l.work, err = os.MkdirTemp("", "prizegen-bench"); err != nil {
		return err
	}
	return os.WriteFile(l.file(loadFile), loadScript, 0o644)
}

// check returns an error if a program is missing.
func (l *lab) check() error {
	for _, path := range []string{l.prizegen, filepath.Join(l.flask, "services.py")} {
		if _, err := os.Stat(path); err != nil {
			return err
		}
	}
	for _, tool := range []string{"wrk", "nginx", "gunicorn", python} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%s is not installed; on Debian: apt-get install wrk nginx-light gunicorn python3-flask python3-requests postgresql", tool)
		}
	}
	return nil
}

// machine returns a description of the machine and the programs.
func (l *lab) machine(ctx context.Context) string {
	cpu := runtime.GOARCH
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for part := range strings.Lines(string(info)) {
			if name, value, ok := strings.Cut(part, ":"); ok && strings.TrimSpace(name) == "model name" {
				cpu = strings.TrimSpace(value)
				break
			}
		}
	}
	memory := ""
	if info, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kib float64
		if _, err := fmt.Sscanf(string(info), "MemTotal: %f kB", &kib); err == nil {
			memory = fmt.Sprintf(", %.0f GiB of memory", kib/1024/1024)
		}
	}
	firstLine := func(name string, args ...string) string {
		out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
		if err != nil {
			return name + ": " + err.Error()
		}
		first, _, _ := strings.Cut(string(out), "\n")
		return strings.TrimSpace(first)
	}
	load := "unknown"
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		load, _, _ = strings.Cut(string(text), " ")
	}
	version := firstLine(l.prizegen, "version")
	return fmt.Sprintf("%s, %d cores%s, Linux %s, %s, %s, %s, gunicorn %s, %s. Each figure is the median of %d rounds. Measured %s with %s; the load average before the run was %s.",
		cpu, runtime.NumCPU(), memory, firstLine("uname", "-r"), runtime.Version(), firstLine(python, "--version"),
		"Flask "+firstLine(python, "-c", "import importlib.metadata as m; print(m.version('flask'))"),
		firstLine(python, "-c", "import gunicorn; print(gunicorn.__version__)"), firstLine("nginx", "-v"),
		l.rounds, time.Now().UTC().Format("2006-01-02"), version, load)
}

// process is a running server.
type process struct {
	cmd    *exec.Cmd
	url    string
	output *os.File
}

// start starts a server and waits until it responds to requests for the path ready.
func (l *lab) start(ctx context.Context, address, ready string, env []string, name string, args ...string) (*process, error) {
	output, err := os.CreateTemp(l.work, filepath.Base(name)+"-*.log")
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.CommandContext(ctx, name, args...), url: "http://" + address, output: output}
	p.cmd.Env = append(os.Environ(), append(env, "HOME="+l.work, "XDG_CONFIG_HOME="+l.work)...)
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.Dir = output, output, l.work
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that Ctrl-C reaches only this program, which then stops the servers
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(err, output.Close())
	}
	if err := awaitAnswer(ctx, p.url+ready, time.Minute); err != nil {
		p.stop()
		text, _ := os.ReadFile(output.Name())
		return nil, fmt.Errorf("%s: %w\n%s", filepath.Base(name), err, bytes.TrimSpace(text))
	}
	return p, nil
}

// awaitAnswer sends requests until one succeeds.
func awaitAnswer(ctx context.Context, url string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = response.Body.Close() // only the status is used
			if response.StatusCode < http.StatusMultipleChoices {
				return nil
			}
			err = errors.New(response.Status)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no response from %s: %w", url, err)
		case <-time.After(time.Millisecond):
		}
	}
}

// stop stops a server and waits for it.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may already have exited
	slow := time.AfterFunc(10*time.Second, func() { _ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) })
	_ = p.cmd.Wait() // the exit status is not used
	slow.Stop()
	_ = p.output.Close()
}

// stopAll stops servers in reverse order.
func stopAll(all []*process) {
	for _, p := range slices.Backward(all) {
		p.stop()
	}
}

// freeAddress returns a loopback address on which no program listens.
func freeAddress() (string, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
