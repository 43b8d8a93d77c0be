package imapconn

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/mailconn/mailconn/internal/wire"
)

// literal is a literal of a command, with what stands ahead of it.
type literal struct {
	before  string // ends in the announcement
	content io.Reader
	size    int64
	sync    bool // it waits for the server's consent (RFC 9051 §4.3)
	sent    bool // all of it was written
}

// announcement returns how the literal is announced (RFC 7888 §3).
func (l *literal) announcement() string {
	if l.sync {
		return "{" + strconv.FormatInt(l.size, 10) + "}\r\n"
	}
	return "{" + strconv.FormatInt(l.size, 10) + "+}\r\n"
}

// unaskedLiteral returns how long a literal may be that is sent without the server's
// consent; -1 if none may.
func (c *Client) unaskedLiteral() int64 {
	switch {
	case c.lists("LITERAL+"):
		return math.MaxInt64
	case c.lists("LITERAL-", "IMAP4REV2"):
		return 4096
	}
	return -1
}

// errContent is the error of a content that ends, or fails, before its announced length.
var errContent = errors.New("imapconn: a content is shorter than was announced")

// writeWatched is writeRequests, which the end of ctx ends, and the session with it: a
// command that is half written cannot be taken back.
func (s *stream) writeWatched(ctx context.Context, commands []*command, requests []request) error {
	off := context.AfterFunc(ctx, func() {
		s.end(wire.ContextError(ctx))
		s.conn.Abort()
	})
	err := s.writeRequests(commands, requests)
	if !off() {
		return wire.ContextError(ctx)
	}
	return err
}

// writeRequests writes commands of an exchange. Its error ends the session.
func (s *stream) writeRequests(commands []*command, requests []request) error {
	w := bufio.NewWriterSize(s.conn, 32<<10)
	for i, r := range requests {
		fmt.Fprintf(w, "M%d %s", commands[i].tag, r.text)
		open, err := s.writeLiterals(w, commands[i], r.literals)
		if err != nil {
			return err
		}
		if open {
			io.WriteString(w, r.tail+"\r\n")
		}
		if i == len(requests)-1 {
			err = w.Flush()
		}
		if err != nil {
			return wire.Ended(err)
		}
		s.written(commands[i])
	}
	return nil
}

// written notes that all of a command was written: the time of its answer begins, unless
// the answer has come meanwhile.
func (s *stream) written(c *command) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.writing = false
	if s.pending.due() != nil {
		s.expectAnswer()
	}
}

// writeLiterals writes the literals of a command, and reports whether the line behind the
// last is to be ended: a literal that the server refuses has ended the command. If the
// server has refused the command before, those that wait for its consent are left out.
func (s *stream) writeLiterals(w *bufio.Writer, c *command, literals []*literal) (open bool, err error) {
	for _, l := range literals {
		if l.sync && !s.waits(c) {
			return true, nil
		}
		io.WriteString(w, l.before)
		if l.sync {
			if wanted, err := s.consent(w, c); !wanted {
				return false, err
			}
		}
		if err := l.write(w); err != nil {
			return false, err
		}
	}
	return true, nil
}

// waits has a command wait for the server's consent, and reports false if it is answered.
func (s *stream) waits(c *command) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.waits = !c.answer.came; c.waits {
		s.expectAnswer()
	}
	return c.waits
}

// consent sends the announcement of a literal, and reports whether the server wants it.
func (s *stream) consent(w *bufio.Writer, c *command) (wanted bool, err error) {
	if err := w.Flush(); err != nil {
		return false, wire.Ended(err)
	}
	select {
	case wanted := <-c.consent:
		return wanted, nil
	case <-s.ended:
		return false, s.over.Err()
	}
}

// write writes the content of the literal.
func (l *literal) write(w io.Writer) error {
	from := &contentReader{Reader: l.content}
	n, err := io.Copy(w, io.LimitReader(from, l.size))
	switch {
	case from.err != nil:
		return fmt.Errorf("%w: %w", errContent, from.err)
	case err != nil:
		return wire.Ended(err)
	case n < l.size:
		return errContent
	}
	l.sent = true
	return nil
}

// contentReader reads a content. It keeps the content's error apart from the
// connection's.
type contentReader struct {
	io.Reader
	err error
}

func (r *contentReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != io.EOF {
		r.err = err
	}
	return n, err
}
