package dialtest_test

import (
	"bufio"
	"crypto/tls"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/dialtest/mailstore"
	"github.com/mailconn/mailconn/internal/test/testserver"
	"github.com/mailconn/mailconn/policy"
)

// dialogue has a dialogue with a server in the clear.
func dialogue(t *testing.T, c dialtest.Config, script string) {
	t.Helper()
	c.NoSTARTTLS, c.LoginInClear = true, true
	conn := testserver.Start(t, c).Pipe()
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second)) // of a test that fails
	talk(t, conn, bufio.NewReader(conn), strings.ReplaceAll(script, "\t", ""))
}

// An extension that was taken away is neither listed nor understood, and no more are
// those that need it.
func TestIMAPProfiles(t *testing.T) {
	const (
		bad   = "BAD unknown command, or not now"
		parse = "BAD cannot parse this: at "
	)
	gone := map[string][]string{"CONDSTORE": {"QRESYNC"}, "ENABLE": {"QRESYNC"}}
	for without, then := range map[string]string{
		"IDLE":      "C: a IDLE\nS: a " + bad,
		"NAMESPACE": "C: a NAMESPACE\nS: a " + bad,
		"MOVE":      "C: a MOVE 1 INBOX\nS: a " + bad + "\nC: b UID MOVE 1 INBOX\nS: b " + bad,
		"ENABLE":    "C: a ENABLE QRESYNC\nS: a " + bad,
		"UNSELECT":  "C: a UNSELECT\nS: a " + bad,
		"ID":        "C: a ID NIL\nS: a " + bad,
		"UIDPLUS":   "C: a UID EXPUNGE 1\nS: a " + bad + "\nC: b APPEND INBOX {1+}\nC: x\nS: * 2 EXISTS\nS: b OK stored\nC: c COPY 1 INBOX\nS: c OK copied",
		"ESEARCH":   "C: a SEARCH RETURN (COUNT) ALL\nS: a " + parse + `"(COUNT) ALL"`,
		"SPECIAL-USE": "C: a LIST (SPECIAL-USE) \"\" *\nS: a " + parse + "\") \\\"\\\" *\"\nC: b CREATE x (USE (\\Sent))\nS: b " + parse + "\" (\\\\Sent))\"\n" +
			"C: c LIST \"\" *\nS: * LIST () \"/\" \"INBOX\"\nS: * LIST () \"/\" \"Sent\"\nS: c OK listed\nC: d LIST \"\" * RETURN (SPECIAL-USE)\nS: d " + parse + `")"`,
		"LIST-STATUS": "C: a LIST \"\" * RETURN (STATUS (MESSAGES))\nS: a " + parse + `" (MESSAGES))"`,
		"STATUS=SIZE": "C: a STATUS INBOX (SIZE)\nS: a " + parse + `")"`,
		"CONDSTORE": "C: a FETCH 1 FLAGS (CHANGEDSINCE 1)\nS: a " + parse + "\" 1)\"\nC: b FETCH 1 MODSEQ\nS: b " + parse + "\"\"\nC: c SEARCH MODSEQ 1\nS: c " + parse + "\"1\"\n" +
			"C: d STATUS INBOX (HIGHESTMODSEQ)\nS: d " + parse + "\")\"\nC: e STORE 1 (UNCHANGEDSINCE 1) FLAGS ()\nS: e " + parse + "\" 1) FLAGS ()\"\n" +
			"C: f ENABLE CONDSTORE QRESYNC\nS: * ENABLED\nS: f OK done\nC: g SELECT INBOX (CONDSTORE)\nS: g " + parse + `")"`,
		"QRESYNC":     "C: a ENABLE QRESYNC\nS: * ENABLED\nS: a OK done\nC: b SELECT INBOX (QRESYNC (1 1))\nS: b " + parse + `" (1 1))"`,
		"LITERAL+":    "C: a CREATE {1+}\nC: x\nS: a BAD cannot parse this: LITERAL+ is not offered",
		"MULTIAPPEND": "C: a APPEND INBOX {1+}\nC: x {1+}\nC: y\nS: a BAD one message at a time",

		"COMPRESS=DEFLATE": "C: a COMPRESS DEFLATE\nS: a " + bad,
	} {
		t.Run(without, func(t *testing.T) {
			left := slices.DeleteFunc(strings.Fields(imapList), func(e string) bool { return e == without || slices.Contains(gone[without], e) })
			highest := "S: * OK [HIGHESTMODSEQ 2] highest\n"
			if without == "CONDSTORE" {
				highest = ""
			}
			store := mailstore.New()
			if _, err := store.Create("Sent", `\Sent`); err != nil {
				t.Fatal(err)
			}
			dialogue(t, dialtest.Config{Protocol: policy.IMAP, Without: []string{strings.ToLower(without)}, Store: store, Mailbox: []string{"x\n"}},
				"S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\nC: l LOGIN user secret\nS: l OK [CAPABILITY "+strings.Join(left, " ")+"] welcome\n"+
					"C: s SELECT INBOX\nS: * 1 EXISTS\nS: * 0 RECENT\n"+threeFlags+"S: * OK [UIDNEXT 2] next\n"+highest+"S: s OK [READ-WRITE] selected\n"+then)
		})
	}
	dialogue(t, dialtest.Config{Protocol: policy.IMAP, Without: []string{"SASL-IR"}}, `S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready
		C: a AUTHENTICATE PLAIN AHVzZXIAc2VjcmV0
		S: a BAD no initial response without SASL-IR
		C: b AUTHENTICATE PLAIN
		S: + 
		C: AHVzZXIAc2VjcmV0
		S: b OK [CAPABILITY `+imapList+`] welcome`)
}

