package imapconn_test

import (
	"bufio"
	"io"
	"net"
	"slices"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/imapconn"
)

// Criteria that are nil mean every message, and leave the session as it is.
func TestNilCriteria(t *testing.T) {
	byDate := &imapclient.SortOptions{SortCriteria: []imapclient.SortCriterion{{Key: imapclient.SortKeyDate}}}
	bySubject := &imapclient.ThreadOptions{Algorithm: imap.ThreadOrderedSubject}
	for want, do := range map[string]func(c *imapconn.Client) error{
		"SEARCH ALL":                          func(c *imapconn.Client) error { _, err := c.Search(nil, nil).Wait(); return err },
		"UID SEARCH ALL":                      func(c *imapconn.Client) error { _, err := c.UIDSearch(nil, nil).Wait(); return err },
		"SORT (DATE) UTF-8 ALL":               func(c *imapconn.Client) error { _, err := c.Sort(byDate).Wait(); return err },
		"SORT () UTF-8 ALL":                   func(c *imapconn.Client) error { _, err := c.Sort(nil).Wait(); return err },
		"UID SORT (DATE) UTF-8 ALL":           func(c *imapconn.Client) error { _, err := c.UIDSort(byDate).Wait(); return err },
		"THREAD ORDEREDSUBJECT UTF-8 ALL":     func(c *imapconn.Client) error { _, err := c.Thread(bySubject).Wait(); return err },
		"UID THREAD ORDEREDSUBJECT UTF-8 ALL": func(c *imapconn.Client) error { _, err := c.UIDThread(bySubject).Wait(); return err },
	} {
		var said []string
		c := piped(t, "SORT THREAD=ORDEREDSUBJECT", nil, func(r *bufio.Reader, w net.Conn) {
			for {
				tag, command := nextCommand(r)
				said = append(said, command)
				if _, err := io.WriteString(w, tag+" OK done\r\n"); err != nil {
					return
				}
			}
		})
		if err := do(c); err != nil {
			t.Errorf("%s: %v", want, err)
		}
		if err := c.Noop().Wait(); err != nil || !slices.Equal(said, []string{want, "NOOP"}) {
			t.Errorf("the server was told %q: %v", said, err)
		}
	}
	if byDate.SearchCriteria != nil || bySubject.SearchCriteria != nil {
		t.Error("the options of the program were changed")
	}
}
