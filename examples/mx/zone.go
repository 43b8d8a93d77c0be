package main

import (
	"net"
	"net/netip"

	"golang.org/x/net/dns/dnsmessage"
)

// zone is a name server that is just enough for the demonstration: it says of some names
// that it has validated them.
type zone struct {
	records []dnsmessage.Resource
	signed  map[string]bool
}

// mail adds a domain with one MX host.
func (z *zone) mail(domain, ip string) {
	host := dnsmessage.MustNewName("mx." + domain)
	z.add(domain, dnsmessage.TypeMX, &dnsmessage.MXResource{Pref: 10, MX: host})
	z.add(host.String(), dnsmessage.TypeA, &dnsmessage.AResource{A: netip.MustParseAddr(ip).As4()})
}

// none adds a domain that takes no mail.
func (z *zone) none(domain string) {
	z.add(domain, dnsmessage.TypeMX, &dnsmessage.MXResource{MX: dnsmessage.MustNewName(".")})
}

// record adds a record of a type that package dnsmessage does not know.
func (z *zone) record(owner string, t dnsmessage.Type, data []byte) {
	z.add(owner, t, &dnsmessage.UnknownResource{Type: t, Data: data})
}

func (z *zone) add(owner string, t dnsmessage.Type, body dnsmessage.ResourceBody) {
	h := dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(owner), Type: t, Class: dnsmessage.ClassINET}
	z.records = append(z.records, dnsmessage.Resource{Header: h, Body: body})
}

// serve answers at a port of loopback, until it is closed.
func (z *zone) serve() (net.PacketConn, error) {
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			if reply := z.answer(buf[:n]); reply != nil {
				c.WriteTo(reply, from)
			}
		}
	}()
	return c, nil
}

func (z *zone) answer(query []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(query) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	reply := dnsmessage.Message{Questions: m.Questions, Header: dnsmessage.Header{
		ID: m.ID, Response: true, RecursionAvailable: true, AuthenticData: z.signed[q.Name.String()], RCode: dnsmessage.RCodeNameError,
	}}
	for _, r := range z.records {
		if r.Header.Name != q.Name {
			continue
		}
		reply.RCode = dnsmessage.RCodeSuccess
		if r.Header.Type == q.Type {
			reply.Answers = append(reply.Answers, r)
		}
	}
	packed, err := reply.Pack()
	if err != nil {
		return nil
	}
	return packed
}
