package smtpconn

import (
	"bytes"
	"strings"

	"github.com/mailconn/mailconn/internal/wire"
)

// handover is the connection that the mail library gets. The library begins
// with reading a greeting and saying EHLO, and says EHLO again after a reset.
// Both have happened already: it reads a greeting made here, and its EHLO,
// whenever one is expected, is answered from what the server said before.
type handover struct {
	*wire.Guard
	in      *wire.Reader // of Guard: the library's reads and Send's share it
	pending []byte       // to be read before anything from the server
	answer  []byte       // to EHLO
	armed   bool
}

func newHandover(g *wire.Guard, caps []string) *handover {
	return &handover{Guard: g, in: wire.NewReader(g, wire.Greeting()), pending: []byte("220 ready\r\n"), answer: helloAnswer(caps), armed: true}
}

// helloAnswer writes the reply to EHLO from a list of extensions. STARTTLS is
// not one of a session.
func helloAnswer(caps []string) []byte {
	lines := []string{"ready"}
	for _, entry := range caps {
		if keyword, _, _ := strings.Cut(entry, " "); keyword != "STARTTLS" {
			lines = append(lines, entry)
		}
	}
	var b strings.Builder
	for i, line := range lines {
		sep := "-"
		if i == len(lines)-1 {
			sep = " "
		}
		b.WriteString("250" + sep + line + "\r\n")
	}
	return []byte(b.String())
}

// arm makes the next EHLO be answered here.
func (h *handover) arm() { h.armed = true }

func (h *handover) Read(p []byte) (int, error) {
	if len(h.pending) > 0 {
		n := copy(p, h.pending)
		h.pending = h.pending[n:]
		return n, nil
	}
	return h.in.Read(p)
}

func (h *handover) Write(p []byte) (int, error) {
	if h.armed && bytes.HasPrefix(p, []byte("EHLO ")) {
		h.armed = false
		h.pending = h.answer
		return len(p), nil
	}
	return h.Guard.Write(p)
}
