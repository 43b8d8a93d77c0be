package mx

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"slices"
	"time"

	smtpline "github.com/mailconn/mailconn/internal/line/smtp"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/smtpconn"
)

// Send delivers a message to its recipients, all of which must be of one domain. It looks
// up where mail for them goes, and tries the hosts as [Sender.Look] shows them, over
// connections that have what the rule demands, until one has answered for the message. A
// host that refuses the connection or the sender for now, or breaks off before the
// message's end, is followed by the next; one that refuses recipients or the message is
// not, nor is one that leaves the message in doubt. If ctx has a deadline, an address
// that is not the last has half of the time that is left to begin a session. content is read
// from where it stands, and again from there for each attempt.
//
// Every error is a [*smtpconn.SendError]. Recipients of several domains, or of a domain
// that cannot be one, are the message's fault: it is not sent. If servers were tried, or
// could not be, an [*Error] is in its chain, with the evidence of each attempt. Its Temporary
// method tells a message that is to be sent again later from one that goes back to its
// sender.
//
// With Envelope.Mail.RequireTLS only hosts count whose names are vouched for: by TLSA
// records, by an MTA-STS policy, or by the operator under Secure (RFC 8689 §4.2.1).
func (s *Sender) Send(ctx context.Context, e smtpconn.Envelope, content io.ReadSeeker) (*smtpconn.Receipt, error) {
	switch {
	case ctx == nil:
		return nil, badCall(errNilContext)
	case content == nil:
		return nil, badCall(errors.New("mx: nil content"))
	}
	if err := e.Validate(); err != nil {
		return nil, badMessage(err)
	}
	to, err := domainOf(e.To)
	if err != nil {
		return nil, badMessage(err)
	}
	if err := s.calls.enter(); err != nil {
		return nil, notSent(smtpconn.PhaseConnect, err)
	}
	defer s.calls.group.Done()
	d := &delivery{sender: s, envelope: e, content: content}
	if d.start, err = content.Seek(0, io.SeekCurrent); err != nil {
		return nil, badCall(err)
	}
	d.watchEnd()
	if d.route, err = s.route(ctx, to); err != nil {
		return nil, notSent(smtpconn.PhaseConnect, err)
	}
	return d.run(ctx)
}

func notSent(phase smtpconn.Phase, err error) error {
	return &smtpconn.SendError{Outcome: smtpconn.NotSent, Phase: phase, Err: err}
}

// badMessage is the error of an envelope that no call can deliver. An outbox gives the
// message up.
func badMessage(err error) error { return notSent(smtpconn.PhaseConfig, &wire.Fault{Err: err}) }

func badCall(err error) error { return notSent(smtpconn.PhaseConfig, &wire.CallError{Err: err}) }

// delivery is one call of Send.
type delivery struct {
	sender   *Sender
	route    *Route
	envelope smtpconn.Envelope
	content  io.ReadSeeker
	start    int64 // where the content begins
	vetoed   bool  // BeforeEnd has forbidden the end
	tried    []Session
	cut      bool                // the context has ended before the next attempt
	rest     bool                // addresses of the route were not tried, as enough were
	last     *smtpconn.SendError // of the last attempt that a server has seen
}

// watchEnd has BeforeEnd tell when it forbids the message's end.
func (d *delivery) watchEnd() {
	hook := d.envelope.BeforeEnd
	if hook == nil {
		return
	}
	d.envelope.BeforeEnd = func(ctx context.Context) error {
		err := hook(ctx)
		d.vetoed = d.vetoed || err != nil
		return err
	}
}

