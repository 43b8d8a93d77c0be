package dns

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"net"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailconn/mailconn/internal/wire"
)

const (
	maxUDP     = 1232 // bytes of a datagram that usual paths do not fragment
	maxForeign = 16   // datagrams that do not fit the question, before it goes over TCP
)

// question is what is asked, and how to reach whom.
type question struct {
	name   string
	kind   dnsmessage.Type
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	silent error // what is said if the time is over
}

// exchange asks one server: over UDP, over TCP if the answer was cut, and
// without EDNS if the server does not know it (RFC 6891 §6.2.2).
func (q *question) exchange(ctx context.Context, s server) (*Answer, error) {
	network, edns := "udp", true
	for {
		reply, err := q.roundTrip(ctx, s, network, edns)
		switch {
		case err != nil:
			return nil, err
		case edns && (reply.RCode == dnsmessage.RCodeFormatError || reply.RCode == dnsmessage.RCodeNotImplemented):
			edns = false
		case network == "udp" && reply.Truncated:
			network = "tcp"
		default:
			return q.read(reply, s)
		}
	}
}

// reply is an answer whose header and question have been read.
type reply struct {
	dnsmessage.Header
	rest dnsmessage.Parser
}

// roundTrip asks once, on a socket of its own.
func (q *question) roundTrip(ctx context.Context, s server, network string, edns bool) (*reply, error) {
	id := newID()
	msg, err := q.pack(id, edns)
	if err != nil {
		return nil, err
	}
	conn, err := q.dial(ctx, network, s.addr.String())
	if err != nil {
		return nil, ended(ctx, err)
	}
	defer conn.Close()
	var answer *reply
	err = wire.Watched(ctx, conn, func() (err error) {
		if _, packets := conn.(net.PacketConn); packets {
			answer, err = q.overPackets(conn, id, msg)
		} else {
			answer, err = q.overStream(conn, id, msg)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// ended returns the error of ctx if it has one, else err.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return wire.ContextError(ctx)
	}
	return err
}

// overPackets sends the question and waits for its answer. Other datagrams are
// late, or forged: they are ignored until there are too many of them, and then
// the answer counts as cut, so that it is asked for over TCP.
func (q *question) overPackets(conn net.Conn, id uint16, msg []byte) (*reply, error) {
	if _, err := conn.Write(msg); err != nil {
		return nil, err
	}
	buf := make([]byte, maxUDP+1)
	for range maxForeign {
		n, err := conn.Read(buf)
		if err != nil {
			return nil, err
		}
		if answer := q.match(id, buf[:n]); answer != nil {
			answer.Truncated = answer.Truncated || n > maxUDP // some servers do not keep to the size
			return answer, nil
		}
	}
	return &reply{Header: dnsmessage.Header{Truncated: true}}, nil
}

// overStream does the same over TCP, where each message has its length before
// it (RFC 1035 §4.2.2) and nothing foreign arrives.
func (q *question) overStream(conn net.Conn, id uint16, msg []byte) (*reply, error) {
	if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(msg))), msg...)); err != nil {
		return nil, err
	}
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return nil, err
	}
	buf := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(conn, buf); err != nil {
		return nil, err
	}
	answer := q.match(id, buf)
	switch {
	case answer == nil:
		return nil, malformed("the answer is not to the question")
	case answer.Truncated:
		return nil, malformed("the answer is cut, over TCP")
	}
	return answer, nil
}

// newID returns an id that cannot be guessed (RFC 5452 §9.2).
func newID() uint16 {
	var id [2]byte
	rand.Read(id[:]) // never fails
	return binary.BigEndian.Uint16(id[:])
}

// pack writes the question: recursion desired, and AD set to learn whether the
// answer was validated (RFC 6840 §5.7).
func (q *question) pack(id uint16, edns bool) ([]byte, error) {
	asked, err := q.asked()
	if err != nil {
		return nil, err
	}
	msg := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: id, RecursionDesired: true, AuthenticData: true},
		Questions: []dnsmessage.Question{asked},
	}
	if edns {
		var h dnsmessage.ResourceHeader
		if err := h.SetEDNS0(maxUDP, dnsmessage.RCodeSuccess, false); err != nil {
			return nil, err
		}
		msg.Additionals = []dnsmessage.Resource{{Header: h, Body: new(dnsmessage.OPTResource)}}
	}
	return msg.Pack()
}

// asked returns the question as it stands in messages.
func (q *question) asked() (dnsmessage.Question, error) {
	name, err := dnsmessage.NewName(q.name + ".")
	return dnsmessage.Question{Name: name, Type: q.kind, Class: dnsmessage.ClassINET}, err
}

// match reads the header and the question of a message, and returns nil if it
// does not answer this question with this id.
func (q *question) match(id uint16, msg []byte) *reply {
	var answer reply
	var err error
	if answer.Header, err = answer.rest.Start(msg); err != nil || answer.ID != id || !answer.Response || answer.OpCode != 0 {
		return nil
	}
	asked, err := answer.rest.Question()
	if errors.Is(err, dnsmessage.ErrSectionDone) && answer.RCode == dnsmessage.RCodeFormatError {
		return &answer // from a server that could not even read the question
	}
	if err != nil || plain(asked.Name) != q.name || asked.Type != q.kind || asked.Class != dnsmessage.ClassINET {
		return nil
	}
	if _, err := answer.rest.Question(); !errors.Is(err, dnsmessage.ErrSectionDone) {
		return nil
	}
	return &answer
}
