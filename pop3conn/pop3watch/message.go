package pop3watch

import (
	"fmt"
	"io"
	"strings"

	"github.com/mailconn/mailconn/pop3conn"
)

// Message is a new message. It is read like a [pop3conn.Message], and is valid until
// Handle returns.
type Message struct {
	*pop3conn.Message

	// Key identifies the message from session to session, as long as it is in the
	// mailbox. It is the message's unique identifier; of messages that share one, all
	// but the first have a blank and a number after it. It is printable ASCII: other
	// bytes, blanks in the identifier and "%" are escaped as in a URL. Some servers give
	// the identifier of a deleted message to another: a program must not let a message
	// replace another that it has stored under the same Key, unless they are the same.
	Key string

	digest  *digest // of what was read
	compare bool    // it may be one that was handled
}

// Read reads the message.
func (m *Message) Read(p []byte) (int, error) {
	n, err := m.Message.Read(p)
	m.digest.Write(p[:n])
	return n, err
}

// WriteTo writes the rest of the message to w.
func (m *Message) WriteTo(w io.Writer) (int64, error) {
	return m.Message.WriteTo(&tee{w, m.digest})
}

// tee is a writer that lets a digest see what was written.
type tee struct {
	w      io.Writer
	digest *digest
}

func (t *tee) Write(p []byte) (int, error) {
	n, err := t.w.Write(p)
	t.digest.Write(p[:n])
	return n, err
}

// sum returns a hash of the message, by which it is told from another with the same
// identifier, and "" if it was not read to its end.
func (m *Message) sum() string {
	if !m.Complete() {
		return ""
	}
	return m.digest.sum()
}

// keyed returns the messages of a list with their keys. Messages that share an
// identifier are numbered in the order of the list, which servers keep.
func keyed(index []pop3conn.Listing) []*Message {
	count := make(map[string]int, len(index))
	list := make([]*Message, len(index))
	for i, l := range index {
		key := escape(l.ID)
		if count[l.ID]++; count[l.ID] > 1 {
			key = fmt.Sprintf("%s %d", key, count[l.ID])
		}
		list[i] = &Message{Message: &pop3conn.Message{Listing: l}, Key: key}
	}
	return list
}

// escape makes an identifier printable ASCII without blanks.
func escape(id string) string {
	odd := func(r rune) bool { return r <= ' ' || r > '~' || r == '%' }
	if !strings.ContainsFunc(id, odd) {
		return id
	}
	var b strings.Builder
	for _, c := range []byte(id) {
		if '!' <= c && c <= '~' && c != '%' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func listings(msgs []*Message) []pop3conn.Listing {
	list := make([]pop3conn.Listing, len(msgs))
	for i, m := range msgs {
		list[i] = m.Listing
	}
	return list
}
