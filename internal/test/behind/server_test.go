package behind

import (
	"bufio"
	"compress/flate"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// segments is how a server cuts what it says into writes.
type segments int

const (
	joined segments = iota
	byLine
	byByte
	compressed // by byte, inside COMPRESS=DEFLATE
)

func (s segments) String() string {
	return [...]string{"joined", "by line", "by byte", "compressed"}[s]
}

// server plays a case.
type server struct {
	*testCase
	segments segments
	conn     *tls.Conn
	w        io.Writer // conn, or what compresses for it
	raw      net.Conn
	tag      string
	out      []byte
	mute     bool // it says nothing more
	said     int  // segments
}

var errLeft = errors.New("the server has left")

// serve plays the case over raw until either side leaves.
func (s *server) serve(raw net.Conn, config *tls.Config) {
	defer raw.Close()
	s.raw = raw
	s.conn = tls.Server(raw, config)
	if s.conn.Handshake() != nil {
		return
	}
	s.w = s.conn
	if p, ok := protocols[s.protocol]; ok {
		s.say(p.greeting)
	} else {
		s.say("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\r\n")
	}
	s.flush()
	// The client is read all the time, so that it never waits for a server that speaks.
	lines := make(chan string, 4096)
	go func() {
		in := bufio.NewReader(s.conn)
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				close(lines)
				return
			}
			if strings.HasSuffix(line, " COMPRESS DEFLATE\r\n") {
				in = bufio.NewReader(flate.NewReader(in))
			}
			lines <- strings.TrimRight(line, "\r\n")
		}
	}()
	for line := range lines {
		if s.answer(line) != nil {
			break
		}
	}
	raw.Close()
	for range lines {
	}
}

func (s *server) answer(line string) error {
	command := line
	if tag, rest, ok := strings.Cut(line, " "); ok && s.protocol == "" && isTag(tag) {
		s.tag, command = tag, rest
	}
	if s.mute {
		return nil
	}
	for _, r := range append(s.rules, s.always()...) {
		want, any := strings.CutSuffix(r.command, "*")
		if command == want || any && strings.HasPrefix(command, want) {
			return s.do(r.steps)
		}
	}
	return nil // the content of a literal, or what the case does not mind
}

// isTag reports whether a word is a tag: the library's own begin with eight letters and
// digits, go-imap's with a T.
func isTag(word string) bool {
	if word == "" || len(word) > 12 {
		return false
	}
	last := word[len(word)-1]
	return '0' <= last && last <= '9' && word[0] >= '2' && word[0] <= 'Z'
}

// always are the answers that need not be in a case.
func (s *server) always() []rule {
	if p, ok := protocols[s.protocol]; ok {
		return p.always(s)
	}
	caps := strings.TrimSpace("IMAP4rev1 " + s.caps)
	if s.segments == compressed {
		caps += " COMPRESS=DEFLATE"
	}
	say := func(lines ...string) []step {
		var steps []step
		for _, l := range lines {
			steps = append(steps, step{op: "S", n: 1, text: l + "\r\n"})
		}
		return steps
	}
	return []rule{
		{"AUTHENTICATE *", say("<t> OK [CAPABILITY " + caps + "] welcome")},
		{"CAPABILITY", say("* CAPABILITY "+caps, "<t> OK done")},
		{"NOOP", say("<t> OK done")},
		{"DONE", say("<t> OK done")},
		{"LOGOUT", append(say("* BYE bye", "<t> OK done"), step{op: "END"})},
		{"COMPRESS DEFLATE", append(say("<t> OK done"), step{op: "DEFLATE"})},
		{"SELECT *", say("* 9 EXISTS", "<t> OK done")},
	}
}

func (s *server) do(steps []step) error {
	for _, st := range steps {
		if err := s.step(st); err != nil {
			return err
		}
	}
	return s.flush()
}

func (s *server) step(st step) error {
	switch st.op {
	case "S":
		for i := range st.n {
			text := strings.ReplaceAll(st.text, "<t>", s.tag)
			if st.n > 1 {
				text = strings.ReplaceAll(text, "{{n}}", strconv.Itoa(i+1))
				text = strings.ReplaceAll(text, "{{-n}}", strconv.Itoa(st.n-i))
			}
			s.say(text)
			if len(s.out) > 32<<10 {
				if err := s.flush(); err != nil {
					return err
				}
			}
		}
		return nil
	case "CUT":
		return s.flush()
	}
	if err := s.flush(); err != nil {
		return err
	}
	switch st.op {
	case "FLOOD":
		return s.flood(st.text)
	case "WAIT":
		time.Sleep(st.wait) // of the bubble's clock
	case "FIN":
		return errLeft
	case "END":
		s.conn.CloseWrite()
		return errLeft
	case "HANG":
		s.mute = true
	case "DEFLATE":
		s.w = newDeflater(s)
	}
	return nil
}

func (s *server) flood(text string) error {
	var chunk strings.Builder
	for n := 1; ; n++ {
		chunk.WriteString(strings.ReplaceAll(strings.ReplaceAll(text, "{{n}}", strconv.Itoa(n)), "<t>", s.tag))
		if chunk.Len() < 16<<10 {
			continue
		}
		if _, err := s.w.Write([]byte(chunk.String())); err != nil {
			return err
		}
		chunk.Reset()
	}
}

func (s *server) say(text string) { s.out = append(s.out, text...) }

// smallPieces is how much a server says byte by byte: what comes after it is cut into
// larger pieces, of an odd length.
const smallPieces = 4 << 10

// piece returns the length of the next segment of a server that says all it can in bytes.
func (s *server) piece() int {
	if s.said++; s.said <= smallPieces {
		return 1
	}
	return 1001
}

// flush sends what was said, in segments.
func (s *server) flush() error {
	for len(s.out) > 0 {
		n := len(s.out)
		switch s.segments {
		case byByte:
			n = min(s.piece(), len(s.out))
		case byLine:
			n = strings.IndexByte(string(s.out[:min(n, 4096)]), '\n') + 1
			if n == 0 {
				n = min(len(s.out), 4096)
			}
		}
		if _, err := s.w.Write(s.out[:n]); err != nil {
			return err
		}
		s.out = s.out[n:]
	}
	s.out = nil
	return nil
}
