package play

import (
	"strings"

	"github.com/mailconn/mailconn/policy"
)

// Defaults answers what a script has no answer to. It is one connection's, and
// knows the ways to log in that servers commonly have: a program under test
// must not fail, or hang, because it chose another than the script thought of.
type Defaults struct {
	Protocol policy.Protocol
	Lenient  bool // logins inside TLS are right

	asked int  // how many more lines belong to the client's login
	plain bool // the lines are those of SASL PLAIN, and not of LOGIN
}

// replies are what a Defaults says in its protocol.
type replies struct {
	prompt          string // asks for more, in front of a challenge
	yes, no         string // to a login
	done, bye, what string
	list            string // to the command that asks what the server can do
}

func (t *Defaults) replies() replies {
	switch t.Protocol {
	case policy.IMAP:
		return replies{
			"+ ", "<tag> OK logged in\r\n", "<tag> NO [AUTHENTICATIONFAILED] no\r\n",
			"<tag> OK done\r\n", "* BYE bye\r\n<tag> OK bye\r\n", "<tag> BAD unknown command\r\n",
			"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n<tag> OK done\r\n",
		}
	case policy.POP3:
		return replies{
			"+ ", "+OK logged in\r\n", "-ERR no\r\n",
			"+OK\r\n", "+OK bye\r\n", "-ERR unknown command\r\n",
			"+OK\r\nUSER\r\nSASL PLAIN\r\n.\r\n",
		}
	}
	return replies{
		"334 ", "235 2.7.0 logged in\r\n", "535 5.7.8 no\r\n",
		"250 2.0.0 done\r\n", "221 2.0.0 bye\r\n", "500 5.5.1 unknown command\r\n",
		"250-mail.test\r\n250 AUTH PLAIN LOGIN\r\n",
	}
}

// Answer answers one line of a client's.
func (t *Defaults) Answer(line string, inside bool) string {
	r := t.replies()
	if t.asked > 0 && line != "*" {
		t.asked--
		return t.next(line, inside)
	}
	t.asked = 0
	verb, args, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "LOGIN": // of IMAP
		return t.next(args, inside)
	case "USER": // of POP3
		return r.done
	case "PASS", "APOP":
		return t.result(inside)
	case "AUTH", "AUTHENTICATE":
		return t.begin(args, inside)
	case "CAPABILITY", "CAPA", "EHLO":
		return r.list
	case "NOOP", "HELO", "RSET", "ID":
		return r.done
	case "QUIT", "LOGOUT":
		return r.bye
	}
	return r.what
}

// begin begins a SASL exchange.
func (t *Defaults) begin(args string, inside bool) string {
	mechanism, initial, _ := strings.Cut(args, " ")
	switch strings.ToUpper(mechanism) {
	case "PLAIN":
		t.asked, t.plain = 1, true
	case "LOGIN":
		t.asked, t.plain = 2, false
	default:
		return t.replies().no
	}
	if initial != "" {
		t.asked--
	}
	return t.next("", inside)
}

// next asks for what is still missing of a login, which may be a literal, or
// says what comes of it.
func (t *Defaults) next(line string, inside bool) string {
	prompt := t.replies().prompt
	switch {
	case t.Protocol == policy.IMAP && strings.HasSuffix(line, "}"):
		t.asked, t.plain = 1, true
		return prompt + "go on\r\n"
	case t.asked == 0:
		return t.result(inside)
	case t.plain:
		return prompt + "\r\n"
	case t.asked == 2:
		return prompt + "VXNlcm5hbWU6\r\n" // Username:
	}
	return prompt + "UGFzc3dvcmQ6\r\n" // Password:
}

func (t *Defaults) result(inside bool) string {
	if inside && !t.Lenient {
		return t.replies().no
	}
	return t.replies().yes
}
