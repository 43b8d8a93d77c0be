package imapconn

import (
	"context"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// notify asks the server to tell the observer of changes in other mailboxes than the
// selected one (RFC 5465), if the observer wants that and the server lists it. A refusal is no
// error.
func (b *beginning) notify(ctx context.Context, c *Client) error {
	names := c.stream.observer.Others()
	if len(names) == 0 || !slices.Contains(c.caps, "NOTIFY") {
		return nil
	}
	written, list := map[string]string{}, []string{}
	for _, name := range names {
		if text, err := quotedMailbox(name, false); err == nil {
			list = append(list, text)
			written[modifiedUTF7(name)] = name
		}
	}
	const events = " (MessageNew MessageExpunge FlagChange))"
	text := "NOTIFY SET (selected-delayed" + events + " (mailboxes (" + strings.Join(list, " ") + ")" + events
	if len(list) == 0 || len(text) > maxSetText { // as a server may refuse to read it
		return nil
	}
	b.setup.Enter(dial.PhaseCapability)
	c.stream.mu.Lock()
	c.stream.others = written
	c.stream.mu.Unlock()
	x := &exchange{}
	err := c.stream.begin(ctx, x, []request{{command: "NOTIFY", text: text}}, anyMailbox)
	if err == nil {
		err = c.stream.awaitAnswers(ctx, x)
	}
	return err
}

// observeOthers tells the observer of a mailbox of which a STATUS speaks.
func (s *stream) observeOthers(b []byte, h response.Head) {
	s.mu.Lock()
	others := s.others
	s.mu.Unlock()
	if others == nil {
		return
	}
	values, ok := readValues(b[h.Args:], s.limits)
	if !ok || len(values) == 0 {
		return
	}
	written, _ := values[0].(string)
	if atom, ok := values[0].(Atom); ok {
		written = string(atom)
	}
	if name, ok := others[written]; ok {
		s.observer.Changed(name)
	}
}