// run tries the hosts in order.
func (d *delivery) run(ctx context.Context) (*smtpconn.Receipt, error) {
	left := d.sender.cfg.MaxHosts
	for i := range d.route.Hosts {
		h := &d.route.Hosts[i]
		if err := d.unfit(h); err != nil {
			d.note(h, Session{Err: err})
			continue
		}
		another := d.another(i)
		for j, addr := range h.Addrs {
			d.cut, d.rest = ctx.Err() != nil, d.rest || left == 0
			if d.cut || left == 0 {
				return nil, d.failure(ctx)
			}
			if left == 1 && j > 0 && another { // its addresses may all fail for one cause
				d.rest = true
				break
			}
			left--
			last := left == 0 || !another && j == len(h.Addrs)-1
			receipt, next := d.try(ctx, h, addr, last)
			switch {
			case receipt != nil:
				return receipt, nil
			case !next:
				return nil, d.failure(ctx)
			}
		}
	}
	return nil, d.failure(ctx)
}

// another reports whether there is a host to try behind that with index i.
func (d *delivery) another(i int) bool {
	return slices.ContainsFunc(d.route.Hosts[i+1:], func(h Host) bool { return d.unfit(&h) == nil && len(h.Addrs) > 0 })
}

// unfit returns why a host is not used for this message.
func (d *delivery) unfit(h *Host) error {
	if h.Err == nil && d.requireTLS() && !h.vouched() {
		return ErrRequireTLS
	}
	return h.Err
}

// note keeps an attempt, and tells it to the program.
func (d *delivery) note(h *Host, s Session) {
	s.Domain, s.Host, s.Level, s.Demand, s.Why = d.route.Domain, h.Name, d.route.Level, h.Demand, h.Why
	if h.Demand == ByTLSA {
		s.TLSA = h.TLSA
	}
	d.tried = append(d.tried, s)
	if hook := d.sender.cfg.Session; hook != nil {
		hook(s)
	}
}

// try sends the message to one address, which is the last or not, and reports whether the
// next may be tried if it did not get there.
func (d *delivery) try(ctx context.Context, h *Host, addr netip.Addr, last bool) (_ *smtpconn.Receipt, next bool) {
	s := Session{Addr: addr}
	defer func() { d.note(h, s) }()
	d.last = nil
	client, err := d.connect(ctx, h, &s, last)
	if err != nil {
		s.Err = err
		return nil, true
	}
	defer leave(ctx, client)
	if _, s.Err = d.content.Seek(d.start, io.SeekStart); s.Err != nil {
		return nil, false
	}
	receipt, err := client.Send(ctx, d.envelope, d.content)
	if err == nil {
		return receipt, false
	}
	errors.As(err, &d.last)
	if d.elsewhere() {
		s.Err = err
		return nil, true
	}
	if d.last.Outcome != smtpconn.Refused {
		s.Err = err
	}
	return nil, false
}

var errHalf = errors.New("no session in half of the time that was left, and there is another address")

// connect begins a session. A server that is silent leaves half of the time that ctx has to
// the next one.
func (d *delivery) connect(ctx context.Context, h *Host, evidence *Session, last bool) (*smtpconn.Client, error) {
	if by, ok := ctx.Deadline(); ok && !last {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, time.Until(by)/2, errHalf)
		defer cancel()
	}
	return d.sender.connect(ctx, h, evidence)
}

// quitTime bounds the farewell to a server that has answered already.
const quitTime = 10 * time.Second

func leave(ctx context.Context, client *smtpconn.Client) {
	ctx, cancel := context.WithTimeout(ctx, quitTime)
	defer cancel()
	client.Quit(ctx) // which closes, whatever comes of it
}

// elsewhere reports whether another server may take what the last one did not: nothing of
// the message is there, and neither the message nor the call is at fault.
func (d *delivery) elsewhere() bool {
	e := d.last
	switch {
	case e.Outcome == smtpconn.NotSent && d.vetoed:
		return false
	case e.Outcome == smtpconn.NotSent:
		return e.Temporary() || lacks(e)
	}
	closing := func(r smtpconn.Refusal) bool { return r.Reply.Code == smtpline.ServiceClosing } // RFC 5321 §3.8
	return e.Outcome == smtpconn.Refused && (e.Phase == smtpconn.PhaseMail && e.Temporary() || slices.ContainsFunc(e.Refused, closing))
}
