package pop3conn

import (
	"errors"
	"slices"

	"github.com/mailconn/mailconn/internal/line/pop3"
)

// maxCapabilities bounds the length of a list of capabilities, as at the
// beginning of a session.
const maxCapabilities = 256

// Capabilities returns what the server lists as "KEYWORD parameters", the
// keyword in upper case; nil if it does not know CAPA. What a server lists may
// change with a login (RFC 2449 §5), so the first call of a session that
// logged in asks; later ones return the same list.
func (c *Client) Capabilities() ([]string, error) {
	if c.fresh {
		return slices.Clone(c.caps), nil
	}
	_, err := c.ask("CAPA")
	if err := c.capabilities(err); err != nil {
		return nil, err
	}
	return slices.Clone(c.caps), nil
}

// capabilities reads what CAPA was answered, of which err is the status.
func (c *Client) capabilities(err error) error {
	list := []string{}
	if err == nil {
		err = c.list(maxCapabilities, func(line string) bool {
			list = append(list, pop3.Capability(line))
			return true
		})
	}
	var refused *Error
	switch {
	case errors.As(err, &refused) && !pop3.InTrouble(refused.Code):
		list = nil
	case err != nil:
		return err
	}
	c.caps, c.fresh = list, true
	return nil
}
