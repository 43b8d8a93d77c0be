package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/mailconn/mailconn/dial/auth"
)

// password reads the password from the file, or else from stdin: without echo
// if that is a terminal.
func (o *options) password(ctx context.Context, stdin io.Reader, stderr io.Writer) (auth.Secret, error) {
	if o.passwordFile != "" {
		text, err := os.ReadFile(o.passwordFile)
		return auth.NewSecret(strings.TrimRight(string(text), "\r\n")), err
	}
	if terminal, ok := stdin.(*os.File); ok && isTerminal(terminal) {
		if err := echo(terminal, false); err != nil {
			return auth.Secret{}, fmt.Errorf("cannot ask without echo, use -password-file: %w", err)
		}
		defer echo(terminal, true)
		defer fmt.Fprintln(stderr)
		fmt.Fprintf(stderr, "Password for %s: ", o.user)
	}
	return readLine(ctx, stdin)
}

func isTerminal(f *os.File) bool {
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
