package dns_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/internal/hostname"
	"github.com/mailconn/mailconn/internal/test/fakenet"
)

// canned is a connection to a server that answers a question with the same
// bytes, but for the id, and then hangs up.
type canned struct {
	net.Conn // for the methods that are not used
	answer   []byte
	rest     []byte
}

func (c *canned) Write(p []byte) (int, error) {
	c.rest = append(append([]byte(nil), p[:2]...), c.answer[min(2, len(c.answer)):]...)
	return len(p), nil
}

func (c *canned) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func (c *canned) Close() error                { return nil }
func (c *canned) SetDeadline(time.Time) error { return nil }

// cannedPackets is a canned of packets: what does not fit into one is lost.
type cannedPackets struct{ canned }

func (c *cannedPackets) Read(p []byte) (int, error) {
	n, err := c.canned.Read(p)
	c.rest = nil
	return n, err
}

func (c *cannedPackets) ReadFrom([]byte) (int, net.Addr, error)    { return 0, nil, io.EOF }
func (c *cannedPackets) WriteTo(p []byte, _ net.Addr) (int, error) { return c.Write(p) }

// cannedStream is a canned over TCP, where the length stands before a message.
type cannedStream struct{ canned }

func (c *cannedStream) Write(p []byte) (int, error) {
	c.canned.Write(p[2:])
	c.rest = append(binary.BigEndian.AppendUint16(nil, uint16(len(c.rest))), c.rest...)
	return len(p), nil
}

// FuzzCanonical gives any text as a name. A name has one form, however it was written, and it
// is that of an endpoint's host, or none there.
func FuzzCanonical(f *testing.F) {
	for _, s := range []string{
		"Example.ORG.", "_imaps._tcp.München.example", "１９２.0。2.1", "0.0.0.0.", "127.1", "_a.ü", "a.。", "xn--MNCHEN-3ya.example", "ｘｎ--mnchen-3ya.example",
		"-a.example", "faß.example", "ΟΔΌΣ.example", "K.example", "0x7F.1", "a..b", "\u00ad.example",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, err := dns.Canonical(s)
		host, none := hostname.Normal(s)
		if _, is := netip.ParseAddr(host); err == nil && none == nil && host != name || err != nil && none == nil && is != nil {
			t.Errorf("%q is the name %q, %v, and the host %q", s, name, err, host)
		}
		if err != nil {
			return
		}
		for _, same := range []string{name, name + ".", strings.ToUpper(name)} {
			if again, err := dns.Canonical(same); again != name {
				t.Errorf("%q became %q, and %q became %q, %v", s, name, same, again, err)
			}
		}
		if _, err := dnsmessage.NewName(name + "."); err != nil || len(name) > 253 {
			t.Errorf("%q became %q, which cannot be asked for: %v", s, name, err)
		}
	})
}

// FuzzAnswer gives any bytes as a server's answer. Whatever they are, the call
// returns; what it returns is of the type that was asked for, is bounded, and is
// secure only if the server has said so.
func FuzzAnswer(f *testing.F) {
	names := new(fakenet.Names)
	names.Add("example.org MX 10 mail.example.org.", "a.example CNAME b.example.", "b.example CNAME example.org.",
		"_imaps._tcp.example.org SRV 0 0 0 .", `example.org TXT "a" "b"`, "loop.example CNAME loop.example.")
	names.Sign("example.org")
	for _, q := range []struct {
		name string
		kind dnsmessage.Type
	}{
		{"example.org", dnsmessage.TypeMX}, {"a.example", dnsmessage.TypeMX}, {"none.example.org", dnsmessage.TypeMX},
		{"example.org", dnsmessage.TypeTXT}, {"loop.example", dnsmessage.TypeMX}, {"example.org", dnsmessage.TypeSRV},
	} {
		m := dnsmessage.Message{Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(q.name + "."), Type: q.kind, Class: dnsmessage.ClassINET}}}
		query, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(names.Answer(query), q.name, uint16(q.kind), true)
		f.Add(names.Answer(query), q.name, uint16(q.kind), false)
	}
	f.Fuzz(func(t *testing.T, answer []byte, name string, kind uint16, packets bool) {
		r := &dns.Resolver{Servers: []netip.AddrPort{netip.MustParseAddrPort(local)}}
		dialled := 0
		r.Dial = func(context.Context, string, string) (net.Conn, error) {
			dialled++
			if packets {
				return &cannedPackets{canned{answer: answer}}, nil
			}
			return &cannedStream{canned{answer: answer}}, nil
		}
		a, err := r.Ask(t.Context(), name, dnsmessage.Type(kind))
		if dialled > 9 {
			t.Errorf("%d connections for one question", dialled)
		}
		var failed *dns.Error
		if err != nil {
			if !errors.As(err, &failed) || len(err.Error()) > 512 {
				t.Errorf("%v", err)
			}
			return
		}
		if (a.Absent == dns.Present) != (len(a.Records) > 0) || len(a.Chain) > 10 {
			t.Errorf("%+v", a)
		}
		if (a.Secure || a.AD) && answer[3]&0x20 == 0 {
			t.Errorf("secure, and the server has not said so")
		}
		for _, rec := range a.Records {
			if rec.Header.Type != dnsmessage.Type(kind) || rec.Header.Class != dnsmessage.ClassINET {
				t.Errorf("%+v", rec)
			}
		}
	})
}
