package storetest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// Freeze suspends the server and its child processes, so that it keeps its connections and
// accepts new ones, but does not respond. [Server.Thaw] resumes them.
func (s *Server) Freeze() error { return s.signal(syscall.SIGSTOP) }

// Thaw resumes the server after [Server.Freeze].
func (s *Server) Thaw() error { return s.signal(syscall.SIGCONT) }

// signal sends a signal to the server and then to its child processes. In this order, a
// suspended server cannot start more of them.
func (s *Server) signal(signal syscall.Signal) error {
	pid := s.process.Process.Pid
	if err := syscall.Kill(pid, signal); err != nil {
		return err
	}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return err
	}
	for _, name := range stats {
		stat, err := os.ReadFile(name)
		if err != nil {
			continue // the process has ended
		}
		// The name of the program is in parentheses and may contain spaces.
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		if parent, err := strconv.Atoi(string(fields[1])); err != nil || parent != pid {
			continue
		}
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := syscall.Kill(child, signal); err != nil && err != syscall.ESRCH {
			return err
		}
	}
	return nil
}
