//go:build !unix

package storetest

import (
	"os"
	"os/exec"
)

func giveToPostgres(string) error { return nil }

func asPostgres(*exec.Cmd) {}

func endPostgres(p *os.Process) { _ = p.Kill() }
