package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailconn/mailconn/internal/wire"
)

// Resolver asks recursive name servers. The zero value asks those of
// resolv.conf. It keeps nothing between questions, and many goroutines may use it
// at once.
type Resolver struct {
	// Servers are asked in this order. One on loopback must validate: its AD bit
	// is believed. If any server is trusted, the others are never asked: an attacker
	// could otherwise have their unvalidated answers used by blocking the trusted
	// one. nil means those of /etc/resolv.conf, at most three, which is read for
	// each question; its option trust-ad counts as TrustAD. On a system without that
	// file Servers must be set.
	Servers []netip.AddrPort

	// TrustAD believes the AD bit of servers that Servers does not name on
	// loopback. It is right only where no attacker on the way to them, nor from
	// there to the server that validates, can change an answer: in the operator's
	// own network, or with a Dial that encrypts.
	TrustAD bool

	// Timeout bounds a question with all its repeats; each server is asked up to
	// three times, and the time is divided among the tries that are left. Zero or
	// less means 10 seconds.
	Timeout time.Duration

	// Dial makes the connection to a server: network is "udp", or "tcp" for an
	// answer that was cut. nil means a zero net.Dialer. A connection that is not a
	// net.PacketConn is spoken to as over TCP, which suits DNS over TLS.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	conf string // resolv.conf's path, "" for the usual one
}

const (
	rounds         = 3 // how often each server is asked
	defaultTimeout = 10 * time.Second
)

// Ask asks for the records of a type at a name, for which see [Canonical]. A
// name that is an alias is followed to its end, unless the alias is what was
// asked for. A type that no record of a zone has, such as ANY or OPT, is an error.
//
// Every error is an [*Error], and leaves it open whether there are records. If
// ctx ends first, its error is in the chain.
func (r *Resolver) Ask(ctx context.Context, name string, t dnsmessage.Type) (*Answer, error) {
	q, servers, err := r.prepare(name, t)
	if ctx == nil {
		err = errors.New("nil context")
	}
	if err != nil {
		return nil, &Error{Name: name, Type: t, Err: &wire.Fault{Err: err}}
	}
	limit := r.Timeout
	if limit <= 0 {
		limit = defaultTimeout
	}
	if by, ok := ctx.Deadline(); ok {
		limit = max(0, min(limit, time.Until(by)))
	}
	q.silent = fmt.Errorf("no answer in %v", limit.Round(time.Millisecond))
	ctx, cancel := context.WithTimeoutCause(ctx, limit, q.silent)
	defer cancel()
	return q.ask(ctx, servers)
}

// prepare checks everything that can be wrong before anything is sent.
func (r *Resolver) prepare(name string, t dnsmessage.Type) (*question, []server, error) {
	name, err := Canonical(name)
	if err != nil {
		return nil, nil, err
	}
	if t == 0 || t == dnsmessage.TypeOPT || t >= 128 && t <= 255 { // RFC 6895 §3.1
		return nil, nil, errors.New("type is for questions only")
	}
	servers, err := r.servers()
	if err != nil {
		return nil, nil, err
	}
	dial := r.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	return &question{name: name, kind: t, dial: dial}, servers, nil
}

// ask asks the servers in turn until one answers. One that was silent is asked
// again; one that has said what it has to say is not.
func (q *question) ask(ctx context.Context, servers []server) (*Answer, error) {
	queue := slices.Repeat(servers, rounds)
	for {
		s := queue[0]
		a, failed := q.try(ctx, s, len(queue))
		if failed == nil {
			return a, nil
		}
		queue = queue[1:]
		if failed.answered {
			queue = slices.DeleteFunc(queue, func(o server) bool { return o == s })
		}
		if len(queue) == 0 || ctx.Err() != nil || s.trusted && failed.RCode == dnsmessage.RCodeServerFailure {
			return nil, failed
		}
	}
}

// try asks one server once, in its share of the time that is left.
func (q *question) try(ctx context.Context, s server, left int) (*Answer, *Error) {
	by, _ := ctx.Deadline()
	try, cancel := context.WithTimeoutCause(ctx, time.Until(by)/time.Duration(left), q.silent)
	defer cancel()
	a, err := q.exchange(try, s)
	if err == nil {
		return a, nil
	}
	failed := &Error{Name: q.name, Type: q.kind, Server: s.addr, Err: err}
	var reply *replyError
	if errors.As(err, &reply) {
		failed.RCode, failed.answered = reply.code, true
	}
	return nil, failed
}