// SEARCH for modification sequences tells the highest (RFC 7162 §3.1.5).
func TestSearchModSeq(t *testing.T) {
	srv := imapServer(t, "a\r\n", "b\r\n")
	srv.Store().Inbox().SetFlags(1, "x")
	conn, _ := loggedIn(t, srv, "C: s EXAMINE INBOX\nS: * 2 EXISTS\nS: * 0 RECENT\n"+threeFlags+"S: * OK [UIDNEXT 3] next\nS: * OK [HIGHESTMODSEQ 3] highest\nS: s OK [READ-ONLY] selected\n"+`C: a SEARCH MODSEQ 1
S: * SEARCH 1 2 (MODSEQ 3)
S: a OK searched
C: b UID SEARCH RETURN (COUNT) MODSEQ "/flags/\\x" all 3
S: * ESEARCH (TAG "b") UID COUNT 1 MODSEQ 3
S: b OK searched
C: c SEARCH MODSEQ 4
S: * SEARCH
S: c OK searched
C: d SEARCH RETURN (SAVE) ALL
S: d BAD cannot parse this: at ") ALL"`)
	conn.Close()
}

func TestSMTPProfiles(t *testing.T) {
	all := []string{"PIPELINING", "CHUNKING", "8BITMIME", "BINARYMIME", "SMTPUTF8", "SIZE", "DSN", "ENHANCEDSTATUSCODES", "AUTH PLAIN"}
	const mail = "C: MAIL FROM:<a@mail.test> "
	for without, then := range map[string]string{
		"PIPELINING": "C: NOOP\\nNOOP\nS: 503 5.5.0 PIPELINING is not offered\nS: 250 2.0.0 done\n" +
			mail + "\\nRCPT TO:<b@mail.test>\\nDATA\nS: 503 5.5.0 PIPELINING is not offered\nS: 503 5.5.0 PIPELINING is not offered\nS: 503 5.5.1 not now\n" +
			mail + "\nS: 250 2.1.0 sender accepted\nC: RCPT TO:<b@mail.test>\nS: 250 2.1.5 recipient accepted\nC: DATA\\nNOOP\nS: 503 5.5.0 PIPELINING is not offered\nS: 250 2.0.0 done",
		"CHUNKING":   "C: BDAT 1\nS: 500 5.5.1 unknown command\n" + mail + "BODY=BINARYMIME\nS: 555 5.5.4 unknown parameter BODY",
		"8BITMIME":   mail + "BODY=8BITMIME\nS: 555 5.5.4 unknown parameter BODY",
		"BINARYMIME": mail + "BODY=BINARYMIME\nS: 555 5.5.4 unknown parameter BODY",
		"SMTPUTF8":   mail + "SMTPUTF8\nS: 555 5.5.4 unknown parameter SMTPUTF8",
		"SIZE":       mail + "SIZE=1\nS: 555 5.5.4 unknown parameter SIZE",
		"DSN":        mail + "RET=HDRS\nS: 555 5.5.4 unknown parameter RET\n" + mail + "\nS: 250 2.1.0 sender accepted\nC: RCPT TO:<b@mail.test> NOTIFY=NEVER\nS: 555 5.5.4 unknown parameter NOTIFY",
		"AUTH":       "C: AUTH PLAIN AHVzZXIAc2VjcmV0\nS: 502 5.5.1 not implemented\n" + mail + "AUTH=<>\nS: 555 5.5.4 unknown parameter AUTH",
		"ENHANCEDSTATUSCODES": "C: NOOP\nS: 250 done\nC: AUTH PLAIN AHVzZXIAeA==\nS: 535 wrong user or password\n" + mail + "\nS: 250 sender accepted\nC: RCPT TO:<bob@mail.test>\nS: 550 5.1.1 by rule\n" +
			"C: RCPT TO:<b@mail.test>\nS: 250 recipient accepted\nC: DATA\nS: 354 go on\nC: .\nS: 250 message accepted\nC: QUIT\nS: 221 bye",
	} {
		t.Run(without, func(t *testing.T) {
			list := []string{"mail.test"}
			for _, e := range all {
				if e, _, _ := strings.Cut(e, " "); e == without || e == "BINARYMIME" && without == "CHUNKING" {
					continue
				}
				list = append(list, e)
			}
			ehlo := "S: 250-" + strings.Join(list[:len(list)-1], "\nS: 250-") + "\nS: 250 " + list[len(list)-1] + "\n"
			dialogue(t, dialtest.Config{
				Protocol: policy.SMTP, Without: []string{without},
				Rules: []dialtest.Rule{{At: "RCPT TO:<bob@mail.test>", Reply: "550 5.1.1 by rule"}},
			}, "S: 220 mail.test ESMTP ready\nC: EHLO me\n"+ehlo+then)
		})
	}
}

