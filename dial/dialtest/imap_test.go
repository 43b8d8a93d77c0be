package dialtest_test

import (
	"bufio"
	"compress/flate"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/testserver"
	"github.com/mailconn/mailconn/policy"
)

// imapServer is an IMAP server that takes logins in the clear, with messages.
func imapServer(t *testing.T, texts ...string) *dialtest.Server {
	t.Helper()
	return testserver.Start(t, dialtest.Config{Protocol: policy.IMAP, LoginInClear: true, NoSTARTTLS: true, Mailbox: texts})
}

// loggedIn returns a connection to the server that has logged in, and selected
// INBOX if command is not "".
func loggedIn(t *testing.T, srv *dialtest.Server, commands string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn := srv.Pipe()
	conn.SetDeadline(time.Now().Add(10 * time.Second)) // of a test that fails
	t.Cleanup(func() { conn.Close() })
	r := bufio.NewReader(conn)
	talk(t, conn, r, "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\nC: l LOGIN user secret\nS: l OK [CAPABILITY <imap>] welcome\n"+strings.TrimSpace(commands))
	return conn, r
}

const threeFlags = `S: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
S: * OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft \*)] flags
S: * OK [UIDVALIDITY 1001] UIDs are valid
`

func TestIMAPDialogues(t *testing.T) {
	one := "From: Ann <ann@mail.test>\r\nSubject: one\r\n\r\nfirst\r\n"
	two := "Subject: two\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>\r\n--b--\r\n"
	begin := "C: s SELECT inbox\nS: * 2 EXISTS\nS: * 0 RECENT\n" + threeFlags +
		"S: * OK [UIDNEXT 3] next\nS: * OK [HIGHESTMODSEQ 2] highest\nS: s OK [READ-WRITE] selected\n"
	for name, script := range map[string]string{
		"mailboxes": `
			C: a LIST "" "*"
			S: * LIST () "/" "INBOX"
			S: a OK listed
			C: b CREATE Sent (USE (\Sent))
			S: b OK created
			C: c CREATE "a/b"
			S: c OK created
			C: d CREATE inbox
			S: d NO [ALREADYEXISTS] it is there already
			C: e LIST "" %
			S: * LIST () "/" "INBOX"
			S: * LIST (\Sent) "/" "Sent"
			S: e OK listed
			C: f LIST (SPECIAL-USE) "" "*" RETURN (STATUS (MESSAGES UIDNEXT))
			S: * LIST (\Sent) "/" "Sent"
			S: * STATUS "Sent" (MESSAGES 0 UIDNEXT 1)
			S: f OK listed
			C: g RENAME a/b c
			S: g OK renamed
			C: h DELETE a/b
			S: h NO [NONEXISTENT] no such mailbox, or it must stay
			C: i STATUS INBOX (MESSAGES UNSEEN UIDVALIDITY SIZE)
			S: * STATUS "INBOX" (MESSAGES 2 UNSEEN 2 UIDVALIDITY 1001 SIZE 166)
			S: i OK done
			C: j NAMESPACE
			S: * NAMESPACE (("" "/")) NIL NIL
			S: j OK done
			C: k SELECT nowhere
			S: k NO [NONEXISTENT] no such mailbox
			C: l FETCH 1 FLAGS
			S: l BAD unknown command, or not now`,
		"names": `
			C: a CREATE "M&APw-ll & more"
			S: a BAD cannot parse this: at ""
			C: b CREATE "M&APw-ll &- more"
			S: b OK created
			C: c LIST "" "M&APw-%"
			S: * LIST () "/" "M&APw-ll &- more"
			S: c OK listed
			C: d STATUS "M&APw-ll &- more" (MESSAGES)
			S: * STATUS "M&APw-ll &- more" (MESSAGES 0)
			S: d OK done
			C: e RENAME "M&APw-ll &- more" &2D3eAA-
			S: e OK renamed
			C: f LIST "" &*
			S: * LIST () "/" "&2D3eAA-"
			S: f OK listed
			C: g DELETE &AGE-
			S: g BAD cannot parse this: at ""
			C: h CREATE a/b
			S: h OK created
			C: i LIST a/ "*"
			S: * LIST () "/" "a/b"
			S: i OK listed
			C: j LIST a/ ""
			S: * LIST (\Noselect) "/" ""
			S: j OK listed`,
		"fetch": begin + `
			C: a FETCH 1:2 (UID FLAGS RFC822.SIZE)
			S: * 1 FETCH (UID 1 FLAGS () RFC822.SIZE 50)
			S: * 2 FETCH (UID 2 FLAGS () RFC822.SIZE 116)
			S: a OK fetched
			C: b UID FETCH 1 ENVELOPE
			S: * 1 FETCH (ENVELOPE (NIL "one" (("Ann" NIL "ann" "mail.test")) (("Ann" NIL "ann" "mail.test")) (("Ann" NIL "ann" "mail.test")) NIL NIL NIL NIL NIL) UID 1)
			S: b OK fetched
			C: c FETCH 2 (BODYSTRUCTURE)
			S: * 2 FETCH (BODYSTRUCTURE (("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" 4 0 NIL NIL NIL NIL)("TEXT" "HTML" NIL NIL NIL "7BIT" 3 0 NIL NIL NIL NIL) "MIXED" ("BOUNDARY" "b") NIL NIL NIL))
			S: c OK fetched
			C: d FETCH 2 BODY.PEEK[2.MIME]
			S: * 2 FETCH (BODY[2.MIME] {27}
			S: Content-Type: text/html
			S: ` + `
			S: )
			S: d OK fetched
			C: e FETCH 1 BODY[TEXT]<1.3>
			S: * 1 FETCH (BODY[TEXT]<1> {3}
			S: irs FLAGS (\Seen))
			S: e OK fetched
			C: f FETCH 1 BODY.PEEK[HEADER.FIELDS (Subject)]
			S: * 1 FETCH (BODY[HEADER.FIELDS (Subject)] {16}
			S: Subject: one
			S: ` + `
			S: )
			S: f OK fetched
			C: g FETCH x FLAGS
			S: g BAD cannot parse this: at " FLAGS"
			C: h FETCH 9 FLAGS
			S: h OK fetched`,
		"store": begin + `
			C: a STORE 1:2 +FLAGS (\Flagged work)
			S: * 1 FETCH (FLAGS (\Flagged work))
			S: * 2 FETCH (FLAGS (\Flagged work))
			S: a OK stored
			C: b UID STORE 2 FLAGS.SILENT \Deleted
			S: b OK stored
			C: c SEARCH DELETED
			S: * SEARCH 2
			S: c OK searched
			C: d STORE 1 (UNCHANGEDSINCE 1) FLAGS ()
			S: d OK [MODIFIED 1] some have changed
			C: e STORE 1 -FLAGS.SILENT work
			S: * 1 FETCH (UID 1 MODSEQ (6))
			S: e OK stored
			C: f EXPUNGE
			S: * 2 EXPUNGE
			S: f OK expunged
			C: g COPY 1 INBOX
			S: g OK [COPYUID 1001 1 3] copied
			C: h NOOP
			S: * 2 EXISTS
			S: h OK done
			C: i CREATE x
			S: i OK created
			C: j UID MOVE 1,3 x
			S: * OK [COPYUID 1002 1,3 1:2] moved
			S: * 2 EXPUNGE
			S: * 1 EXPUNGE
			S: j OK moved
			C: k MOVE 1 nowhere
			S: k NO [TRYCREATE] no such mailbox
			C: m CLOSE
			S: m OK closed`,
		"search": begin + `
			C: a SEARCH SUBJECT TWO
			S: * SEARCH 2
			S: a OK searched
			C: b UID SEARCH OR FROM ann NOT TEXT x UNSEEN 1:*
			S: * SEARCH 1
			S: b OK searched
			C: c SEARCH RETURN (MIN MAX COUNT ALL) SMALLER 1000
			S: * ESEARCH (TAG "c") MIN 1 MAX 2 COUNT 2 ALL 1:2
			S: c OK searched
			C: d SEARCH CHARSET UTF-8 SINCE 1-Jan-1990 (BODY first UID 1)
			S: * SEARCH 1
			S: d OK searched
			C: e SEARCH MODSEQ 99
			S: * SEARCH
			S: e OK searched
			C: f SEARCH WHAT EVER
			S: f BAD cannot parse this: at "EVER"
			C: g STORE 1 +FLAGS.SILENT (x)
			S: * 1 FETCH (UID 1 MODSEQ (3))
			S: g OK stored
			C: h SEARCH MODSEQ 1
			S: * SEARCH 1 2 (MODSEQ 3)
			S: h OK searched`,
		"append": begin + `
			C: a APPEND INBOX (\Seen) "01-Feb-2003 04:05:06 +0000" {5}
			S: + go on
			C: hello
			S: * 3 EXISTS
			S: a OK [APPENDUID 1001 3] stored
			C: b APPEND INBOX {2+}
			C: hi (\Draft) {3+}
			C: you
			S: * 5 EXISTS
			S: b OK [APPENDUID 1001 4:5] stored
			C: c UID FETCH 3:* (FLAGS INTERNALDATE BODY.PEEK[])
			S: * 3 FETCH (FLAGS (\Seen) INTERNALDATE " 1-Feb-2003 04:05:06 +0000" BODY[] {5}
			S: hello UID 3)`,
		"append refused": `
			C: a APPEND nowhere {5}
			S: a NO [TRYCREATE] no such mailbox
			C: b APPEND nowhere {5+}
			C: hello
			S: b NO [TRYCREATE] no such mailbox
			C: c NOOP
			S: c OK done`,
	} {
		t.Run(name, func(t *testing.T) {
			loggedIn(t, imapServer(t, one, two), strings.ReplaceAll(strings.ReplaceAll(script, "\t", ""), "\n\n", "\n"))
		})
	}
}

