package dns_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailconn/mailconn/dial/dns"
	"github.com/mailconn/mailconn/internal/test/fakenet"
)

// change unpacks a message, changes it and packs it again.
func change(msg []byte, f func(*dnsmessage.Message)) []byte {
	var m dnsmessage.Message
	if err := m.Unpack(msg); err != nil {
		panic(err)
	}
	f(&m)
	msg, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return msg
}

// truncate has every answer over UDP cut.
func truncate(n *fakenet.Net, address string) {
	n.ListenPacket(address, func(q []byte) [][]byte {
		return [][]byte{change(q, func(m *dnsmessage.Message) { m.Response, m.Truncated, m.Additionals = true, true, nil })}
	})
}

func hang(c net.Conn) { io.Copy(io.Discard, c) }

// drip sends one byte of an answer a quarter of a second.
func drip(c net.Conn) {
	for range time.Tick(250 * time.Millisecond) {
		if _, err := c.Write([]byte{1}); err != nil {
			return
		}
	}
}

// Datagrams that do not answer the question are ignored, and when there are many
// of them the answer is asked for over TCP.
func TestForeignDatagrams(t *testing.T) {
	forged := func(m *dnsmessage.Message) {
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Class: dnsmessage.ClassINET},
			Body:   &dnsmessage.AResource{A: [4]byte{203, 0, 113, 66}},
		}}
	}
	for name, bad := range map[string]func(answer []byte) []byte{
		"another id": func(b []byte) []byte { return change(b, func(m *dnsmessage.Message) { forged(m); m.ID++ }) },
		"another question": func(b []byte) []byte {
			return change(b, func(m *dnsmessage.Message) { forged(m); m.Questions[0].Name = dnsmessage.MustNewName("other.org.") })
		},
		"another type": func(b []byte) []byte {
			return change(b, func(m *dnsmessage.Message) { forged(m); m.Questions[0].Type = dnsmessage.TypeAAAA })
		},
		"another class": func(b []byte) []byte {
			return change(b, func(m *dnsmessage.Message) { forged(m); m.Questions[0].Class = dnsmessage.ClassCHAOS })
		},
		"two questions": func(b []byte) []byte {
			return change(b, func(m *dnsmessage.Message) { forged(m); m.Questions = slices.Repeat(m.Questions, 2) })
		},
		"no question":     func(b []byte) []byte { return change(b, func(m *dnsmessage.Message) { forged(m); m.Questions = nil }) },
		"a question back": func(b []byte) []byte { return change(b, func(m *dnsmessage.Message) { forged(m); m.Response = false }) },
		"another opcode":  func(b []byte) []byte { return change(b, func(m *dnsmessage.Message) { forged(m); m.OpCode = 5 }) },
		"noise":           func(b []byte) []byte { return []byte("noise") },
		"nothing":         func(b []byte) []byte { return nil },
	} {
		for _, count := range []int{1, 15, 16, 500} {
			in(t, func(t *testing.T, n *fakenet.Net) {
				names := zone(n)
				n.ListenPacket(remote, func(q []byte) [][]byte {
					answer := names.Answer(q)
					return append(slices.Repeat([][]byte{bad(answer)}, count), answer, answer)
				})
				start := time.Now()
				if got := show(resolver(n, remote).Ask(t.Context(), "mail.example.org", dnsmessage.TypeA)); got != "192.0.2.1" {
					t.Errorf("%d of %s: %s", count, name, got)
				}
				if overTCP := slices.Contains(n.Dialled(), "tcp "+remote); overTCP != (count >= 16) || time.Since(start) != 0 {
					t.Errorf("%d of %s: over TCP %v, after %v", count, name, overTCP, time.Since(start))
				}
			})
		}
	}
}

