package behind

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// client is what the bare client and that of imapconn have in common.
type client interface {
	Append(string, int64, *imap.AppendOptions) *imapclient.AppendCommand
	Capability() *imapclient.CapabilityCommand
	Caps() imap.CapSet
	Close() error
	Copy(imap.NumSet, string) *imapclient.CopyCommand
	Create(string, *imap.CreateOptions) *imapclient.Command
	Enable(...imap.Cap) *imapclient.EnableCommand
	Expunge() *imapclient.ExpungeCommand
	Fetch(imap.NumSet, *imap.FetchOptions) *imapclient.FetchCommand
	GetACL(string) *imapclient.GetACLCommand
	GetMetadata(string, []string, *imapclient.GetMetadataOptions) *imapclient.GetMetadataCommand
	GetQuota(string) *imapclient.GetQuotaCommand
	GetQuotaRoot(string) *imapclient.GetQuotaRootCommand
	ID(*imap.IDData) *imapclient.IDCommand
	Idle() (*imapclient.IdleCommand, error)
	List(string, string, *imap.ListOptions) *imapclient.ListCommand
	Logout() *imapclient.Command
	Mailbox() *imapclient.SelectedMailbox
	Move(imap.NumSet, string) *imapclient.MoveCommand
	MyRights(string) *imapclient.MyRightsCommand
	Namespace() *imapclient.NamespaceCommand
	Noop() *imapclient.Command
	Search(*imap.SearchCriteria, *imap.SearchOptions) *imapclient.SearchCommand
	Select(string, *imap.SelectOptions) *imapclient.SelectCommand
	SetMetadata(string, map[string]*[]byte) *imapclient.Command
	Sort(*imapclient.SortOptions) *imapclient.SortCommand
	Status(string, *imap.StatusOptions) *imapclient.StatusCommand
	Store(imap.NumSet, *imap.StoreFlags, *imap.StoreOptions) *imapclient.FetchCommand
	Thread(*imapclient.ThreadOptions) *imapclient.ThreadCommand
	UIDExpunge(imap.UIDSet) *imapclient.ExpungeCommand
	UIDSearch(*imap.SearchCriteria, *imap.SearchOptions) *imapclient.SearchCommand
	Unselect() *imapclient.Command
}

// run does what a case says, and returns what the program gets.
func run(c client, do string) (lines []string) {
	verb, args, _ := strings.Cut(do, " ")
	f, ok := verbs()[verb]
	if !ok {
		panic("unknown command " + verb)
	}
	lines, err := f(c, strings.Fields(args))
	if err != nil {
		lines = append(lines, failed(err))
	}
	return lines
}

func one(format string, args ...any) []string { return []string{fmt.Sprintf(format, args...)} }

func verbs() map[string]func(client, []string) ([]string, error) {
	return map[string]func(client, []string) ([]string, error){
		"select":   doSelect,
		"fetch":    doFetch,
		"open":     doOpen,
		"store":    doStore,
		"list":     doList,
		"status":   doStatus,
		"search":   doSearch,
		"sort":     doSort,
		"thread":   doThread,
		"move":     doMove,
		"copy":     doCopy,
		"append":   doAppend,
		"idle":     doIdle,
		"expunge":  doExpunge,
		"answer":   doAnswer,
		"mailbox":  func(c client, _ []string) ([]string, error) { return one("%+v", *c.Mailbox()), nil },
		"noop":     func(c client, _ []string) ([]string, error) { return nil, c.Noop().Wait() },
		"logout":   func(c client, _ []string) ([]string, error) { return nil, c.Logout().Wait() },
		"create":   func(c client, a []string) ([]string, error) { return nil, c.Create(a[0], nil).Wait() },
		"unselect": func(c client, _ []string) ([]string, error) { return nil, c.Unselect().Wait() },
		"abort":    func(c client, _ []string) ([]string, error) { return nil, abort(c) },
		"close":    func(c client, _ []string) ([]string, error) { return nil, c.Close() },
		"wait": func(_ client, a []string) ([]string, error) {
			d, err := time.ParseDuration(a[0])
			time.Sleep(d) // of the bubble's clock
			return nil, err
		},
		"annotate": func(c client, a []string) ([]string, error) {
			value := []byte(strings.Repeat("x", 5000)) // a literal
			return nil, c.SetMetadata(a[0], map[string]*[]byte{"/private/comment": &value}).Wait()
		},
	}
}

