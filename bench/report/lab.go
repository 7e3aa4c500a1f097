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
	"strings"
	"syscall"
	"time"
)

// python is Debian's, which has its Flask.
const python = "/usr/bin/python3"

// lab has what all measurements need.
type lab struct {
	prizegen, flask string // paths
	work            string // folder for databases and logs, removed at the end
	rounds          int
	quick, long     bool
	marks           int             // how many loads of plays there were
	warm            map[string]bool // URLs that had a load
}

// file is the path of a file for one section.
func (l *lab) file(name string) string { return filepath.Join(l.work, name) }

// time is how long a load is measured for.
func (l *lab) time() time.Duration {
	if l.quick {
		return time.Second
	}
	return 2 * time.Second
}

// check says what is missing.
func (l *lab) check() error {
	for _, path := range []string{l.prizegen, filepath.Join(l.flask, "services.py")} {
		if _, err := os.Stat(path); err != nil {
			return err
		}
	}
	for _, tool := range []string{"wrk", "nginx", "gunicorn", python} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%s is missing; on Debian: apt-get install wrk nginx-light gunicorn python3-flask python3-requests postgresql", tool)
		}
	}
	return nil
}

// machine describes where it was measured.
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
	says := func(name string, args ...string) string {
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
	version := says(l.prizegen, "version")
	return fmt.Sprintf("%s, %d cores%s, Linux %s, %s, %s, %s, gunicorn %s, %s. Each figure is the median of %d rounds. Measured %s with %s, when %s processes were busy on average before.",
		cpu, runtime.NumCPU(), memory, says("uname", "-r"), runtime.Version(), says(python, "--version"),
		"Flask "+says(python, "-c", "import importlib.metadata as m; print(m.version('flask'))"),
		says(python, "-c", "import gunicorn; print(gunicorn.__version__)"), says("nginx", "-v"),
		l.rounds, time.Now().UTC().Format("2006-01-02"), version, load)
}

// process is a server that was started.
type process struct {
	cmd    *exec.Cmd
	url    string
	output *os.File
}

// start starts a server and waits until it answers at a path of its URL.
func (l *lab) start(ctx context.Context, address, ready string, env []string, name string, args ...string) (*process, error) {
	output, err := os.CreateTemp(l.work, filepath.Base(name)+"-*.log")
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.CommandContext(ctx, name, args...), url: "http://" + address, output: output}
	p.cmd.Env = append(os.Environ(), append(env, "HOME="+l.work, "XDG_CONFIG_HOME="+l.work)...)
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.Dir = output, output, l.work
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us, who end them
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

// awaitAnswer asks until the answer is a success.
func awaitAnswer(ctx context.Context, url string, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = answer.Body.Close() // only the status counts
			if answer.StatusCode < http.StatusMultipleChoices {
				return nil
			}
			err = errors.New(answer.Status)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no answer of %s: %w", url, err)
		case <-time.After(time.Millisecond):
		}
	}
}

// stop ends a server, and waits for it.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	slow := time.AfterFunc(10*time.Second, func() { _ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) })
	_ = p.cmd.Wait() // how it ended does not matter
	slow.Stop()
	_ = p.output.Close()
}

// stopAll ends servers, those started last first.
func stopAll(all []*process) {
	for i := len(all) - 1; i >= 0; i-- {
		all[i].stop()
	}
}

// freeAddress is one to listen on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