func TestTruncated(t *testing.T) {
	for name, c := range map[string]struct {
		tcp  func(*fakenet.Names, net.Conn)
		want string
	}{
		"whole over TCP": {nil, "192.0.2.1"},
		"TCP closes":     {func(_ *fakenet.Names, c net.Conn) {}, "error"},
		"TCP cuts":       {func(_ *fakenet.Names, c net.Conn) { c.Write([]byte{0, 200, 1, 2, 3}) }, "error"},
		"cut over TCP as well": {func(names *fakenet.Names, c net.Conn) {
			answerStream(c, func(q []byte) []byte {
				return change(names.Answer(q), func(m *dnsmessage.Message) { m.Truncated = true })
			})
		}, "error"},
		"another question over TCP": {func(names *fakenet.Names, c net.Conn) {
			answerStream(c, func(q []byte) []byte {
				return change(names.Answer(q), func(m *dnsmessage.Message) { m.ID++ })
			})
		}, "error"},
	} {
		in(t, func(t *testing.T, n *fakenet.Net) {
			names := zone(n)
			truncate(n, remote)
			if c.tcp != nil {
				n.Listen(remote, func(conn net.Conn) { c.tcp(names, conn) })
			}
			a, err := resolver(n, remote).Ask(t.Context(), "mail.example.org", dnsmessage.TypeA)
			if got := show(a, err); got != c.want {
				t.Errorf("%s: %s, %v", name, got, err)
			}
			var failed *dns.Error
			if err != nil && (!errors.As(err, &failed) || !failed.Temporary()) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

// An answer that does not fit into the datagram that the client has room for is asked for
// over TCP, also if the server sends it all the same.
func TestLongDatagram(t *testing.T) {
	for records, overTCP := range map[int]bool{70: false, 80: true, 300: true} {
		in(t, func(t *testing.T, n *fakenet.Net) {
			names := zone(n)
			for i := range records {
				names.Add(fmt.Sprintf("many.example.org A 192.0.3.%d", i%256))
			}
			n.ListenPacket(remote, func(q []byte) [][]byte { return [][]byte{names.Answer(q)} })
			a, err := resolver(n, remote).Ask(t.Context(), "many.example.org", dnsmessage.TypeA)
			if err != nil || len(a.Records) != records {
				t.Fatalf("%d: %v, %v", records, a, err)
			}
			if got := slices.Contains(n.Dialled(), "tcp "+remote); got != overTCP {
				t.Errorf("%d: over TCP %v", records, got)
			}
		})
	}
}

// answerStream answers one question over TCP.
func answerStream(c net.Conn, answer func([]byte) []byte) {
	var length [2]byte
	io.ReadFull(c, length[:])
	q := make([]byte, int(length[0])<<8|int(length[1]))
	io.ReadFull(c, q)
	msg := answer(q)
	c.Write(append([]byte{byte(len(msg) >> 8), byte(len(msg))}, msg...))
}

// A server that does not know EDNS is asked without it.
func TestWithoutEDNS(t *testing.T) {
	for name, code := range map[string]dnsmessage.RCode{"FORMERR": dnsmessage.RCodeFormatError, "NOTIMP": dnsmessage.RCodeNotImplemented} {
		for _, headerOnly := range []bool{false, code == dnsmessage.RCodeFormatError} {
			in(t, func(t *testing.T, n *fakenet.Net) {
				names := zone(n)
				n.ListenPacket(local, func(q []byte) [][]byte {
					answer := names.Answer(q)
					if bytes.Contains(q, []byte{0, 0, 41}) { // an OPT record
						answer = change(answer, func(m *dnsmessage.Message) {
							m.RCode, m.Answers = code, nil
							if headerOnly {
								m.Questions = nil
							}
						})
					}
					return [][]byte{answer}
				})
				a, err := resolver(n, local).Ask(t.Context(), "mail.example.org", dnsmessage.TypeA)
				if got := show(a, err); got != "192.0.2.1; secure" {
					t.Errorf("%s, header only %v: %s, %v", name, headerOnly, got, err)
				}
			})
		}
		in(t, func(t *testing.T, n *fakenet.Net) {
			names, asked := zone(n), 0
			n.ListenPacket(local, func(q []byte) [][]byte {
				asked++
				return [][]byte{change(names.Answer(q), func(m *dnsmessage.Message) { m.RCode, m.Answers = code, nil })}
			})
			_, err := resolver(n, local).Ask(t.Context(), "mail.example.org", dnsmessage.TypeA)
			var failed *dns.Error
			if !errors.As(err, &failed) || failed.RCode != code || asked != 2 {
				t.Errorf("%s always: %v after %d questions", name, err, asked)
			}
		})
	}
}

// What a server says that does not look for answers itself is no absence, and
// contradictions are none either.
func TestNoAbsence(t *testing.T) {
	ns := dnsmessage.Resource{
		Header: dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName("org."), Type: dnsmessage.TypeNS, Class: dnsmessage.ClassINET},
		Body:   &dnsmessage.NSResource{NS: dnsmessage.MustNewName("ns.example.")},
	}
	soa := dnsmessage.Resource{
		Header: dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName("org."), Type: dnsmessage.TypeSOA, Class: dnsmessage.ClassINET},
		Body:   &dnsmessage.SOAResource{NS: ns.Body.(*dnsmessage.NSResource).NS, MBox: dnsmessage.MustNewName("a.example.")},
	}
	for name, c := range map[string]struct {
		change func(*dnsmessage.Message)
		kind   dnsmessage.Type
		want   string
	}{
		"nothing":                  {func(m *dnsmessage.Message) {}, tlsa, "no data"},
		"SOA":                      {func(m *dnsmessage.Message) { m.Authorities = []dnsmessage.Resource{soa} }, tlsa, "no data"},
		"NS and SOA":               {func(m *dnsmessage.Message) { m.Authorities = []dnsmessage.Resource{ns, soa} }, tlsa, "no data"},
		"authoritative":            {func(m *dnsmessage.Message) { m.Authoritative, m.RecursionAvailable = true, false }, tlsa, "no data"},
		"referral":                 {func(m *dnsmessage.Message) { m.Authorities = []dnsmessage.Resource{ns} }, tlsa, "error"},
		"does not recurse":         {func(m *dnsmessage.Message) { m.RecursionAvailable = false }, tlsa, "error"},
		"records of no name":       {func(m *dnsmessage.Message) { m.RCode = dnsmessage.RCodeNameError }, dnsmessage.TypeA, "error"},
		"records of another name":  {func(m *dnsmessage.Message) { m.Answers[0].Header.Name = dnsmessage.MustNewName("other.org.") }, dnsmessage.TypeA, "no data"},
		"records of another class": {func(m *dnsmessage.Message) { m.Answers[0].Header.Class = dnsmessage.ClassCHAOS }, dnsmessage.TypeA, "no data"},
		"code 11":                  {func(m *dnsmessage.Message) { m.RCode = 11 }, dnsmessage.TypeA, "error"},
	} {
		in(t, func(t *testing.T, n *fakenet.Net) {
			names := zone(n)
			n.ListenPacket(remote, func(q []byte) [][]byte { return [][]byte{change(names.Answer(q), c.change)} })
			a, err := resolver(n, remote).Ask(t.Context(), "mail.example.org", c.kind)
			if got := show(a, err); got != c.want {
				t.Errorf("%s: %s, %v", name, got, err)
			}
		})
	}
}

// The question on the wire: recursion desired, AD, EDNS, no DO, one question
// for an absolute name, and an id that an attacker cannot guess.
func TestQuestion(t *testing.T) {
	ids := map[uint16]bool{}
	in(t, func(t *testing.T, n *fakenet.Net) {
		names := zone(n)
		n.ListenPacket(remote, func(q []byte) [][]byte {
			var m dnsmessage.Message
			if err := m.Unpack(q); err != nil {
				t.Fatal(err)
			}
			ids[m.ID] = true
			h := m.Header
			h.ID = 0
			if h != (dnsmessage.Header{RecursionDesired: true, AuthenticData: true}) {
				t.Errorf("header %+v", h)
			}
			if len(m.Questions) != 1 || m.Questions[0].Name.String() != "xn--mnchen-3ya.example." || m.Questions[0].Class != dnsmessage.ClassINET {
				t.Errorf("questions %v", m.Questions)
			}
			if len(m.Additionals) != 1 || m.Additionals[0].Header.Class != 1232 || m.Additionals[0].Header.DNSSECAllowed() {
				t.Errorf("additionals %v", m.Additionals)
			}
			return [][]byte{names.Answer(q)}
		})
		for range 64 {
			if _, err := resolver(n, remote).Ask(t.Context(), "München.example", dnsmessage.TypeMX); err != nil {
				t.Fatal(err)
			}
		}
		if len(ids) < 60 {
			t.Errorf("64 questions with %d ids", len(ids))
		}
	})
}

// A connection that is not one of packets is spoken to as over TCP, as suits
// DNS over TLS.
func TestStreamOnly(t *testing.T) {
	in(t, func(t *testing.T, n *fakenet.Net) {
		zone(n)
		r := resolver(n, remote)
		r.Dial = func(ctx context.Context, _, address string) (net.Conn, error) {
			return n.DialContext(ctx, "tcp", address)
		}
		if got := show(r.Ask(t.Context(), "mail.example.org", dnsmessage.TypeA)); got != "192.0.2.1" {
			t.Error(got)
		}
	})
}

// Over real sockets: an answer from another port than the one that was asked does
// not arrive, and a closed port is an error at once.
func TestSockets(t *testing.T) {
	names := new(fakenet.Names)
	names.Add("mail.example.org A 192.0.2.1")
	server, stranger := listenUDP(t), listenUDP(t)
	var wg sync.WaitGroup
	wg.Go(func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := server.ReadFrom(buf)
			if err != nil {
				return
			}
			answer := names.Answer(buf[:n])
			stranger.WriteTo(change(answer, func(m *dnsmessage.Message) { m.Answers, m.RCode = nil, dnsmessage.RCodeNameError }), from)
			server.WriteTo(answer, from)
		}
	})
	defer wg.Wait()
	defer server.Close()
	r := &dns.Resolver{Servers: []netip.AddrPort{netip.MustParseAddrPort(server.LocalAddr().String())}}
	if got := show(r.Ask(t.Context(), "mail.example.org", dnsmessage.TypeA)); got != "192.0.2.1" {
		t.Error(got)
	}
	closed := listenUDP(t)
	closed.Close()
	r.Servers[0] = netip.MustParseAddrPort(closed.LocalAddr().String())
	_, err := r.Ask(t.Context(), "mail.example.org", dnsmessage.TypeA)
	var failed *dns.Error
	if !errors.As(err, &failed) || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
}

func listenUDP(t *testing.T) net.PacketConn {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
