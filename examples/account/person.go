package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/examples/internal/prompt"
)

// person is the person in front of the terminal.
type person struct {
	in  io.Reader
	out io.Writer
	// lines reads in. It is made with the first question, as a password is read by
	// another.
	lines *bufio.Reader
}

func (p *person) tell(format string, args ...any) { fmt.Fprintf(p.out, format+"\n", args...) }

var errNo = errors.New("you said no")

// agrees asks a question, and returns nil for yes.
func (p *person) agrees(ctx context.Context, question string) error {
	fmt.Fprintf(p.out, "%s (yes or no) ", question)
	if p.lines == nil {
		p.lines = bufio.NewReader(p.in)
	}
	answer := make(chan string, 1)
	go func() {
		line, _ := p.lines.ReadString('\n')
		answer <- strings.TrimSpace(strings.ToLower(line))
	}()
	select {
	case a := <-answer:
		if a == "yes" || a == "y" {
			return nil
		}
		return errNo
	case <-ctx.Done():
		return ctx.Err()
	}
}

// password asks for the user's password.
func (p *person) password(ctx context.Context, user, file string) (auth.Secret, error) {
	in := p.in
	if p.lines != nil && p.lines.Buffered() > 0 {
		in = p.lines
	}
	return prompt.Password(ctx, user, file, in, p.out)
}
