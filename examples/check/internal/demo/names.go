package demo

import (
	"context"
	"encoding/binary"
	"io"
	"log"
	"net"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// record is one that the name server has.
type record struct {
	name string
	body dnsmessage.ResourceBody
}

func address(ip string) dnsmessage.ResourceBody {
	return &dnsmessage.AResource{A: netip.MustParseAddr(ip).As4()}
}

func service(host string, port uint16) dnsmessage.ResourceBody {
	return &dnsmessage.SRVResource{Port: port, Target: dnsmessage.MustNewName(host + ".")}
}

func exchange(preference uint16, host string) dnsmessage.ResourceBody {
	return &dnsmessage.MXResource{Pref: preference, MX: dnsmessage.MustNewName(host + ".")}
}

// nameServer is where programs of the demo believe that their name server is.
func nameServer() []netip.AddrPort {
	return []netip.AddrPort{netip.MustParseAddrPort("192.0.2.53:53")}
}

// dialNames returns a connection to the name server, which is in this process. It speaks as
// over TCP (RFC 1035 §4.2.2): each message after its length.
func dialNames(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	go func() {
		defer server.Close()
		for {
			var size uint16
			if binary.Read(server, binary.BigEndian, &size) != nil {
				return
			}
			question := make([]byte, size)
			if _, err := io.ReadFull(server, question); err != nil {
				return
			}
			reply, err := answer(question)
			if err != nil {
				return
			}
			server.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...))
		}
	}()
	return client, nil
}

// answer returns the reply to a question.
func answer(question []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil {
		return nil, err
	}
	reply := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true, RCode: dnsmessage.RCodeNameError},
		Questions: m.Questions,
	}
	q := m.Questions[0]
	for _, r := range records() {
		name := strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))
		if r.name == name || strings.HasSuffix(r.name, "."+name) {
			reply.RCode = dnsmessage.RCodeSuccess // the name exists, with or without such records
		}
		header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 60}
		if res := (dnsmessage.Resource{Header: header, Body: r.body}); r.name == name && typeOf(r.body) == q.Type {
			reply.Answers = append(reply.Answers, res)
		}
	}
	return reply.Pack()
}

func typeOf(body dnsmessage.ResourceBody) dnsmessage.Type {
	switch body.(type) {
	case *dnsmessage.SRVResource:
		return dnsmessage.TypeSRV
	case *dnsmessage.MXResource:
		return dnsmessage.TypeMX
	case *dnsmessage.TXTResource:
		return dnsmessage.TypeTXT
	}
	return dnsmessage.TypeA
}

// quiet returns a log that writes nothing: clients that hang up are part of the demo.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