func TestIMAPConditional(t *testing.T) {
	srv := imapServer(t, "a\r\n", "b\r\n", "c\r\n")
	inbox := srv.Store().Inbox()
	inbox.SetFlags(2, `\Seen`)
	srv.Expunge(1)
	conn, r := loggedIn(t, srv, `C: a ENABLE QRESYNC
S: * ENABLED QRESYNC
S: a OK done
C: b SELECT INBOX (QRESYNC (1001 2 1:3))
S: * 2 EXISTS
S: * 0 RECENT
`+threeFlags+`S: * OK [UIDNEXT 4] next
S: * OK [HIGHESTMODSEQ 4] highest
S: * VANISHED (EARLIER) 1
S: * 1 FETCH (UID 2 FLAGS (\Seen) MODSEQ (3))
S: b OK [READ-WRITE] selected
C: c UID FETCH 1:* (FLAGS) (CHANGEDSINCE 2 VANISHED)
S: * VANISHED (EARLIER) 1
S: * 1 FETCH (FLAGS (\Seen) UID 2 MODSEQ (3))
S: c OK fetched`)
	srv.Deliver("d\n", "e\n")
	srv.Expunge(2, 4)
	inbox.SetFlags(3, "x")
	talk(t, conn, r, `C: d NOOP
S: * VANISHED 2
S: * 2 EXISTS
S: * 1 FETCH (UID 3 FLAGS (x) MODSEQ (7))
S: d OK done
C: e STATUS INBOX (HIGHESTMODSEQ)
S: * STATUS "INBOX" (HIGHESTMODSEQ 7)
S: e OK done`)
}

