package imapconn

import (
	"cmp"
	"sync"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/imapconn/internal/stream"
)

// Fetch is imapclient.Client.Fetch. Messages of its answer that the program has not
// taken do not keep Close and Abort waiting.
func (c *Client) Fetch(messages imap.NumSet, o *imap.FetchOptions) *imapclient.FetchCommand {
	cmd := c.inner.Fetch(messages, o)
	c.stream.Drain(cmd, func() { stream.DrainMessages(cmd) })
	return cmd
}

// Store is imapclient.Client.Store. Messages of its answer that the program has not
// taken do not keep Close and Abort waiting.
func (c *Client) Store(messages imap.NumSet, flags *imap.StoreFlags, o *imap.StoreOptions) *imapclient.FetchCommand {
	cmd := c.inner.Store(messages, flags, o)
	c.stream.Drain(cmd, func() { stream.DrainMessages(cmd) })
	return cmd
}

// List is imapclient.Client.List. What the program leaves unread of its answer does
// not keep Close and Abort waiting.
func (c *Client) List(ref, pattern string, o *imap.ListOptions) *imapclient.ListCommand {
	cmd := c.inner.List(ref, pattern, o)
	c.stream.Drain(cmd, func() {
		for cmd.Next() != nil {
		}
	})
	return cmd
}

// Expunge is imapclient.Client.Expunge. What the program leaves unread of its answer
// does not keep Close and Abort waiting.
func (c *Client) Expunge() *imapclient.ExpungeCommand { return c.expunging(c.inner.Expunge()) }

// UIDExpunge is imapclient.Client.UIDExpunge. What the program leaves unread of its
// answer does not keep Close and Abort waiting.
func (c *Client) UIDExpunge(uids imap.UIDSet) *imapclient.ExpungeCommand {
	return c.expunging(c.inner.UIDExpunge(uids))
}

func (c *Client) expunging(cmd *imapclient.ExpungeCommand) *imapclient.ExpungeCommand {
	c.stream.Drain(cmd, func() {
		for cmd.Next() != 0 {
		}
	})
	return cmd
}

// turns keeps commands apart that go-imap's client does not keep apart. IDLE and
// ENABLE begin when no command is being sent that may have to wait for the server's
// consent to a literal, or that looks at what is enabled.
type turns struct{ sync.RWMutex }

// Idle is imapclient.Client.Idle. Other commands wait until it is closed.
func (c *Client) Idle() (*imapclient.IdleCommand, error) {
	c.turns.Lock()
	defer c.turns.Unlock()
	cmd, err := c.inner.Idle()
	if over := c.Err(); over != nil {
		return nil, over
	}
	return cmd, err
}

// Enable is imapclient.Client.Enable, except that it returns when the server has
// answered.
func (c *Client) Enable(caps ...imap.Cap) *imapclient.EnableCommand {
	c.turns.Lock()
	defer c.turns.Unlock()
	cmd := c.inner.Enable(caps...)
	data, err := cmd.Wait() // the caller's Wait returns the same
	if err == nil && (data.Caps.Has(imap.CapUTF8Accept) || data.Caps.Has(imap.CapIMAP4rev2)) {
		c.utf8.Store(true)
	}
	return cmd
}

// Unauthenticate is imapclient.Client.Unauthenticate, except that it returns when the
// server has answered.
func (c *Client) Unauthenticate() *imapclient.Command {
	c.turns.Lock()
	defer c.turns.Unlock()
	cmd := c.inner.Unauthenticate()
	if cmd.Wait() == nil { // the caller's Wait returns the same
		c.utf8.Store(false)
		c.loggedOut.Store(true)
	}
	return cmd
}

// Append is imapclient.Client.Append. If the server refuses the message before it has
// read it, the program's Write and Close still succeed, and Wait returns the refusal.
func (c *Client) Append(mailbox string, size int64, o *imap.AppendOptions) *imapclient.AppendCommand {
	c.turns.RLock()
	defer c.turns.RUnlock()
	return c.inner.Append(mailbox, size, o)
}

// all returns criteria, or those that every message meets if criteria is nil.
func all(criteria *imap.SearchCriteria) *imap.SearchCriteria {
	if criteria == nil {
		return new(imap.SearchCriteria)
	}
	return criteria
}

// Search is imapclient.Client.Search. nil criteria mean every message.
func (c *Client) Search(criteria *imap.SearchCriteria, o *imap.SearchOptions) *imapclient.SearchCommand {
	c.turns.RLock()
	defer c.turns.RUnlock()
	return c.inner.Search(all(criteria), o)
}

// UIDSearch is imapclient.Client.UIDSearch. nil criteria mean every message.
func (c *Client) UIDSearch(criteria *imap.SearchCriteria, o *imap.SearchOptions) *imapclient.SearchCommand {
	c.turns.RLock()
	defer c.turns.RUnlock()
	return c.inner.UIDSearch(all(criteria), o)
}

// Sort is imapclient.Client.Sort. nil criteria mean every message.
func (c *Client) Sort(o *imapclient.SortOptions) *imapclient.SortCommand {
	c.turns.RLock()
	defer c.turns.RUnlock()
	return c.inner.Sort(sorting(o))
}

// UIDSort is imapclient.Client.UIDSort. nil criteria mean every message.
func (c *Client) UIDSort(o *imapclient.SortOptions) *imapclient.SortCommand {
	c.turns.RLock()
	defer c.turns.RUnlock()
	return c.inner.UIDSort(sorting(o))
}

// Thread is imapclient.Client.Thread. nil criteria mean every message.
func (c *Client) Thread(o *imapclient.ThreadOptions) *imapclient.ThreadCommand {
	c.turns.RLock()
	defer c.turns.RUnlock()
	return c.inner.Thread(threading(o))
}

// UIDThread is imapclient.Client.UIDThread. nil criteria mean every message.
func (c *Client) UIDThread(o *imapclient.ThreadOptions) *imapclient.ThreadCommand {
	c.turns.RLock()
	defer c.turns.RUnlock()
	return c.inner.UIDThread(threading(o))
}

// SetMetadata is imapclient.Client.SetMetadata.
func (c *Client) SetMetadata(mailbox string, entries map[string]*[]byte) *imapclient.Command {
	c.turns.RLock()
	defer c.turns.RUnlock()
	return c.inner.SetMetadata(mailbox, entries)
}

// sorting returns options with criteria.
func sorting(o *imapclient.SortOptions) *imapclient.SortOptions {
	opts := *cmp.Or(o, new(imapclient.SortOptions))
	opts.SearchCriteria = all(opts.SearchCriteria)
	return &opts
}

// threading returns options with criteria.
func threading(o *imapclient.ThreadOptions) *imapclient.ThreadOptions {
	opts := *cmp.Or(o, new(imapclient.ThreadOptions))
	opts.SearchCriteria = all(opts.SearchCriteria)
	return &opts
}
