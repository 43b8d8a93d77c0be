package stream

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/mailconn/mailconn/imapconn/internal/commands"
	"github.com/mailconn/mailconn/internal/wire"
)

// writeWatched is writeRequests, which the end of ctx ends, and the session with it: a
// command that is half written cannot be taken back.
func (s *Stream) writeWatched(ctx context.Context, list []*commands.Command, requests []commands.Request) error {
	off := context.AfterFunc(ctx, func() {
		s.end(wire.ContextError(ctx))
		s.conn.Abort()
	})
	err := s.writeRequests(list, requests)
	if !off() {
		return wire.ContextError(ctx)
	}
	return err
}

// writeRequests writes commands of an exchange. Its error ends the session.
func (s *Stream) writeRequests(list []*commands.Command, requests []commands.Request) error {
	w := bufio.NewWriterSize(s.conn, commands.Room(requests))
	for i, r := range requests {
		fmt.Fprintf(w, "M%d %s", list[i].Tag, r.Text)
		open, err := s.writeLiterals(w, list[i], r.Literals)
		if err != nil {
			return err
		}
		if open {
			io.WriteString(w, r.Tail+"\r\n")
		}
		if i == len(requests)-1 {
			err = w.Flush()
		}
		if err != nil {
			return wire.Ended(err)
		}
		s.written(list[i])
	}
	return nil
}

// written notes that all of a command was written: the time of its answer begins, unless
// that has come meanwhile.
func (s *Stream) written(c *commands.Command) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.Writing = false; c.Answer.Came {
		s.retire(c)
	}
	if s.pending.Due() != nil {
		s.expectAnswer()
	}
}

// writeLiterals writes the literals of a command, and reports whether the line behind the
// last is to be ended: a literal that the server refuses has ended the command. If the
// server has refused the command before, those that wait for its consent are left out.
func (s *Stream) writeLiterals(w *bufio.Writer, c *commands.Command, literals []*commands.Literal) (open bool, err error) {
	for _, l := range literals {
		if l.Sync && !s.waits(c) {
			return true, nil
		}
		io.WriteString(w, l.Before)
		if l.Sync {
			if wanted, err := s.consent(w, c); !wanted {
				return false, err
			}
		}
		if err := l.Write(w); err != nil {
			return false, err
		}
	}
	return true, nil
}

// waits has a command wait for the server's consent, and reports false if it is answered.
func (s *Stream) waits(c *commands.Command) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.Waits = !c.Answer.Came; c.Waits {
		s.expectAnswer()
	}
	return c.Waits
}

// consent sends the announcement of a literal, and reports whether the server wants it.
func (s *Stream) consent(w *bufio.Writer, c *commands.Command) (wanted bool, err error) {
	if err := w.Flush(); err != nil {
		return false, wire.Ended(err)
	}
	select {
	case wanted := <-c.Consent:
		return wanted, nil
	case <-s.untilEnd():
		return false, s.over.Err()
	}
}