// What happens while a client idles is told at once.
func TestIMAPIdle(t *testing.T) {
	srv := imapServer(t, "a\r\n")
	conn, r := loggedIn(t, srv, `C: b EXAMINE INBOX
S: * 1 EXISTS
S: * 0 RECENT
`+threeFlags+`S: * OK [UIDNEXT 2] next
S: * OK [HIGHESTMODSEQ 2] highest
S: b OK [READ-ONLY] selected
C: c STORE 1 FLAGS x
S: c NO [READ-ONLY] the mailbox was opened with EXAMINE
C: d IDLE
S: + idling`)
	srv.Deliver("b\n")
	talk(t, conn, r, "S: * 2 EXISTS")
	srv.Store().Inbox().SetFlags(1, `\Seen`)
	talk(t, conn, r, `S: * 1 FETCH (FLAGS (\Seen))`)
	srv.Expunge(1)
	talk(t, conn, r, "S: * 1 EXPUNGE\nC: done\nS: d OK done\nC: e IDLE\nS: + idling")
	srv.Store().Inbox().Renumber()
	talk(t, conn, r, "S: * BYE the mailbox has new UIDs")
	if line, err := r.ReadString('\n'); err == nil {
		t.Errorf("after BYE: %q", line)
	}
}

// Behind COMPRESS both sides speak in compressed data.
func TestIMAPCompress(t *testing.T) {
	srv := imapServer(t, "a\r\n")
	conn, r := loggedIn(t, srv, "C: a COMPRESS LZ4\nS: a NO no such mechanism\nC: b COMPRESS DEFLATE\nS: b OK compressed from here on")
	w, err := flate.NewWriter(conn, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(flate.NewReader(r))
	for command, want := range map[string]string{"COMPRESS DEFLATE": "c NO [COMPRESSIONACTIVE]", "NOOP": "c OK"} {
		fmt.Fprintf(w, "c %s\r\n", command)
		w.Flush()
		if line, err := in.ReadString('\n'); err != nil || !strings.HasPrefix(line, want) {
			t.Errorf("%s: %q, %v", command, line, err)
		}
	}
}

// An envelope has encoded words as they stand in the message, whatever their charset.
func TestEncodedWordsInEnvelope(t *testing.T) {
	const windows, none, joined = "=?windows-1252?q?J=F6rg?=", "=?x-none?b?AAAA?=", "=?utf-8?q?a?= =?utf-8?q?b?="
	for field, want := range map[string]string{
		windows + " <a@mail.test>":                        `(("` + windows + `" NIL "a" "mail.test"))`,
		none + " <a@mail.test>, " + joined + " <b@x>":     `(("` + none + `" NIL "a" "mail.test")("` + joined + `" NIL "b" "x"))`,
		"a@mail.test (" + windows + ")":                   `(("` + windows + `" NIL "a" "mail.test"))`,
		"\"" + windows + "\" <=?a@mail.test>":             `(("` + windows + `" NIL "=?a" "mail.test"))`,
		"Jörg <a@mail.test>, \"D, E\" <d@mail.test>, c@x": `(("=?utf-8?q?J=C3=B6rg?=" NIL "a" "mail.test")("D, E" NIL "d" "mail.test")(NIL NIL "c" "x"))`,
	} {
		srv := imapServer(t, "From: "+field+"\r\n\r\nhi\r\n")
		loggedIn(t, srv, "C: s SELECT inbox\nS: * 1 EXISTS\nS: * 0 RECENT\n"+threeFlags+
			"S: * OK [UIDNEXT 2] next\nS: * OK [HIGHESTMODSEQ 2] highest\nS: s OK [READ-WRITE] selected\n"+
			"C: a FETCH 1 ENVELOPE\nS: * 1 FETCH (ENVELOPE (NIL NIL "+want+" "+want+" "+want+" NIL NIL NIL NIL NIL))\nS: a OK fetched")
	}
}
