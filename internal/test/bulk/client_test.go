package bulk_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
)

// client does the work that is measured, for n messages.
type client interface {
	list(n int) error
	read(n int) error
	readLarge(int) error
	append(n int) error
	search(int) error
}

// found is how many messages a search finds.
const found = 100_000

// clients are those that are compared.
var clients = map[string]func(address string) (client, error){
	"go-imap, one by one": func(address string) (client, error) { return newBare(address, true) },
	"go-imap":             func(address string) (client, error) { return newBare(address, false) },
	"mailconn":            func(address string) (client, error) { return newLoops(address, false) },
	"mailconn, COMPRESS":  func(address string) (client, error) { return newLoops(address, true) },
}

// loops are those of a session of mailconn.
type loops struct{ *imapconn.Client }

func newLoops(address string, compress bool) (client, error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, err
	}
	e := dial.Endpoint{Protocol: policy.IMAP, Host: to.Addr().String(), Port: to.Port(), Policy: policy.NoTLS}
	c, err := imapconn.Dial(context.Background(), e, &imapconn.Options{Compress: compress})
	return loops{c}, err
}

func (c loops) each(n int, uids imap.UIDSet, o *imapconn.FetchOptions, size int64) error {
	got := 0
	for m, err := range c.FetchEach(context.Background(), uids, o) {
		var read int64
		if err == nil {
			read, err = io.Copy(io.Discard, m)
		}
		if err != nil {
			return err
		}
		if read != size {
			return fmt.Errorf("%d bytes of message %d", read, m.UID)
		}
		got++
	}
	return counted(got, n)
}

func counted(got, n int) error {
	if got != n {
		return fmt.Errorf("%d messages, want %d", got, n)
	}
	return nil
}

func (c loops) list(n int) error {
	return c.each(n, imap.UIDSet{{Start: 1, Stop: imap.UID(n)}}, &imapconn.FetchOptions{NoBody: true, Envelope: true, BodyStructure: true}, 0)
}

func (c loops) read(n int) error {
	return c.each(n, imap.UIDSet{{Start: 1, Stop: imap.UID(n)}}, nil, small)
}

func (c loops) readLarge(int) error { return c.each(1, imap.UIDSetNum(lastSmall+1), nil, large) }

func (c loops) append(n int) error {
	got := 0
	contents := func(yield func(imapconn.Append) bool) {
		for range n {
			if !yield(imapconn.Append{Content: strings.NewReader(text)}) {
				return
			}
		}
	}
	for _, err := range c.AppendEach(context.Background(), "INBOX", contents) {
		if err != nil {
			return err
		}
		got++
	}
	return counted(got, n)
}

func (c loops) search(int) error { return find(c) }

// text is what is appended.
var text = strings.Repeat("0123456789abcd\r\n", small/16)

// bare is go-imap's client, as it is used by habit: a command for all, or a command each.
type bare struct {
	*imapclient.Client
	oneByOne bool
}

func newBare(address string, oneByOne bool) (client, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	c := imapclient.New(conn, nil)
	return bare{c, oneByOne}, c.WaitGreeting()
}

// each calls do with the sets of the commands.
func (c bare) each(n int, do func(imap.UIDSet) error) error {
	if !c.oneByOne {
		return do(imap.UIDSet{{Start: 1, Stop: imap.UID(n)}})
	}
	for uid := range n {
		if err := do(imap.UIDSetNum(imap.UID(uid + 1))); err != nil {
			return err
		}
	}
	return nil
}

func (c bare) list(n int) error {
	o := &imap.FetchOptions{UID: true, Flags: true, RFC822Size: true, Envelope: true, BodyStructure: &imap.FetchItemBodyStructure{Extended: true}}
	return c.each(n, func(uids imap.UIDSet) error {
		_, err := c.Fetch(uids, o).Collect()
		return err
	})
}

func (c bare) read(n int) error    { return c.each(n, c.bodies) }
func (c bare) readLarge(int) error { return c.bodies(imap.UIDSetNum(lastSmall + 1)) }

func (c bare) bodies(uids imap.UIDSet) error {
	cmd := c.Fetch(uids, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
	for m := cmd.Next(); m != nil; m = cmd.Next() {
		for item := m.Next(); item != nil; item = m.Next() {
			if b, ok := item.(imapclient.FetchItemDataBodySection); ok {
				if _, err := io.Copy(io.Discard, b.Literal); err != nil {
					return err
				}
			}
		}
	}
	return cmd.Close()
}

// append waits for each answer if the messages are to go one by one, and else for all at the
// end.
func (c bare) append(n int) error {
	var open []*imapclient.AppendCommand
	for range n {
		cmd := c.Append("INBOX", small, nil)
		if _, err := io.WriteString(cmd, text); err != nil {
			return err
		}
		if err := cmd.Close(); err != nil {
			return err
		}
		if open = append(open, cmd); c.oneByOne {
			if _, err := cmd.Wait(); err != nil {
				return err
			}
		}
	}
	for _, cmd := range open {
		if _, err := cmd.Wait(); err != nil {
			return err
		}
	}
	return nil
}

func (c bare) search(int) error { return find(c.Client) }

func find(c interface {
	UIDSearch(*imap.SearchCriteria, *imap.SearchOptions) *imapclient.SearchCommand
}) error {
	data, err := c.UIDSearch(&imap.SearchCriteria{}, nil).Wait()
	if err != nil {
		return err
	}
	return counted(len(data.AllUIDs()), found)
}
