//go:build unix

package storetest

import (
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// postgresUser returns the user to run PostgreSQL as if this process runs as root, which
// PostgreSQL refuses. Otherwise, or if there is no such user, ok is false.
func postgresUser() (uid, gid int, ok bool) {
	if os.Getuid() != 0 {
		return 0, 0, false
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return 0, 0, false
	}
	uid, _ = strconv.Atoi(account.Uid) // always numbers on Unix
	gid, _ = strconv.Atoi(account.Gid)
	return uid, gid, true
}

func giveToPostgres(folder string) error {
	if uid, gid, ok := postgresUser(); ok {
		return os.Chown(folder, uid, gid)
	}
	return nil
}

func asPostgres(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if uid, gid, ok := postgresUser(); ok {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
}

// endPostgres terminates a server and its child processes without a clean shutdown. On the
// next start, the server recovers as after a crash.
func endPostgres(p *os.Process) { _ = p.Signal(syscall.SIGQUIT) }
