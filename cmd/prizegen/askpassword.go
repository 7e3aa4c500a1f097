package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/prizegen/prizegen/pkg/password"
)

// readPassword asks for a password twice on a terminal, without showing it. If standard
// input is not a terminal, it reads one line.
func readPassword(ctx context.Context, a *app) (string, error) {
	file, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return readPasswordLine(a.stdin(ctx), "standard input")
	}
	return askPassword(ctx, file, a.err)
}

// readPasswordFile reads a password from the first line of a file; "-" is standard input.
func readPasswordFile(ctx context.Context, a *app, name string) (string, error) {
	file, err := open(ctx, a, name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	return readPasswordLine(file, sourceName(name))
}

func readPasswordLine(from io.Reader, what string) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(from, password.MaxLength+3)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// askPassword asks for a password twice on a terminal. It returns when the user presses
// Ctrl-C or when the context is done.
func askPassword(ctx context.Context, file *os.File, prompts io.Writer) (string, error) {
	before, err := term.MakeRaw(int(file.Fd()))
	if err != nil {
		return "", err
	}
	// The terminal is restored here and not where it is read, because that cannot be stopped.
	defer term.Restore(int(file.Fd()), before) //nolint:errcheck // there is nobody to tell
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		text, err := askTwice(file, prompts)
		answers <- answer{text, err}
	}()
	select {
	case typed := <-answers:
		return typed.text, typed.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

func askTwice(file io.Reader, prompts io.Writer) (string, error) {
	terminal := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{file, prompts}, "")
	var typed [2]string
	for i, prompt := range []string{"password: ", "password again: "} {
		var err error
		if typed[i], err = terminal.ReadPassword(prompt); err != nil {
			_, _ = io.WriteString(prompts, "\r\n") // ends the line of the prompt
			if errors.Is(err, io.EOF) {            // Ctrl-C or Ctrl-D
				err = errInterrupted
			}
			return "", err
		}
	}
	if typed[0] != typed[1] {
		return "", errors.New("the passwords differ; nothing was changed")
	}
	return typed[0], nil
}
