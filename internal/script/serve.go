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

// Segments is how a server cuts what it says into writes.
type Segments uint8

const (
	Joined Segments = iota // as the script says
	Lines                  // one line at a time
	Bytes                  // one byte at a time
)

func (s Segments) String() string { return [...]string{"joined", "lines", "bytes"}[s] }

// Stage is what a case needs to be played.
type Stage struct {
	// Config returns the server's TLS config for a kind of certificate.
	Config func(kind string) (*tls.Config, error)
	// Honest plays what a case leaves out.
	Honest   *Case
	Segments Segments
	// BeforeTLS, if set, is called when all that is said in the clear was.
	BeforeTLS func()
}

// Record is what the client did while a case was played.
type Record struct {
	Clear      []byte   // what it sent outside TLS, but for the handshake
	Inside     []byte   // what it sent inside TLS
	Unexpected []string // commands that the script has no answer to
	Handshakes int      // completed ones
	TLSFirst   bool     // its first bytes were those of a TLS handshake
}

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
		if p.tls(p.c.Cert) != nil {
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
		return nil
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
		if tcp, ok := p.back.Conn.(*net.TCPConn); ok {
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
	}
	return nil
}

// dripTime is the pause between two bytes of a drip: shorter than anybody's
// patience for one read, and longer than that for the whole.
const dripTime = 10 * time.Second

func (p *play) send(b []byte) error {
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
	if n := p.in.Buffered(); n > 0 {
		early, _ := p.in.Peek(n)
		p.rec.Unexpected = append(p.rec.Unexpected, "pipelined ahead of TLS: "+string(early))
	}
	cfg, err := p.st.Config(kind)
	if err != nil {
		return err
	}
	if p.st.BeforeTLS != nil {
		p.st.BeforeTLS()
	}
	conn := tls.Server(p.back, cfg)
	if err := conn.Handshake(); err != nil {
		return err
	}
	p.rec.Handshakes++
	p.inside = true
	p.over(conn, p.c.inside, p.st.Honest.inside)
	return nil
}
