package upgrade

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

func (r *run) greet() (Event, error) {
	r.enter(PhaseGreeting)
	var err error
	if r.greeting, err = r.speak.Greet(); err != nil {
		return 0, r.greetingError(err)
	}
	r.list = r.greeting.Capabilities
	if r.greeting.Preauth {
		return Preauth, nil
	}
	return Greeted, nil
}

// ErrSpeaksTLS describes a server that sends TLS records where its greeting
// should be.
var ErrSpeaksTLS = errors.New("server speaks TLS on this port from the first byte")

// greetingError looks at what came instead of a greeting.
func (r *run) greetingError(err error) error {
	v := new(policy.Violation)
	closed := new(wire.Closed)
	if !errors.As(err, &v) && !errors.As(err, &closed) {
		return err
	}
	if r.state == nil && wire.SpeaksTLS(r.lines.First()) {
		return &policy.Violation{Reason: policy.ErrMalformed, Err: fmt.Errorf("%w: %w", ErrSpeaksTLS, err)}
	}
	return err
}

func (r *run) ask() (Event, error) {
	if r.list == nil {
		r.enter(PhaseCapability)
		list, err := r.speak.Capabilities()
		if err != nil {
			return 0, err
		}
		r.list, r.refusal = list.Entries, list.Reply
		switch list.Status {
		case line.NoList:
			return NoList, nil
		case line.Refused:
			return ListRefused, nil
		}
	}
	if r.Protocol.Offers(r.list) {
		return Offered, nil
	}
	return NotOffered, nil
}

func (r *run) demand() (Event, error) {
	r.enter(PhaseSTARTTLS)
	answer, err := r.speak.StartTLS()
	if err != nil {
		return 0, err
	}
	// The one line in the protocol behind which nothing may stand: what does
	// was put there in the clear and would be read as if it came by TLS.
	if err := r.lines.Quiet(); err != nil {
		return 0, err
	}
	if answer.Accepted {
		return Accepted, nil
	}
	r.refusal = answer.Reply
	return r.afterRefusal()
}

func (r *run) handshake() (Event, error) {
	r.enter(PhaseHandshake)
	reason := policy.ErrInjected
	if r.Policy == policy.ImplicitTLS {
		reason = policy.ErrNotTLS
	}
	first := wire.NewFirstByte(r.raw, reason)
	conn := tls.Client(first, r.TLS)
	if err := conn.HandshakeContext(r.ctx); err != nil {
		if errors.Is(err, policy.ErrNotTLS) {
			err = r.refusalInTheClear(first.Said(), err)
		}
		return 0, handshakeError(err)
	}
	state := conn.ConnectionState()
	if r.Secured != nil {
		r.Secured(state)
	}
	r.state = &state
	r.speakOver(conn)
	return Secured, nil
}

// wordsTime bounds the wait for the rest of a refusal, which only makes the error more
// exact.
const wordsTime = 500 * time.Millisecond

// refusalInTheClear returns the refusal of a server that speaks in the clear on a
// port for TLS, and err if what it says is none: a server that is full has no time
// for a handshake. Nothing is sent.
func (r *run) refusalInTheClear(said []byte, err error) error {
	r.raw.SetReadDeadline(time.Now().Add(wordsTime))
	type stream struct {
		io.Reader
		io.Writer
	}
	lines := wire.NewLines(stream{io.MultiReader(bytes.NewReader(said), r.raw), io.Discard})
	_, refusal := r.Protocol.Dialect(lines, r.LocalName).Greet()
	if errors.Is(refusal, policy.ErrRefused) {
		return refusal
	}
	return err
}

// handshakeError makes a server that hung up look the same as in the other
// phases.
func handshakeError(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return wire.Ended(err)
}

// ErrMasked describes an EHLO answer with a keyword crossed out, as some
// firewalls do to hide STARTTLS.
var ErrMasked = errors.New("something between here and the server hides its STARTTLS keyword")

// masked reports whether a keyword in list is crossed out: "XXXXXXXA".
func masked(list []string) bool {
	return slices.ContainsFunc(list, func(k string) bool {
		return len(k) == len("STARTTLS") && k[:7] == "XXXXXXX"
	})
}
