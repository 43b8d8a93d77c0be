package dialtest_test

import (
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/testserver"
	"github.com/mailconn/mailconn/policy"
)

// letters are messages of all kinds.
var letters = []string{
	"From: Ann <ann@mail.test>\r\nTo: Bob <bob@mail.test>, carol@mail.test\r\nCc: \"D, E\" <d@mail.test>\r\nSubject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\n" +
		"Date: Mon, 2 Feb 2004 10:00:00 +0100\r\nMessage-ID: <1@mail.test>\r\nIn-Reply-To: <0@mail.test>\r\nReply-To: r@mail.test\r\n\r\nHello\r\nBob\r\n",
	"Subject: mixed\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"x y\"\r\n\r\npreamble\r\n--x y\r\nContent-Type: text/plain; charset=utf-8\r\n\r\none\r\n" +
		"--x y\r\nContent-Type: multipart/alternative; boundary=in\r\n\r\n--in\r\nContent-Type: text/plain\r\n\r\nplain\r\n--in\r\nContent-Type: text/html\r\n\r\n<p>html\r\n--in--\r\n" +
		"--x y\r\nContent-Type: application/pdf; name=\"a.pdf\"\r\nContent-Disposition: attachment; filename=\"a.pdf\"\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <id>\r\nContent-Description: a paper\r\n\r\nSGVsbG8=\r\n--x y--\r\nepilogue\r\n",
	"Subject: forwarded\r\nContent-Type: multipart/digest; boundary=d\r\n\r\n--d\r\nContent-Type: message/rfc822\r\n\r\nFrom: x@mail.test\r\nSubject: inner\r\n\r\ninner text\r\n--d--\r\n",
	"\r\nno header\r\n",
	"Subject: no body\r\n\r\n",
	"X-Long: a\r\n folded\r\n\tline\r\nSubject: last\r\n\r\n.\r\n",
}

