package upgrade

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

func (r *run) greet() (Event, error) {
	r.Caller.Phase(PhaseGreeting)
	var err error
	if r.greeting, err = r.dialect.Greet(); err != nil {
		return 0, r.greetingError(err)
	}
	r.list = r.greeting.Capabilities
	if r.greeting.Preauth {
		return Preauth, nil
	}
	return Greeted, nil
}

// ErrSpeaksTLS is the cause of a violation by a server that sent a TLS record instead
// of a greeting.
var ErrSpeaksTLS = errors.New("server speaks TLS on this port from the first byte")

// greetingError returns the error for what came instead of a greeting.
func (r *run) greetingError(err error) error {
	v := new(policy.Violation)
	closed := new(wire.Closed)
	if !errors.As(err, &v) && !errors.As(err, &closed) {
		return err
	}
	if r.tls == nil && wire.SpeaksTLS(r.lines.First()) {
		return &policy.Violation{Reason: policy.ErrMalformed, Err: fmt.Errorf("%w: %w", ErrSpeaksTLS, err)}
	}
	return err
}

func (r *run) ask() (Event, error) {
	if r.list == nil {
		r.Caller.Phase(PhaseCapability)
		list, err := r.dialect.Capabilities()
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
	r.Caller.Phase(PhaseSTARTTLS)
	answer, err := r.dialect.StartTLS()
	if err != nil {
		return 0, err
	}
	// Nothing may follow this reply before the handshake (RFC 3207 §4.2): it would be
	// read later as if it had come inside TLS.
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
	r.Caller.Phase(PhaseHandshake)
	reason := policy.ErrInjected
	if r.Policy == policy.ImplicitTLS {
		reason = policy.ErrNotTLS
	}
	first := wire.NewFirstByte(r.raw, reason)
	conn := tls.Client(first, r.TLS)
	ctx := context.Background() // crypto/tls need not watch what the caller of Run does
	if r.TLS.GetClientCertificate != nil {
		ctx = r.ctx // the function may ask for it
	}
	if err := conn.HandshakeContext(ctx); err != nil {
		if errors.Is(err, policy.ErrNotTLS) {
			err = r.refusalInTheClear(first.Said(), err)
		}
		return 0, wire.Ended(err)
	}
	r.Caller.Secured(conn.ConnectionState())
	r.tls = conn
	r.use(conn)
	return Secured, nil
}

// wordsTime bounds the wait for the rest of a refusal, which only makes the error more
// exact.
const wordsTime = 500 * time.Millisecond

// refusalInTheClear returns the refusal of a server that speaks in the clear on a
// port for TLS, and err if what it says is none: a server that is full has no time
// for a handshake. Nothing is sent. A refusal of the handshake itself, which the server
// has taken for a command, is none; a line that breaks off may be one.
func (r *run) refusalInTheClear(said []byte, err error) error {
	r.raw.SetReadDeadline(time.Now().Add(wordsTime))
	type stream struct {
		io.Reader
		io.Writer
	}
	all := io.MultiReader(bytes.NewReader(said), untilError{r.raw}, strings.NewReader("\r\n"))
	_, refusal := r.Protocol.Dialect(wire.NewLines(stream{all, io.Discard}), r.Caller).Greet()
	if errors.Is(refusal, policy.ErrRefused) && !errors.Is(refusal, line.ErrTooSoon) {
		return refusal
	}
	return err
}

// untilError ends with the first error.
type untilError struct{ io.Reader }

func (u untilError) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	if err != nil {
		err = io.EOF
	}
	return n, err
}