// The upgrade is an extension, too, and so is what is listed inside TLS alone.
func TestProfilesOfTLS(t *testing.T) {
	for protocol, dialogueOf := range map[policy.Protocol][2]string{
		policy.SMTP: {"STARTTLS", "S: 220 mail.test ESMTP ready\nC: HELO me\nS: 250 mail.test\nC: STARTTLS\nS: 502 5.5.1 not implemented"},
		policy.IMAP: {"STARTTLS", "S: * OK [CAPABILITY IMAP4rev1 SASL-IR LOGINDISABLED] ready\nC: a STARTTLS\nS: a BAD not possible now"},
		policy.POP3: {"STLS", "S: +OK ready\nC: STLS\nS: -ERR unknown command"},
	} {
		srv := testserver.Start(t, dialtest.Config{Protocol: protocol, Without: []string{dialogueOf[0]}})
		conn := srv.Pipe()
		talk(t, conn, bufio.NewReader(conn), dialogueOf[1])
		conn.Close()
	}
	srv := testserver.Start(t, dialtest.Config{Protocol: policy.SMTP, Implicit: true, Without: []string{"REQUIRETLS"}, Mechanisms: []string{}})
	conn := tls.Client(srv.Pipe(), withName(srv.ClientConfig()))
	defer conn.Close()
	talk(t, conn, bufio.NewReader(conn), "S: 220 mail.test ESMTP ready\nC: EHLO me\nS: 250-mail.test\nS: 250-PIPELINING\nS: 250-CHUNKING\nS: 250-8BITMIME\nS: 250-BINARYMIME\nS: 250-SMTPUTF8\n"+
		"S: 250-SIZE\nS: 250-DSN\nS: 250 ENHANCEDSTATUSCODES\nC: MAIL FROM:<> REQUIRETLS\nS: 555 5.5.4 unknown parameter REQUIRETLS")
}

