package message_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/internal/line/imap/message"
	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// tape is a connection whose server greets, and says the rest when the client has sent
// its command, and then no more.
type tape struct {
	net.Conn
	greeting, rest *bytes.Reader
	sent           chan struct{}
	closed         context.Context
	close          context.CancelFunc
}

func (c *tape) Read(p []byte) (int, error) {
	if c.greeting.Len() > 0 {
		return c.greeting.Read(p)
	}
	<-c.sent
	if c.rest.Len() == 0 {
		<-c.closed.Done()
	}
	return c.rest.Read(p)
}
func (c *tape) Write(p []byte) (int, error)      { return len(p), nil }
func (c *tape) Close() error                     { c.close(); return nil }
func (c *tape) SetReadDeadline(time.Time) error  { return nil }
func (c *tape) SetWriteDeadline(time.Time) error { return nil }

// byClient returns what go-imap's client reads of FETCH responses.
func byClient(said string) ([]*imapclient.FetchMessageBuffer, error) {
	conn := &tape{greeting: bytes.NewReader([]byte("* PREAUTH [CAPABILITY IMAP4rev1] x\r\n")), rest: bytes.NewReader([]byte(said + "T1 OK x\r\n")), sent: make(chan struct{})}
	conn.closed, conn.close = context.WithCancel(context.Background())
	c := imapclient.New(conn, nil)
	command := c.Fetch(imap.SeqSet{{Start: 1, Stop: 0}}, nil)
	close(conn.sent)
	read, err := command.Collect()
	c.Close()
	if err != nil {
		return nil, err
	}
	return read, nil
}

// read returns what a Reader reads of a response.
func read(text string) (*message.Fetch, error) {
	r := message.NewReader(response.Default(), nil)
	f := new(message.Fetch)
	return f, r.Read([]byte(text), response.ParseHead([]byte(text)), f)
}

// asClient returns what was read in the form that go-imap's client gives it.
func asClient(f *message.Fetch) *imapclient.FetchMessageBuffer {
	m := &imapclient.FetchMessageBuffer{
		SeqNum: f.SeqNum, UID: f.UID, Flags: f.Flags, Envelope: f.Envelope, BodyStructure: f.BodyStructure,
		InternalDate: f.InternalDate, RFC822Size: max(f.Size, 0), ModSeq: f.ModSeq,
	}
	return m
}

// checkSame fails if a Reader reads something else than go-imap's client.
func checkSame(t *testing.T, text string) {
	t.Helper()
	want, wantErr := byClient(text)
	f, err := read(text)
	if len(want) != 1 || err != nil {
		t.Fatalf("read %v and the client %d messages, %v: %q", err, len(want), wantErr, text)
	}
	var sections [][]byte
	for _, s := range want[0].BodySection {
		sections = append(sections, s.Bytes)
	}
	want[0].BodySection = nil
	if got := asClient(f); !same(got, want[0]) {
		t.Errorf("%q\nread   %s\nclient %s", text, show(got), show(want[0]))
	}
	for i, s := range f.Sections {
		if i >= len(sections) || !bytes.Equal(s.Content, sections[i]) {
			t.Errorf("%q: section %s is %q", text, s.Name, s.Content)
		}
	}
}

// same compares what was read. Times are the same if they are equal.
func same(a, b *imapclient.FetchMessageBuffer) bool {
	return show(a) == show(b)
}

// show prints all of a message, with what its pointers point to.
func show(m *imapclient.FetchMessageBuffer) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %d %q %v %d %d", m.SeqNum, m.UID, m.Flags, m.InternalDate.UTC(), m.RFC822Size, m.ModSeq)
	showEnvelope(&b, m.Envelope)
	if m.BodyStructure != nil {
		showBody(&b, m.BodyStructure)
	}
	return b.String()
}

func showEnvelope(w io.Writer, e *imap.Envelope) {
	if e == nil {
		return
	}
	fmt.Fprintf(w, " envelope{%v %q %q %q %q %q %q %q %q %q}", e.Date.UTC(), e.Subject, e.From, e.Sender, e.ReplyTo, e.To, e.Cc, e.Bcc, e.InReplyTo, e.MessageID)
}

func showBody(w io.Writer, b imap.BodyStructure) {
	switch b := b.(type) {
	case *imap.BodyStructureMultiPart:
		fmt.Fprintf(w, " multi{%q", b.Subtype)
		for _, c := range b.Children {
			showBody(w, c)
		}
		if x := b.Extended; x != nil {
			fmt.Fprintf(w, " %q %q %q %q", x.Params, showDisposition(x.Disposition), x.Language, x.Location)
		}
	case *imap.BodyStructureSinglePart:
		fmt.Fprintf(w, " part{%q %q %q %q %q %q %d", b.Type, b.Subtype, b.Params, b.ID, b.Description, b.Encoding, b.Size)
		if b.Text != nil {
			fmt.Fprintf(w, " lines %d", b.Text.NumLines)
		}
		if m := b.MessageRFC822; m != nil {
			showEnvelope(w, m.Envelope)
			showBody(w, m.BodyStructure)
			fmt.Fprintf(w, " lines %d", m.NumLines)
		}
		if x := b.Extended; x != nil {
			fmt.Fprintf(w, " %q %q %q", showDisposition(x.Disposition), x.Language, x.Location)
		}
	}
	fmt.Fprint(w, "}")
}

func showDisposition(d *imap.BodyStructureDisposition) string {
	if d == nil {
		return "none"
	}
	return fmt.Sprintf("%q %q", d.Value, d.Params)
}
