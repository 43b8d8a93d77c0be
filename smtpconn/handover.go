package smtpconn

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial"
	smtpline "github.com/mailconn/mailconn/internal/line/smtp"
	"github.com/mailconn/mailconn/internal/line/smtp/transaction"
	"github.com/mailconn/mailconn/internal/session"
	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// handover is the connection that go-smtp gets. The library begins by reading a
// greeting and saying EHLO, and says EHLO again after a reset. Both have happened
// already: the greeting that it reads is made here, and its EHLO is answered from
// what the server said before.
//
// Replies reach the library one at a time, read within limits, and with a text
// that is fit to be shown.
type handover struct {
	transaction.Link          // the library's reads and the pipeline's share it
	caps             []string // what the server offers
	pending          []byte   // to be read by the library before anything from the server
	text             []byte   // room for the text of a reply
	line             []byte   // room for pending
	armed            bool     // the library's next EHLO is answered here
	message          messageState

	takesChunks bool // the server has shown that it does

	conn    *dial.Conn
	closing error // why the session ends if it is closed from this side
	over    session.End
}

func newHandover(conn *dial.Conn, write time.Duration) handover {
	return handover{
		Link:    transaction.NewLink(wire.NewFeed(conn, write)),
		pending: ready, armed: true,
		conn: conn, closing: session.Closed,
	}
}

// ready is the greeting that the library reads, and ehlo what it says. The name is its
// own: nothing of it reaches the server.
var (
	ready = []byte("220 ready\r\n")
	ehlo  = []byte("EHLO localhost\r\n")
)

// maxEntry is the longest line of a reply that the library reads.
const maxEntry = 1900

// Read is go-smtp's: it yields a reply.
func (h *handover) Read(p []byte) (int, error) {
	if len(h.pending) == 0 {
		if err := h.readReply(); err != nil {
			return 0, h.fail(err)
		}
	}
	n := copy(p, h.pending)
	h.pending = h.pending[n:]
	return n, nil
}

func (h *handover) readReply() error {
	h.In.Renew(wire.Greeting())
	code, text, err := smtpline.Scan(h.In, h.text[:0])
	if err != nil {
		return err
	}
	if h.text = text; len(text) > maxEntry || !transaction.IsPrintableASCII(text) {
		text = []byte(replyLine(refusal(code, string(text)))[len("250 "):])
	}
	if code == smtpline.ServiceClosing {
		h.over.Set(h.conn, wire.Hangup("421 "+string(text)))
	}
	h.line = append(append(strconv.AppendInt(h.line[:0], int64(code), 10), ' '), text...)
	h.line = append(h.line, crlf...)
	h.pending = h.line
	return nil
}

// Write is go-smtp's. It takes a command, or a part of a message.
func (h *handover) Write(p []byte) (int, error) {
	switch {
	case h.message == unfinished: // the library is about to end the message for the sake of a command
		return 0, h.fail(errNotClosed)
	case h.armed && bytes.Equal(p, ehlo):
		h.armed = false
		h.pending = smtpline.EHLOReply(slices.DeleteFunc(slices.Clone(h.caps), func(extension string) bool {
			keyword, _, _ := strings.Cut(extension, " ")
			return keyword == "STARTTLS" || len(extension) > maxEntry // of no session, or longer than the library reads
		}))
		return len(p), nil
	}
	// The library waits for each reply before it writes again, so none is due. A
	// session that has ended is for it to find.
	if err := smtpline.Unsolicited(h.In); errors.Is(err, policy.ErrInjected) {
		return 0, h.fail(err)
	}
	n, err := h.Feed.Write(p)
	if err != nil {
		return n, h.fail(wire.Ended(err))
	}
	return n, nil
}

// closeTime and maxRubbish bound the wait for the server to close the connection behind QUIT. Until
// it has, it may count the connection, and refuse another in its place.
const (
	closeTime  = time.Second
	maxRubbish = 64 << 10 // bytes that it may say first
)

// Close closes the connection, over TLS with a close_notify.
func (h *handover) Close() error {
	if h.closing == session.Quit {
		h.SetReadDeadline(time.Now().Add(closeTime))
		io.CopyN(io.Discard, h.In, maxRubbish)
	}
	h.over.Set(h.conn, h.closing)
	return h.Feed.Close()
}

var errNotClosed = errors.New("smtpconn: the last message was not closed; the connection was, so that no part of it is delivered")
