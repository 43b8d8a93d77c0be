// Package smtp speaks SMTP one command at a time, as far as it is needed
// before a session begins: replies, EHLO, the keywords of its answer
// (RFC 5321).
package smtp

import (
	"strings"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// ServiceClosing is the code by which a server may end a session at any time
// (RFC 5321 §3.8).
const ServiceClosing = 421

// Reply is a complete reply: one code, and the text of all lines, a line feed between
// them.
type Reply struct {
	Code int
	Text string
}

// String returns the reply on one line.
func (r Reply) String() string {
	code := string([]byte{byte('0' + r.Code/100), byte('0' + r.Code/10%10), byte('0' + r.Code%10)})
	return strings.TrimRight(code+" "+strings.ReplaceAll(r.Text, "\n", " "), " ")
}

// Refused reports whether the reply is a refusal: 4yz or 5yz.
func (r Reply) Refused() bool { return r.Code >= 400 }

// Words returns the reply as the server's words. 4yz says that a refusal will pass.
func (r Reply) Words() line.Reply {
	return line.Reply{Text: r.String(), Transient: r.Code/100 == 4}
}

// Conn is an SMTP conversation in lines. What it sends is answered in order, so a
// reply that is there before its command was sent is an error.
type Conn struct {
	wire.Lines
	Client line.Named // EHLO says its name
}

// Read reads one reply. All its lines must have the same code, whose first digit is
// 2 to 5 (RFC 5321 §4.2); a refusal in a later line makes the whole reply one, as
// servers send that change their mind in a long greeting. Everything else is
// malformed.
func (c *Conn) Read() (Reply, error) {
	var room [512]byte
	code, text, err := Scan(c, room[:0])
	if err != nil {
		return Reply{}, err
	}
	return Reply{code, string(text)}, nil
}

// Command sends a command and reads its reply. A reply that was there before the
// command is an error, see [Conn.Ready]; 421 is [*wire.Closed].
func (c *Conn) Command(command string) (Reply, error) {
	if err := c.Ready(nil); err != nil {
		return Reply{}, err
	}
	if err := c.Send(command); err != nil {
		return Reply{}, err
	}
	r, err := c.Read()
	if err == nil && r.Code == ServiceClosing {
		err = wire.Hangup(r.String())
	}
	return r, err
}

// Scan reads one reply as Read does, and appends its text to text, the lines
// separated by line feeds. It allocates nothing if text has room.
func Scan(r interface{ ReadSlice() ([]byte, error) }, text []byte) (int, []byte, error) {
	first := 0
	for {
		line, err := r.ReadSlice()
		if err != nil {
			return 0, text, err
		}
		code, part, more, ok := parse(line)
		if !ok || !continues(first, code) {
			return 0, text, wire.Violation(policy.ErrMalformed, string(line))
		}
		if first != 0 {
			text = append(text, '\n')
		}
		first, text = code, append(text, part...)
		if !more {
			return code, text, nil
		}
	}
}

// continues reports whether a line with a code may follow one with another,
// which is 0 for the first line: never may a line take a refusal back.
func continues(before, code int) bool {
	return before == 0 || code == before || before < 400 && code >= 400
}

func parse[T string | []byte](line T) (code int, text T, more, ok bool) {
	if len(line) < 3 || line[0] < '2' || line[0] > '5' {
		return 0, line[:0], false, false
	}
	for i := range 3 {
		if line[i] < '0' || line[i] > '9' {
			return 0, line[:0], false, false
		}
		code = code*10 + int(line[i]-'0')
	}
	if len(line) == 3 {
		return code, line[:0], false, true
	}
	return code, line[4:], line[3] == '-', line[3] == ' ' || line[3] == '-'
}

// Ready returns an error if the server has spoken without being asked, or has hung
// up, see [Unsolicited].
func (c *Conn) Ready([]string) error { return Unsolicited(c.Reader) }

// Unsolicited returns an error if the server has said something that was not read,
// while no reply is due: 421, by which it may end a session at any time (RFC 5321
// §3.8), is [*wire.Closed], as is its hanging up; anything else is a violation with
// reason ErrInjected.
func Unsolicited(r *wire.Reader) error {
	arrived, err := r.Arrived()
	if !arrived {
		return err
	}
	words := r.Waiting()
	if strings.HasPrefix(words, "421") {
		return wire.Hangup(words)
	}
	return wire.Violation(policy.ErrInjected, words)
}
