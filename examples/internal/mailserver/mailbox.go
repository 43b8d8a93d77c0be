package mailserver

import (
	"bytes"
	"io"
	"slices"
	"sync"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
)

// mailbox is the account that all servers share.
type mailbox struct {
	user *imapmemserver.User

	mu       sync.Mutex
	messages []string // as user's INBOX has them
}

func newMailbox() (*mailbox, error) {
	user := imapmemserver.NewUser(User, Password)
	return &mailbox{user: user}, user.Create("INBOX", nil)
}

// deliver adds a message.
func (m *mailbox) deliver(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.user.Append("INBOX", bytes.NewReader(text), &imap.AppendOptions{}); err != nil {
		return err
	}
	m.messages = append(m.messages, string(text))
	return nil
}

// delivered returns the messages so far.
func (m *mailbox) delivered() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.messages)
}
