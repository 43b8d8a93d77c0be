// Package prompt asks for a password.
package prompt

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/mailconn/mailconn/dial/auth"
)

// Password reads the user's password from the file, or without one from stdin:
// without echo if that is a terminal. It does not wait longer than for ctx.
func Password(ctx context.Context, user, file string, stdin io.Reader, stderr io.Writer) (auth.Secret, error) {
	if file != "" {
		text, err := os.ReadFile(file)
		return auth.NewSecret(strings.TrimRight(string(text), "\r\n")), err
	}
	if terminal, ok := stdin.(*os.File); ok && IsTerminal(terminal) {
		if err := echo(terminal, false); err != nil {
			return auth.Secret{}, errors.New("cannot ask without echo, use -password-file")
		}
		defer echo(terminal, true)
		defer fmt.Fprintln(stderr)
		fmt.Fprintf(stderr, "Password for %s: ", user)
	}
	return readLine(ctx, stdin)
}

// IsTerminal reports whether f is a terminal.
func IsTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// echo makes the terminal show what is typed, or not. It needs stty, which
// Windows does not have.
func echo(terminal *os.File, on bool) error {
	setting := "-echo"
	if on {
		setting = "echo"
	}
	stty := exec.Command("stty", setting)
	stty.Stdin = terminal
	return stty.Run()
}

// readLine waits for a line no longer than for ctx, so that the echo comes back
// after an interrupt.
func readLine(ctx context.Context, r io.Reader) (auth.Secret, error) {
	type result struct {
		line string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		line, err := bufio.NewReader(r).ReadString('\n')
		done <- result{line, err}
	}()
	select {
	case <-ctx.Done():
		return auth.Secret{}, ctx.Err()
	case got := <-done:
		if got.line == "" {
			return auth.Secret{}, fmt.Errorf("nothing on standard input: %w", got.err)
		}
		return auth.NewSecret(strings.TrimRight(got.line, "\r\n")), nil // the last line may lack its end
	}
}
