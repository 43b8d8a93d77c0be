package script

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/mailconn/mailconn/policy"
)

// errEnd ends a play: the script closed the connection.
var errEnd = errors.New("end of script")

// play is one connection being served.
type play struct {
	c      *Case
	st     *Stage
	back   *backlog
	conn   net.Conn
	in     *bufio.Reader
	parts  []*part // where to look for what to say, in this order
	tag    string
	asked  bool // the last line was a "+", so the client's next has no tag
	rec    *Record
	inside bool
	drip   bool
}

// Serve plays the case as its server towards a client with policy p, and
// returns what the client did. It ends when the client is gone or the script
// closes the connection; it closes raw.
func (c *Case) Serve(raw net.Conn, p policy.Policy, st Stage) *Record {
	pl := &play{c: c, st: &st, back: newBacklog(raw), rec: &Record{}}
	pl.over(pl.back, c.clear)
	if c.clear == nil {
		pl.parts = []*part{st.Honest.clear}
	}
	pl.run(p)
	raw.Close()
	<-pl.back.done
	pl.rec.TLSFirst = pl.back.isTLS()
	return pl.rec
}

func (p *play) run(pol policy.Policy) {
	if pol == policy.ImplicitTLS && !p.c.implicitClear {
		if p.tls(p.c.TLS) != nil {
			return
		}
	}
	if p.do(p.greeting()) != nil {
		return
	}
	for {
		line, err := p.in.ReadString('\n')
		p.note(line)
		if err != nil || p.answer(strings.TrimRight(line, "\r\n")) != nil {
			return
		}
	}
}

// over makes conn what the server speaks over, and says what.
func (p *play) over(conn net.Conn, parts ...*part) {
	p.conn, p.in, p.parts = conn, bufio.NewReader(conn), slices.DeleteFunc(parts, func(x *part) bool { return x == nil })
}

func (p *play) greeting() []step {
	for _, part := range p.parts {
		if part.greeting != nil {
			return part.greeting
		}
	}
	return nil
}

// match returns the answer to a command, and whether there is one.
func (p *play) match(command string) ([]step, bool) {
	for _, part := range p.parts {
		if steps, ok := part.match(command); ok {
			return steps, true
		}
	}
	return nil, false
}

// note records what the client said, apart from handshakes that the script
// does not want to understand.
func (p *play) note(line string) {
	switch {
	case p.inside:
		p.rec.Inside = append(p.rec.Inside, line...)
	case !isHandshake(line):
		p.rec.Clear = append(p.rec.Clear, line...)
	}
	p.st.trace(true, p.inside, line)
}

func isHandshake(s string) bool { return strings.HasPrefix(s, "\x16\x03") }

func (p *play) answer(line string) error {
	command := line
	if p.c.Protocol == policy.IMAP && !p.asked {
		if tag, rest, ok := strings.Cut(line, " "); ok {
			p.tag, command = tag, rest
		}
	}
	if !p.inside && isHandshake(line) {
		io.Copy(io.Discard, p.in) // not ours to understand
		return errEnd
	}
	steps, ok := p.match(command)
	if !ok {
		p.rec.Unexpected = append(p.rec.Unexpected, line)
		if p.st.Else == nil {
			return nil
		}
		steps = []step{{opSend, p.st.Else(command, p.inside)}}
	}
	return p.do(steps)
}

func (p *play) do(steps []step) error {
	var out []byte
	for _, s := range steps {
		if s.op == opSend {
			out = append(out, strings.ReplaceAll(s.text, "<tag>", p.tag)...)
			p.asked = strings.HasPrefix(s.text, "+")
			continue
		}
		if err := p.send(out); err != nil {
			return err
		}
		out = nil
		if err := p.act(s); err != nil {
			return err
		}
	}
	return p.send(out)
}

func (p *play) act(s step) error {
	switch s.op {
	case opTLS:
		return p.tls(s.text)
	case opFIN:
		p.back.Close()
		return errEnd
	case opRST:
		if tcp, ok := p.back.Conn.(interface{ SetLinger(int) error }); ok {
			tcp.SetLinger(0)
		}
		p.back.Close()
		return errEnd
	case opHang:
		rest, _ := io.ReadAll(p.in)
		p.note(string(rest))
		return errEnd
	case opDrip:
		p.drip = true
	case opDeflate:
		return p.deflate()
	}
	return nil
}

// dripTime is the pause between two bytes of a drip: shorter than a client's
// patience for one read, and longer than that for the whole.
const dripTime = 10 * time.Second

func (p *play) send(b []byte) error {
	p.st.trace(false, p.inside, string(b))
	for len(b) > 0 {
		n := p.segment(b)
		if _, err := p.conn.Write(b[:n]); err != nil {
			return err
		}
		b = b[n:]
		if p.drip && !p.back.pause(dripTime) {
			return errEnd
		}
	}
	return nil
}

// segment returns how much of b goes out in one write.
func (p *play) segment(b []byte) int {
	switch {
	case p.drip || p.st.Segments == Bytes:
		return 1
	case p.st.Segments == Lines:
		if i := strings.IndexByte(string(b), '\n'); i >= 0 {
			return i + 1
		}
	}
	return len(b)
}

// tls does the server's side of a handshake and goes on inside.
func (p *play) tls(kind string) error {
	raw := net.Conn(p.back)
	if early, _ := p.in.Peek(p.in.Buffered()); isHandshake(string(early)) {
		raw = &ahead{p.back, p.in} // the client was told to go on before it had asked
	} else if len(early) > 0 {
		p.rec.Unexpected = append(p.rec.Unexpected, "pipelined ahead of TLS: "+string(early))
	}
	cfg, err := p.st.Config(kind)
	if err != nil {
		return err
	}
	if p.st.BeforeTLS != nil {
		p.st.BeforeTLS()
	}
	conn := tls.Server(raw, cfg)
	if err := conn.Handshake(); err != nil {
		return err
	}
	p.rec.Handshakes++
	p.inside = true
	p.over(conn, p.c.inside, p.st.Honest.inside)
	return nil
}