func withName(cfg *tls.Config) *tls.Config {
	cfg.ServerName = "mail.test"
	return cfg
}

// A word that is no extension of the protocol is an error.
func TestWithoutIsChecked(t *testing.T) {
	for word, protocol := range map[string]policy.Protocol{"CONDSTOR": policy.IMAP, "PIPELINING": policy.IMAP, "IDLE": policy.SMTP, "CHUNKING": policy.POP3, "": policy.POP3} {
		if srv, err := dialtest.NewServer(dialtest.Config{Protocol: protocol, Without: []string{word}}); err == nil {
			srv.Close()
			t.Errorf("%v without %q", protocol, word)
		}
	}
}

// A message that is too large is refused as early as its size is known.
func TestMaxSize(t *testing.T) {
	const tooLarge = "552 5.3.4 the message is too large"
	dialogue(t, dialtest.Config{Protocol: policy.SMTP, MaxSize: 10, Mechanisms: []string{}}, `S: 220 mail.test ESMTP ready
		C: EHLO me
		S: 250-mail.test
		S: 250-PIPELINING
		S: 250-CHUNKING
		S: 250-8BITMIME
		S: 250-BINARYMIME
		S: 250-SMTPUTF8
		S: 250-SIZE 10
		S: 250-DSN
		S: 250 ENHANCEDSTATUSCODES
		C: MAIL FROM:<a@mail.test> SIZE=11
		S: `+tooLarge+`
		C: MAIL FROM:<a@mail.test>
		S: 250 2.1.0 sender accepted
		C: RCPT TO:<b@mail.test>
		S: 250 2.1.5 recipient accepted
		C: DATA
		S: 354 go on
		C: 123456789
		C: .
		S: `+tooLarge)
	dialogue(t, dialtest.Config{Protocol: policy.IMAP, MaxSize: 10, Greeting: "* PREAUTH hello"}, `S: * PREAUTH hello
		C: a APPEND INBOX {11}
		S: a NO [TOOBIG] the message is too large
		C: b APPEND INBOX {10}
		S: + go on
		C: 0123456789
		S: b OK [APPENDUID 1001 1] stored`)
}

func TestPOP3Profiles(t *testing.T) {
	all := []string{"TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "USER", "SASL PLAIN"}
	const login = "C: AUTH PLAIN AHVzZXIAc2VjcmV0\nS: +OK welcome\n"
	for without, then := range map[string]string{
		"TOP":            login + "C: TOP 1 0\nS: -ERR unknown command",
		"UIDL":           login + "C: UIDL\nS: -ERR unknown command",
		"RESP-CODES":     "C: AUTH PLAIN AHVzZXIAeA==\nS: -ERR wrong user or password",
		"AUTH-RESP-CODE": "C: USER user\nS: +OK now the password\nC: PASS x\nS: -ERR wrong user or password",
		"PIPELINING":     login + "C: STAT\\nQUIT\nS: -ERR PIPELINING is not offered\nS: +OK bye",
		"USER":           "C: USER user\nS: -ERR unknown command\nC: PASS secret\nS: -ERR unknown command",
		"SASL":           "C: AUTH PLAIN AHVzZXIAc2VjcmV0\nS: -ERR unknown command",
	} {
		t.Run(without, func(t *testing.T) {
			list := ""
			for _, e := range all {
				if word, _, _ := strings.Cut(e, " "); word != without && (word != "AUTH-RESP-CODE" || without != "RESP-CODES") {
					list += "S: " + e + "\n"
				}
			}
			dialogue(t, dialtest.Config{Protocol: policy.POP3, Without: []string{without}, Mailbox: []string{"x\n"}}, "S: +OK ready\nC: CAPA\nS: +OK\n"+list+"S: .\n"+then)
		})
	}
}
