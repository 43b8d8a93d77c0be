package imapconn

import (
	"context"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn/internal/commands"
	"github.com/mailconn/mailconn/imapconn/internal/stream"
	"github.com/mailconn/mailconn/internal/unsolicited"
)

// notify asks the server to tell the observer of changes in other mailboxes than the
// selected one (RFC 5465), if the observer wants that and the server lists it. A refusal is no
// error.
func notify(ctx context.Context, setup *dial.Setup, c *Client) error {
	names := unsolicited.From(ctx).Others()
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
	if len(list) == 0 || len(text) > commands.MaxLine { // as a server may refuse to read it
		return nil
	}
	setup.Enter(dial.PhaseCapability)
	c.stream.SetOthers(written)
	x := &commands.Exchange{}
	err := c.stream.Begin(ctx, x, []commands.Request{{Command: "NOTIFY", Text: text}}, stream.AnyMailbox)
	if err == nil {
		err = c.stream.AwaitAnswers(ctx, x)
	}
	return err
}