func abort(c client) error {
	if a, ok := c.(interface{ Abort() error }); ok {
		return a.Abort()
	}
	return nil
}

func doSelect(c client, a []string) ([]string, error) {
	name := "INBOX"
	if len(a) > 0 {
		name = a[0]
	}
	d, err := c.Select(name, nil).Wait()
	if err != nil {
		return nil, err
	}
	l := line{}
	l.add("messages %d", d.NumMessages)
	if d.Flags != nil {
		l.add("flags %v", d.Flags)
	}
	if d.PermanentFlags != nil {
		l.add("permanent %v", d.PermanentFlags)
	}
	if d.UIDNext != 0 {
		l.add("uidnext %d", d.UIDNext)
	}
	if d.UIDValidity != 0 {
		l.add("uidvalidity %d", d.UIDValidity)
	}
	if d.HighestModSeq != 0 {
		l.add("modseq %d", d.HighestModSeq)
	}
	if d.List != nil {
		l.add("list %q", d.List.Mailbox)
	}
	return []string{l.String()}, nil
}

// numbers reads a set: "1:3", or "uid 1:3" for UIDs. It returns the words after it.
func numbers(a []string) (imap.NumSet, []string) {
	byUID := a[0] == "uid"
	if byUID {
		a = a[1:]
	}
	var seqs imap.SeqSet
	var uids imap.UIDSet
	for _, part := range strings.Split(a[0], ",") {
		from, to, isRange := strings.Cut(part, ":")
		if !isRange {
			to = from
		}
		low, _ := strconv.ParseUint(from, 10, 32)
		high, _ := strconv.ParseUint(to, 10, 32) // "*" is 0
		seqs.AddRange(uint32(low), uint32(high))
		uids.AddRange(imap.UID(low), imap.UID(high))
	}
	if byUID {
		return uids, a[1:]
	}
	return seqs, a[1:]
}

// fetchOptions reads what to fetch.
func fetchOptions(words []string) *imap.FetchOptions {
	o := &imap.FetchOptions{}
	for _, w := range words {
		switch w {
		case "flags":
			o.Flags = true
		case "envelope":
			o.Envelope = true
		case "structure":
			o.BodyStructure = &imap.FetchItemBodyStructure{Extended: true}
		case "size":
			o.RFC822Size = true
		case "date":
			o.InternalDate = true
		case "uid":
			o.UID = true
		case "body":
			o.BodySection = append(o.BodySection, &imap.FetchItemBodySection{Peek: true})
		case "header":
			o.BodySection = append(o.BodySection, &imap.FetchItemBodySection{Peek: true, Specifier: imap.PartSpecifierHeader})
		case "binary":
			o.BinarySection = append(o.BinarySection, &imap.FetchItemBinarySection{Peek: true, Part: []int{1}})
		}
	}
	return o
}

func doFetch(c client, a []string) ([]string, error) {
	set, words := numbers(a)
	return collect(c.Fetch(set, fetchOptions(words)))
}

func doStore(c client, a []string) ([]string, error) {
	set, words := numbers(a)
	return collect(c.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.Flag(words[0])}}, nil))
}

func collect(cmd *imapclient.FetchCommand) (lines []string, err error) {
	messages, err := cmd.Collect()
	for _, m := range messages {
		lines = append(lines, message(m))
	}
	return lines, err
}

// doOpen fetches and reads as far as it says: nothing, a message without its body, or
// some bytes of it.
func doOpen(c client, a []string) ([]string, error) {
	set, words := numbers(a)
	cmd := c.Fetch(set, fetchOptions(words))
	if !slices.Contains(words, "body") {
		return nil, nil
	}
	m := cmd.Next()
	if m == nil {
		return nil, cmd.Close()
	}
	for item := m.Next(); item != nil; item = m.Next() {
		body, ok := item.(imapclient.FetchItemDataBodySection)
		if !ok {
			continue
		}
		if !slices.Contains(words, "read") {
			return one("opened %d bytes", body.Literal.Size()), nil
		}
		n, err := io.Copy(io.Discard, body.Literal)
		return one("read %d of %d bytes", n, body.Literal.Size()), err
	}
	return nil, nil
}
