package fakenet

import (
	"net"
	"net/netip"
	"slices"
	"sync"

	"golang.org/x/net/dns/dnsmessage"
)

// Names is a recursive name server. Each record is written as "name TYPE data",
// with the data as in a zone file; TXT has its strings in double quotes.
type Names struct {
	mu      sync.Mutex
	records []record
	signed  []string          // zones that are validated
	faults  map[string]string // by "name TYPE": "silent" or a response code's name
	asked   []string
}

// Add adds records. A record that cannot be read is a panic.
func (s *Names) Add(lines ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range lines {
		s.records = append(s.records, parse(line))
	}
}

// Remove removes all records of a name, and of the names below it.
func (s *Names) Remove(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records = slices.DeleteFunc(s.records, func(r record) bool { return within(r.name, name) })
}

// Sign makes the answers about zones validated ones.
func (s *Names) Sign(zones ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signed = append(s.signed, zones...)
}

// Fail makes a question, as "name TYPE", fail: with "SERVFAIL" or "REFUSED", or
// with silence, as "silent". The name "*" is for all names.
func (s *Names) Fail(question, how string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.faults == nil {
		s.faults = map[string]string{}
	}
	s.faults[question] = how
}

// Asked returns the questions so far as "name TYPE", sorted, without repeats.
func (s *Names) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Clone(s.asked)
	slices.Sort(all)
	return slices.Compact(all)
}

// Total returns how many questions there were so far.
func (s *Names) Total() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// Serve makes s listen at an address of n.
func (s *Names) Serve(n *Net, address string) {
	n.ListenPacket(address, func(query []byte) [][]byte {
		msg := s.Answer(query)
		switch {
		case msg == nil:
			return nil
		case len(msg) > maxUDP:
			msg = cut(msg)
		}
		return [][]byte{msg}
	})
	n.Listen(address, func(c net.Conn) {
		for {
			query, err := readMessage(c)
			if err != nil {
				return
			}
			if msg := s.Answer(query); msg != nil && writeMessage(c, msg) != nil {
				return
			}
		}
	})
}

// Answer returns the answer to a question, nil for silence.
func (s *Names) Answer(query []byte) []byte {
	var m dnsmessage.Message
	if err := m.Unpack(query); err != nil || len(m.Questions) != 1 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q := m.Questions[0]
	name, kind := trim(q.Name), typeName(q.Type)
	s.asked = append(s.asked, name+" "+kind)
	reply := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: m.ID, Response: true, RecursionDesired: true, RecursionAvailable: true},
		Questions: m.Questions,
	}
	for _, key := range []string{name + " " + kind, "* " + kind, name + " *", "* *"} {
		switch s.faults[key] {
		case "silent":
			return nil
		case "SERVFAIL":
			reply.RCode = dnsmessage.RCodeServerFailure
			return pack(reply)
		case "REFUSED":
			reply.RCode = dnsmessage.RCodeRefused
			return pack(reply)
		}
	}
	s.fill(&reply, name, q.Type)
	return pack(reply)
}

// maxUDP is what an answer over UDP may have, whatever the client says.
const maxUDP = 1232

// cut returns an answer without its records, marked as truncated.
func cut(msg []byte) []byte {
	var m dnsmessage.Message
	if err := m.Unpack(msg); err != nil {
		panic("fakenet: " + err.Error())
	}
	m.Truncated, m.Answers = true, nil
	return pack(m)
}

// fill looks a name up, along its aliases.
func (s *Names) fill(reply *dnsmessage.Message, name string, kind dnsmessage.Type) {
	reply.AuthenticData = true
	for range 12 {
		reply.AuthenticData = reply.AuthenticData && slices.ContainsFunc(s.signed, func(zone string) bool { return within(name, zone) })
		known, alias := false, ""
		for _, r := range s.records {
			known = known || within(r.name, name)
			if r.name != name || r.kind != kind && r.kind != dnsmessage.TypeCNAME {
				continue
			}
			owner := dnsmessage.MustNewName(name + ".")
			reply.Answers = append(reply.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: owner, Type: r.kind, Class: dnsmessage.ClassINET, TTL: 60}, Body: r.body,
			})
			if c, ok := r.body.(*dnsmessage.CNAMEResource); ok && kind != dnsmessage.TypeCNAME {
				alias = trim(c.CNAME)
			}
		}
		if !known {
			reply.RCode = dnsmessage.RCodeNameError
		}
		if alias == "" {
			return
		}
		name = alias
	}
}

func pack(m dnsmessage.Message) []byte {
	msg, err := m.Pack()
	if err != nil {
		panic("fakenet: " + err.Error())
	}
	return msg
}

// Loopback makes s listen on a UDP port of 127.0.0.1 until stop is called, for
// programs that cannot be given a Net.
func (s *Names) Loopback() (address netip.AddrPort, stop func()) {
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		panic("fakenet: " + err.Error())
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			if msg := s.Answer(buf[:n]); msg != nil {
				c.WriteTo(msg, from)
			}
		}
	})
	return c.LocalAddr().(*net.UDPAddr).AddrPort(), func() { c.Close(); serving.Wait() }
}
