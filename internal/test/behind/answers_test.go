package behind

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

func doList(c client, _ []string) (lines []string, err error) {
	list, err := c.List("", "*", nil).Collect()
	for _, m := range list {
		l := line{}
		l.add("%q", m.Mailbox)
		if m.Delim != 0 {
			l.add("delimiter %q", m.Delim)
		}
		if len(m.Attrs) > 0 {
			l.add("%v", m.Attrs)
		}
		if m.OldName != "" {
			l.add("was %q", m.OldName)
		}
		if m.ChildInfo != nil {
			l.add("%+v", *m.ChildInfo)
		}
		lines = append(lines, l.String())
	}
	return lines, err
}

func doStatus(c client, a []string) ([]string, error) {
	d, err := c.Status(a[0], &imap.StatusOptions{NumMessages: true}).Wait()
	if err != nil {
		return nil, err
	}
	l := line{}
	l.add("%q", d.Mailbox)
	number := func(name string, n *uint32) {
		if n != nil {
			l.add("%s %d", name, *n)
		}
	}
	number("messages", d.NumMessages)
	number("unseen", d.NumUnseen)
	number("deleted", d.NumDeleted)
	number("limit", d.AppendLimit)
	if d.UIDNext != 0 {
		l.add("uidnext %d", d.UIDNext)
	}
	if d.UIDValidity != 0 {
		l.add("uidvalidity %d", d.UIDValidity)
	}
	if d.Size != nil {
		l.add("size %d", *d.Size)
	}
	if d.HighestModSeq != 0 {
		l.add("modseq %d", d.HighestModSeq)
	}
	return []string{l.String()}, nil
}

func doSearch(c client, a []string) ([]string, error) {
	var cmd *imapclient.SearchCommand
	switch strings.Join(a, " ") {
	case "uid":
		cmd = c.UIDSearch(&imap.SearchCriteria{}, nil)
	case "extended":
		cmd = c.UIDSearch(&imap.SearchCriteria{}, &imap.SearchOptions{ReturnAll: true, ReturnCount: true})
	case "text": // has a literal
		cmd = c.Search(&imap.SearchCriteria{Text: []string{"ä"}}, nil)
	default:
		cmd = c.Search(&imap.SearchCriteria{}, nil)
	}
	d, err := cmd.Wait()
	if err != nil {
		return nil, err
	}
	l := line{}
	l.add("found")
	if d.All != nil && d.All.String() != "" {
		l.add("%s", shortened(d.All.String()))
	}
	if d.Count != 0 {
		l.add("count %d", d.Count)
	}
	if d.Min != 0 {
		l.add("min %d", d.Min)
	}
	if d.Max != 0 {
		l.add("max %d", d.Max)
	}
	if d.ModSeq != 0 {
		l.add("modseq %d", d.ModSeq)
	}
	return []string{l.String()}, nil
}

func shortened(s string) string {
	if len(s) > 100 {
		return fmt.Sprintf("%s... (%d)", s[:40], strings.Count(s, ",")+1)
	}
	return s
}

func doSort(c client, _ []string) ([]string, error) {
	found, err := c.Sort(&imapclient.SortOptions{SearchCriteria: &imap.SearchCriteria{}}).Wait()
	if err != nil {
		return nil, err
	}
	return one("sorted %s", shortened(fmt.Sprint(found))), nil
}

func doThread(c client, _ []string) ([]string, error) {
	found, err := c.Thread(&imapclient.ThreadOptions{Algorithm: imap.ThreadReferences, SearchCriteria: &imap.SearchCriteria{}}).Wait()
	if err != nil {
		return nil, err
	}
	return one("threads %s", shortened(fmt.Sprint(found))), nil
}

func doMove(c client, a []string) ([]string, error) {
	set, _ := numbers(a)
	d, err := c.Move(set, "Trash").Wait()
	if err != nil {
		return nil, err
	}
	return one("moved %v to %v (%d)", d.SourceUIDs, d.DestUIDs, d.UIDValidity), nil
}

func doCopy(c client, a []string) ([]string, error) {
	set, _ := numbers(a)
	d, err := c.Copy(set, "Trash").Wait()
	if err != nil {
		return nil, err
	}
	return one("copied %v to %v (%d)", d.SourceUIDs, d.DestUIDs, d.UIDValidity), nil
}

func doAppend(c client, a []string) ([]string, error) {
	size := 11
	if len(a) > 0 {
		size, _ = strconv.Atoi(a[0])
	}
	cmd := c.Append("INBOX", int64(size), nil)
	_, err := cmd.Write([]byte(strings.Repeat("x", size)))
	if failed := cmd.Close(); err == nil {
		err = failed
	}
	d, refused := cmd.Wait()
	if refused != nil {
		return nil, refused
	}
	if err != nil {
		return nil, err
	}
	return one("appended %d (%d)", d.UID, d.UIDValidity), nil
}

// doIdle waits for a while, of the bubble's clock.
func doIdle(c client, a []string) ([]string, error) {
	idle, err := c.Idle()
	if err != nil {
		return nil, err
	}
	d := time.Second
	if len(a) > 0 {
		d, _ = time.ParseDuration(a[0])
	}
	time.Sleep(d)
	if err := idle.Close(); err != nil {
		return nil, err
	}
	return nil, idle.Wait()
}

func doExpunge(c client, a []string) ([]string, error) {
	cmd := c.Expunge
	if len(a) > 0 {
		cmd = func() *imapclient.ExpungeCommand { return c.UIDExpunge(imap.UIDSetNum(1)) }
	}
	gone, err := cmd().Collect()
	if err != nil {
		return nil, err
	}
	return one("expunged %v", gone), nil
}

// doAnswer sends a command that has one answer.
func doAnswer(c client, a []string) ([]string, error) {
	switch a[0] {
	case "namespace":
		return shown(c.Namespace().Wait())
	case "quota":
		return shown(c.GetQuota("").Wait())
	case "quotaroot":
		return shown(c.GetQuotaRoot("INBOX").Wait())
	case "acl":
		return shown(c.GetACL("INBOX").Wait())
	case "rights":
		return shown(c.MyRights("INBOX").Wait())
	case "id":
		return shown(c.ID(nil).Wait())
	case "enable":
		d, err := c.Enable(imap.CapUTF8Accept).Wait()
		return sortedCaps(d.Caps), err
	case "capability":
		d, err := c.Capability().Wait()
		return sortedCaps(d), err
	case "caps":
		return sortedCaps(c.Caps()), nil
	case "metadata":
		d, err := c.GetMetadata("INBOX", []string{"/private/comment"}, nil).Wait()
		l := line{}
		l.add("%q", d.Mailbox)
		var names []string
		for name := range d.Entries {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			if v := d.Entries[name]; v != nil {
				l.add("%s %s", name, content(*v))
			} else {
				l.add("%s NIL", name)
			}
		}
		return []string{l.String()}, err
	}
	panic("unknown answer " + a[0])
}

func shown[T any](v T, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	return one("%s", strings.TrimLeft(shortened(fmt.Sprintf("%+v", v)), "&")), nil
}

func sortedCaps(set imap.CapSet) []string {
	var list []string
	for c := range set {
		list = append(list, string(c))
	}
	slices.Sort(list)
	return []string{"capabilities " + strings.Join(list, " ")}
}
