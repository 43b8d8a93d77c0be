package smtpconn

import (
	"bytes"
	"errors"
	"strings"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// handover is the connection that the mail library gets. The library begins
// with reading a greeting and saying EHLO, and says EHLO again after a reset.
// Both have happened already: it reads a greeting made here, and its EHLO,
// whenever one is expected, is answered from what the server said before.
type handover struct {
	*wire.Feed
	in      *wire.Reader // of Feed: the library's reads and Send's share it
	pending []byte       // to be read before anything from the server
	hello   []byte       // the line that is not to be sent
	answer  []byte       // to it
	armed   bool
	message messageState
}

func newHandover(f *wire.Feed, localName string, caps []string) *handover {
	return &handover{
		Feed:    f,
		in:      wire.NewReader(f, wire.Greeting()),
		pending: []byte("220 ready\r\n"),
		hello:   []byte("EHLO " + localName + "\r\n"),
		answer:  helloAnswer(caps),
		armed:   true,
	}
}

// maxEntry is how long a line the library reads, with room for the code.
const maxEntry = 1900

// helloAnswer writes the reply to EHLO from a list of extensions. STARTTLS is
// not one of a session, and what is longer than the library reads is left out.
func helloAnswer(caps []string) []byte {
	lines := []string{"ready"}
	for _, entry := range caps {
		if keyword, _, _ := strings.Cut(entry, " "); keyword != "STARTTLS" && len(entry) <= maxEntry {
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
	switch {
	case h.message == unfinished: // the library is about to end the message for the sake of a command
		h.Abort()
		return 0, errNotClosed
	case h.armed && bytes.Equal(p, h.hello):
		h.armed = false
		h.pending = h.answer
		return len(p), nil
	}
	if err := h.shifted(); err != nil {
		h.Abort()
		return 0, err
	}
	return h.Feed.Write(p)
}

// unasked returns an error if the server has hung up, or said what answers no
// command: it would be taken for the reply to the next. It is called while no
// reply is due.
func (h *handover) unasked() error {
	if h.in.Buffered() == 0 && !h.Ready() {
		return nil
	}
	if err := h.in.Fill(); err != nil {
		return wire.Ended(err)
	}
	words := h.in.Waiting()
	if strings.HasPrefix(words, "421") { // RFC 5321 §3.8: at any time
		return wire.Hangup(words)
	}
	return wire.Violation(policy.ErrInjected, words)
}

// shifted is unasked for the library, which waits for each reply before it
// writes again. A session that has ended is for it to find.
func (h *handover) shifted() error {
	err := h.unasked()
	if errors.Is(err, policy.ErrInjected) {
		return err
	}
	return nil
}
