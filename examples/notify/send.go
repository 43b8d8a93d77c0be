package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/outbox"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// service takes notices, and answers for each twice: when it is stored, and when its
// outcome is known.
type service struct {
	box    *outbox.Outbox
	from   string
	relays []*relay
	book   *book
	screen *screen
}

var errStopped = errors.New("stopped; what waits is sent by the next run")

// send takes what is on in, or comes by HTTP, until ctx ends. The status is that of
// all. The error is that of the input, the output, or the outbox.
func (o *options) send(ctx context.Context, in io.Reader, out io.Writer, show *screen) (status int, err error) {
	intake, stop := context.WithCancel(ctx)
	defer stop()
	// It takes no more if the outcomes cannot be reported.
	s := &service{from: o.from, screen: show, book: &book{out: json.NewEncoder(out), screen: show, failed: stop}}
	c, err := s.config(o)
	if err != nil {
		return statusUsage, err
	}
	if s.box, err = outbox.Open(ctx, o.dir, c); err != nil { // waits for another program that has it
		return statusFailed, err
	}
	for _, d := range s.box.Damaged() {
		show.say("%v", d)
	}
	watching, watched := context.WithCancel(context.WithoutCancel(ctx))
	var watcher sync.WaitGroup
	watcher.Go(func() { s.watch(watching) })
	if o.listen != "" {
		err = s.serve(intake, o.listen, o.grace)
	} else if err = s.read(intake, in); err == nil {
		err = s.drain(intake)
	}
	closing, cut := context.WithTimeout(context.WithoutCancel(ctx), o.grace)
	defer cut()
	closed := s.box.Close(closing)
	watched()
	watcher.Wait()
	show.end(s.box.Stats())
	status = s.book.status
	if s.box.Stats().InDoubt > 0 {
		status = statusInDoubt
	}
	if o.listen != "" {
		status = statusOK
	}
	return status, errors.Join(err, s.book.err, closed)
}

// config returns the configuration of the outbox, with a pool for each relay.
func (s *service) config(o *options) (outbox.Config, error) {
	c := o.box
	c.Result, c.Doubt = s.book.end, s.book.doubt
	for _, e := range o.endpoints {
		o.relay.Endpoint = e
		p, err := pool.New(o.relay)
		if err != nil {
			return c, err
		}
		c.Relays = append(c.Relays, p)
		s.relays = append(s.relays, &relay{pool: p, name: e.String(), say: s.screen.say})
	}
	return c, nil
}

// readers is how many notices are stored at once: they share the disk's syncs.
const readers = 8

// read takes the notices of in until its end or that of ctx.
func (s *service) read(ctx context.Context, in io.Reader) error {
	notices := make(chan notice)
	var workers sync.WaitGroup
	for range readers {
		workers.Go(func() {
			for n := range notices {
				a, _ := s.take(context.WithoutCancel(ctx), n)
				s.book.note(a)
			}
		})
	}
	err := decode(ctx, in, notices)
	workers.Wait()
	return err
}

// decode gives the notices of in to a channel, until the end of in or of ctx, and closes
// it. What reads from in may be waiting for a line then, and is left behind: nothing can
// call it back.
func decode(ctx context.Context, in io.Reader, notices chan<- notice) error {
	defer close(notices)
	lines, end := make(chan notice), make(chan error, 1)
	go func() {
		for d := json.NewDecoder(in); ; {
			var n notice
			if err := d.Decode(&n); err != nil {
				end <- err
				return
			}
			select {
			case lines <- n:
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		select {
		case n := <-lines:
			notices <- n
		case err := <-end:
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		case <-ctx.Done():
			return errStopped
		}
	}
}

// badNotice is the error of a notice that will never do.
type badNotice struct{ error }

func (b badNotice) Unwrap() error { return b.error }

// take does what a notice says, and answers for that.
func (s *service) take(ctx context.Context, n notice) (answer, error) {
	if n.ID == "" && n.Do == "" {
		n.ID = rand.Text()
	}
	if n.Date.IsZero() {
		n.Date = time.Now()
	}
	a := answer{ID: n.ID, To: n.To, Outcome: "stored"}
	var err error
	switch n.Do {
	case "":
		err = s.put(ctx, n)
	case "resend":
		err = s.box.Resend(ctx, n.ID)
	case "give up":
		err = s.box.GiveUp(ctx, n.ID) // of which each recipient's result tells
	case "cancel":
		a.Outcome, err = "cancelled", s.box.Cancel(ctx, n.ID)
	default:
		err = badNotice{fmt.Errorf("cannot do %q", n.Do)}
	}
	if err != nil {
		a.Outcome, a.Error = "not done", err.Error()
	}
	if errors.Is(err, outbox.ErrMaybeStored) {
		a.Outcome = "maybe stored"
	}
	return a, err
}

// put stores a notice's message.
func (s *service) put(ctx context.Context, n notice) error {
	const maxID = 255 // as the outbox has it
	e := n.envelope(s.from)
	if err := e.Validate(); err != nil {
		return badNotice{err}
	}
	if len(n.ID) > maxID {
		return badNotice{fmt.Errorf("an id of more than %d bytes", maxID)}
	}
	return s.box.Put(ctx, n.ID, e, strings.NewReader(n.message(s.from)))
}

// drain waits until each message has its end, or is in doubt.
func (s *service) drain(ctx context.Context) error {
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		if n := s.box.Stats(); n.Waiting == 0 && n.Untold == 0 {
			return nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return errStopped
		}
	}
}

// outcome returns the word for the end of a message.
func outcome(err error) string {
	switch {
	case err == nil:
		return "sent"
	case errors.Is(err, outbox.ErrExpired):
		return "expired"
	case errors.Is(err, outbox.ErrGivenUp):
		return "given up"
	case errors.Is(err, smtpconn.InDoubt):
		return "in doubt"
	case errors.Is(err, smtpconn.Refused):
		return "refused"
	}
	return "not sent"
}
