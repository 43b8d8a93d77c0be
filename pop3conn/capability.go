package pop3conn

import (
	"context"
	"slices"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/line/pop3"
	"github.com/mailconn/mailconn/internal/wire"
)

// Capabilities returns the list that the server sent last, each entry as "KEYWORD
// parameters" with the keyword in upper case. It is empty if the server does not know
// CAPA. The list may change with the login (RFC 2449 §5). The one from before the login
// is returned until [Client.Capa] or a loop over messages has asked again.
func (c *Client) Capabilities() []string { return slices.Clone(c.capabilities) }

// Capa asks the server for its capabilities, and returns them as
// [Client.Capabilities] does from then on. The list is empty if the server does not know
// CAPA. It is an [*Error] if the server cannot answer at the moment.
func (c *Client) Capa(ctx context.Context) ([]string, error) {
	if err := c.begin(ctx); err != nil {
		return nil, err
	}
	defer c.done()
	if err := c.askCapabilities(); err != nil {
		return nil, err
	}
	return c.Capabilities(), nil
}

// askCapabilities is Capa within a call.
func (c *Client) askCapabilities() error {
	if err := c.send(appendCommand(c.sent[:0], "CAPA")); err != nil {
		return err
	}
	r, err := c.reply()
	if err != nil {
		return err
	}
	return c.readCapabilities(r)
}

// readCapabilities reads the rest of an answer to CAPA.
func (c *Client) readCapabilities(r pop3.Reply) error {
	c.lines.Renew(wire.Greeting())
	list, err := c.lines.CapabilityList(r)
	switch {
	case err != nil:
		return c.fail(err)
	case list.Status == line.Refused:
		return c.refused(r)
	}
	c.capabilities, c.upToDate = list.Entries, true
	return nil
}

// isStale reports whether the list that is known is from before the login.
func (c *Client) isStale() bool { return !c.upToDate && len(c.capabilities) > 0 }
