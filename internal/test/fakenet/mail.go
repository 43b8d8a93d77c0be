package fakenet

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"strings"

	"github.com/mailconn/mailconn/policy"
)

// Mail returns what serves a mail protocol on a connection as far as a client can
// go without logging in. It upgrades if the policy says so, or begins with TLS;
// each line that the client sends is told to heard, which may be nil.
func Mail(p policy.Protocol, how policy.Policy, config *tls.Config, heard func(line string)) func(net.Conn) {
	return func(c net.Conn) {
		if how == policy.ImplicitTLS {
			c = tls.Server(c, config)
		}
		s := mailServer{protocol: p, heard: heard}
		s.begin(c)
		fmt.Fprint(c, map[policy.Protocol]string{policy.IMAP: "* OK ready\r\n", policy.POP3: "+OK ready\r\n"}[p])
		if p == policy.Submission {
			fmt.Fprint(c, "220 ready\r\n")
		}
		for {
			line, err := s.r.ReadString('\n')
			if err != nil {
				return
			}
			if s.answer(strings.TrimSpace(line)) {
				s.begin(tls.Server(c, config))
			}
		}
	}
}

type mailServer struct {
	protocol policy.Protocol
	heard    func(string)
	r        *bufio.Reader
	c        net.Conn
}

func (s *mailServer) begin(c net.Conn) { s.c, s.r = c, bufio.NewReader(c) }

// answer answers a command, and reports whether TLS follows.
func (s *mailServer) answer(line string) (upgrade bool) {
	if s.heard != nil {
		s.heard(line)
	}
	words := strings.Fields(strings.ToUpper(line) + " ")
	switch {
	case s.protocol == policy.IMAP && len(words) > 1 && words[1] == "STARTTLS":
		fmt.Fprintf(s.c, "%s OK go\r\n", strings.Fields(line)[0])
		return true
	case s.protocol == policy.IMAP:
		fmt.Fprintf(s.c, "* CAPABILITY IMAP4rev1\r\n%s OK done\r\n", strings.Fields(line)[0])
	case s.protocol == policy.POP3 && line == "STLS":
		fmt.Fprint(s.c, "+OK go\r\n")
		return true
	case s.protocol == policy.POP3:
		fmt.Fprint(s.c, "-ERR\r\n")
	case line == "STARTTLS":
		fmt.Fprint(s.c, "220 go\r\n")
		return true
	default:
		fmt.Fprint(s.c, "250-ready\r\n250 STARTTLS\r\n")
	}
	return false
}
