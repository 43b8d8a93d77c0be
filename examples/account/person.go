package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/examples/internal/prompt"
)

// person is the person in front of the terminal.
type person struct {
	in     io.Reader
	lines  *bufio.Reader // of in
	out    io.Writer
	agreed map[string]bool // what the person has said yes to
}

func newPerson(in io.Reader, out io.Writer) person {
	return person{in: in, lines: bufio.NewReader(in), out: out, agreed: map[string]bool{}}
}

func (p *person) tell(format string, args ...any) { fmt.Fprintf(p.out, format+"\n", args...) }

var errNo = errors.New("you said no")

// agrees asks a question about a subject, and returns nil for yes.
func (p *person) agrees(ctx context.Context, subject, question string) error {
	fmt.Fprintf(p.out, "%s (yes or no) ", question)
	answer := make(chan string, 1)
	go func() {
		line, _ := p.lines.ReadString('\n')
		answer <- strings.TrimSpace(strings.ToLower(line))
	}()
	select {
	case a := <-answer:
		if a == "yes" || a == "y" {
			p.agreed[subject] = true
			return nil
		}
		return errNo
	case <-ctx.Done():
		return ctx.Err()
	}
}

// password asks for the user's password.
func (p *person) password(ctx context.Context, user, file string) (auth.Secret, error) {
	var in io.Reader = p.lines
	if terminal, ok := p.in.(*os.File); ok && prompt.IsTerminal(terminal) && p.lines.Buffered() == 0 {
		in = terminal // without echo
	}
	return prompt.Password(ctx, user, file, in, p.out)
}
