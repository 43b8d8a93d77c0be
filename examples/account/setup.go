package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/discover"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/examples/internal/accountfile"
)

// setUp is the set-up of one account.
type setUp struct {
	*options
	person
	find    *discover.Options
	dialer  *dial.Dialer
	account accountfile.Account
	asked   time.Duration // how long the person was waited for
}

func newSetUp(o *options, find *discover.Options, stdin io.Reader, stdout io.Writer) *setUp {
	s := &setUp{options: o, find: find, person: newPerson(stdin, stdout)}
	// The same rule for addresses holds for the servers that were found.
	s.dialer = &dial.Dialer{NetDialer: find.NetDialer(), Timeout: 20 * time.Second}
	if find.Dialer != nil {
		s.dialer.TLSConfig = find.Dialer.TLSConfig
	}
	return s
}

// setUp leads from an address to an account file.
func (s *setUp) setUp(ctx context.Context) error {
	begin := time.Now()
	s.tell("%s\n", s.address)
	found, err := discover.Find(ctx, s.address, s.find)
	if err != nil {
		return err
	}
	read, err := s.choose(ctx, "read", found.Reading)
	if err != nil {
		return s.nothing(found, err)
	}
	send, err := s.choose(ctx, "send", found.Sending)
	if err != nil {
		return s.nothing(found, err)
	}
	s.account.Read, s.account.Send = read.Endpoint, send.Endpoint
	for _, e := range []dial.Endpoint{read.Endpoint, send.Endpoint} {
		if err := s.inspect(ctx, e); err != nil {
			return err
		}
	}
	s.dialer.Pins = s.account.Pins
	if err := s.login(ctx, read); err != nil {
		return err
	}
	if err := s.account.Save(s.file); err != nil {
		return err
	}
	s.tell("\nIt took %.1f seconds, without those for your answers. The account is in %s.", (time.Since(begin) - s.asked).Seconds(), s.file)
	return nil
}

// again uses an account that was set up.
func (s *setUp) again(ctx context.Context) error {
	a, err := accountfile.Load(s.file)
	if err != nil {
		return err
	}
	s.account, s.dialer.Pins = *a, a.Pins
	return s.login(ctx, discover.Candidate{Endpoint: a.Read, Users: []string{a.User}, Issuer: a.Issuer})
}

// choose returns the server to use. It asks about one for which the domain does not vouch.
func (s *setUp) choose(ctx context.Context, use string, servers discover.Servers) (discover.Candidate, error) {
	if len(servers.Ready) > 0 {
		c := servers.Ready[0]
		s.tell("To %s mail: %v\n    %s", use, c.Endpoint, proofs(c))
		return c, nil
	}
	refused := errors.New("no server to " + use + " mail was found")
	for _, c := range servers.AskFirst {
		s.tell("To %s mail, perhaps: %v\n    %s", use, c.Endpoint, proofs(c))
		if s.agreed[c.Endpoint.Host] {
			s.tell("    You have agreed to %s.", c.Endpoint.Host)
			return c, nil
		}
		s.tell("    The domain itself does not vouch for this server. An attacker who can change the answers")
		s.tell("    of name servers could have put it there, and would get your password.")
		err := s.wait(func() error {
			return s.agrees(ctx, c.Endpoint.Host, "    Has your provider told you that "+c.Endpoint.Host+" is its server?")
		})
		if !errors.Is(err, errNo) {
			return c, err
		}
		refused = fmt.Errorf("%w, and there is no other server to %s mail", errNo, use)
	}
	if len(servers.Refused) > 0 {
		return discover.Candidate{}, fmt.Errorf("%v: %w", servers.Refused[0].Endpoint, servers.Refused[0].Why)
	}
	return discover.Candidate{}, refused
}

func proofs(c discover.Candidate) string {
	var said []string
	for _, p := range c.Proofs {
		said = append(said, p.String())
	}
	return strings.Join(said, ", ")
}

// nothing adds to an error which sources could not be asked.
func (s *setUp) nothing(found *discover.Result, err error) error {
	if len(found.Failed) > 0 {
		s.tell("Not everything could be asked, so that there may be more:")
	}
	for _, failed := range found.Failed {
		s.tell("    %v", failed)
	}
	if found.NoDomain {
		return errors.New("the domain does not exist: look at the address")
	}
	return err
}

// inspect looks at a server's certificate before anything is sent there, and asks about one
// that does not verify.
func (s *setUp) inspect(ctx context.Context, e dial.Endpoint) error {
	seen, err := s.dialer.Inspect(ctx, e)
	if err != nil {
		return err
	}
	s.tell("%s shows %s, a certificate for %s until %s.", e.Address(), tls.VersionName(seen.Version),
		strings.Join(seen.Names(), ", "), seen.Chain[0].NotAfter.Format(time.DateOnly))
	if seen.Err == nil {
		return nil
	}
	s.tell("    It does not prove that this is the server: %v", seen.Err)
	pin, ok := seen.Pin()
	if !ok {
		return seen.Err
	}
	key := trust.HashKey(seen.Chain[0])
	s.tell("    Its key is %v.", key)
	subject := fmt.Sprint(e.Host, key)
	if s.agreed[subject] {
		s.tell("    You have agreed to this key of %s.", e.Host)
	} else if err := s.wait(func() error {
		return s.agrees(ctx, subject, "    Has the operator of the server told you this key, not by mail?")
	}); err != nil {
		return errors.Join(err, seen.Err)
	}
	s.account.Pins = append(s.account.Pins, pin)
	return nil
}

// wait calls f, which waits for the person.
func (s *setUp) wait(f func() error) error {
	begin := time.Now()
	defer func() { s.asked += time.Since(begin) }()
	return f()
}
