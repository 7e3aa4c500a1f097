//go:build unix

package storetest

import (
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// nobody is who runs PostgreSQL, which refuses to be run by root; ok is false where
// that is not needed.
func nobody() (uid, gid int, ok bool) {
	if os.Getuid() != 0 {
		return 0, 0, false
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		return 0, 0, false
	}
	uid, _ = strconv.Atoi(who.Uid) // numbers on unix
	gid, _ = strconv.Atoi(who.Gid)
	return uid, gid, true
}

func giveToPostgres(folder string) error {
	if uid, gid, ok := nobody(); ok {
		return os.Chown(folder, uid, gid)
	}
	return nil
}

func asPostgres(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if uid, gid, ok := nobody(); ok {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
}

// endPostgres ends a server and all its processes at once: an immediate shutdown,
// after which it recovers as after a crash.
func endPostgres(p *os.Process) { _ = p.Signal(syscall.SIGQUIT) }