// memServer is go-imap's own server in memory, with the same messages.
func memServer(t *testing.T, texts []string) net.Conn {
	t.Helper()
	user := imapmemserver.NewUser("user", "secret")
	if err := user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	for _, text := range texts {
		if _, err := user.Append("INBOX", strings.NewReader(text), &imap.AppendOptions{Time: time.Unix(1e9, 0)}); err != nil {
			t.Fatal(err)
		}
	}
	mem := imapmemserver.New()
	mem.AddUser(user)
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		InsecureAuth: true, Caps: imap.CapSet{imap.CapIMAP4rev1: {}},
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// client logs in and selects INBOX.
func client(t *testing.T, conn net.Conn, o *imapclient.Options) *imapclient.Client {
	t.Helper()
	c := imapclient.New(conn, o)
	t.Cleanup(func() { c.Close() })
	if err := c.Login("user", "secret").Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestIMAPLikeAnother fetches and searches the same messages from this server and
// from go-imap's: what a client makes of them is the same.
func TestIMAPLikeAnother(t *testing.T) {
	srv := imapServer(t, letters...)
	ours, theirs := client(t, srv.Pipe(), nil), client(t, memServer(t, letters), nil)
	for i := range letters {
		for _, o := range fetchOptions() {
			name := fmt.Sprintf("message %d, %+v", i+1, o)
			a, b := fetched(t, ours, uint32(i+1), o), fetched(t, theirs, uint32(i+1), o)
			if a != b {
				t.Errorf("%s:\n%s\n%s", name, a, b)
			}
		}
	}
	for _, criteria := range []imap.SearchCriteria{
		{}, {Text: []string{"html"}}, {Body: []string{"hello"}}, {Header: []imap.SearchCriteriaHeaderField{{Key: "Subject", Value: "FORWARDED"}}},
		{Flag: []imap.Flag{imap.FlagSeen}}, {NotFlag: []imap.Flag{imap.FlagSeen}}, {Larger: 200}, {Smaller: 20},
		{SeqNum: []imap.SeqSet{imap.SeqSetNum(2, 4)}}, {Not: []imap.SearchCriteria{{Body: []string{"hello"}}}},
		{Or: [][2]imap.SearchCriteria{{{Text: []string{"inner"}}, {Body: []string{"header"}}}}},
		{SentSince: time.Date(2004, 2, 2, 0, 0, 0, 0, time.UTC)},
	} {
		a, errA := ours.UIDSearch(&criteria, nil).Wait()
		b, errB := theirs.UIDSearch(&criteria, nil).Wait()
		if errA != nil || errB != nil || !slices.Equal(a.AllUIDs(), b.AllUIDs()) {
			t.Errorf("search %+v: %v %v, %v %v", criteria, a.AllUIDs(), errA, b.AllUIDs(), errB)
		}
	}
}

func fetchOptions() []imap.FetchOptions {
	all := []imap.FetchOptions{{Envelope: true}, {RFC822Size: true, Flags: true}}
	for _, s := range []imap.FetchItemBodySection{
		{}, {Specifier: imap.PartSpecifierHeader}, {Specifier: imap.PartSpecifierText},
		{Specifier: imap.PartSpecifierHeader, HeaderFields: []string{"Subject", "X-Long"}},
		{Specifier: imap.PartSpecifierHeader, HeaderFieldsNot: []string{"Subject"}},
		{Part: []int{1}}, {Part: []int{2, 1}}, {Part: []int{3}}, {Part: []int{3}, Specifier: imap.PartSpecifierMIME},
		{Partial: &imap.SectionPartial{Offset: 3, Size: 10}},
	} {
		s.Peek = true
		all = append(all, imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{&s}})
	}
	return all
}

// fetched returns what a client gets, as text.
func fetched(t *testing.T, c *imapclient.Client, n uint32, o imap.FetchOptions) string {
	t.Helper()
	list, err := c.Fetch(imap.SeqSetNum(n), &o).Collect()
	if err != nil || len(list) != 1 {
		t.Fatalf("%s: %d, %v", asJSON(o), len(list), err)
	}
	m := list[0]
	text := fmt.Sprint(asJSON(m.Envelope), m.Flags, m.RFC822Size)
	for _, s := range m.BodySection {
		text += fmt.Sprintf(" %q", s.Bytes)
	}
	return text
}

func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// TestIMAPClient has go-imap's client do what mail programs do.
func TestIMAPClient(t *testing.T) {
	srv := testserver.Start(t, dialtest.Config{Protocol: policy.IMAP, LoginInClear: true, NoSTARTTLS: true, Mailbox: letters})
	came := make(chan uint32, 10)
	c := client(t, srv.Pipe(), &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				came <- *d.NumMessages
			}
		},
	}})
	check := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	check("create", c.Create("Archive", nil).Wait())
	list, err := c.List("", "*", &imap.ListOptions{ReturnStatus: &imap.StatusOptions{NumMessages: true}}).Collect()
	if err != nil || len(list) != 2 || list[0].Mailbox != "Archive" || *list[1].Status.NumMessages != uint32(len(letters)) {
		t.Errorf("list: %v, %v", asJSON(list), err)
	}
	structure := fetchStructure(t, c, 2)
	if got := structure.MediaType(); got != "multipart/mixed" || len(structure.(*imap.BodyStructureMultiPart).Children) != 3 {
		t.Errorf("structure: %s", asJSON(structure))
	}
	check("store", c.Store(imap.SeqSetNum(1), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close())
	check("expunge", c.Expunge().Close())
	moved, err := c.Move(imap.SeqSetNum(1, 2), "Archive").Wait()
	if err != nil || fmt.Sprint(moved.SourceUIDs) != "2:3" {
		t.Errorf("move: %+v, %v", moved, err)
	}
	idle, err := c.Idle()
	check("idle", err)
	srv.Deliver("Subject: new\n\nnew\n")
	if n := <-came; n != uint32(len(letters)-2) {
		t.Errorf("%d messages while idle", n)
	}
	check("idle", idle.Close())
	check("idle", idle.Wait())
	if got := srv.Store().Mailbox("Archive").Texts(); !slices.Equal(got, letters[1:3]) {
		t.Errorf("archive: %q", got)
	}
	check("logout", c.Logout().Wait())
}

func fetchStructure(t *testing.T, c *imapclient.Client, n uint32) imap.BodyStructure {
	t.Helper()
	list, err := c.Fetch(imap.SeqSetNum(n), &imap.FetchOptions{BodyStructure: &imap.FetchItemBodyStructure{Extended: true}}).Collect()
	if err != nil || len(list) != 1 {
		t.Fatalf("%v", err)
	}
	return list[0].BodyStructure
}
