package dialtest_test

import (
	"bufio"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
)

// dialogue has a dialogue with a server in the clear.
func dialogue(t *testing.T, c dialtest.Config, script string) {
	t.Helper()
	c.NoSTARTTLS, c.LoginInClear = true, true
	conn := newServer(t, c).Pipe()
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second)) // of a test that fails
	talk(t, conn, bufio.NewReader(conn), strings.ReplaceAll(script, "\t", ""))
}

// An extension that was taken away is neither listed nor understood.
func TestIMAPProfiles(t *testing.T) {
	all := []string{
		"IDLE", "NAMESPACE", "UNSELECT", "UIDPLUS", "MOVE", "ENABLE", "ID", "ESEARCH", "SPECIAL-USE", "LIST-STATUS",
		"CONDSTORE", "QRESYNC", "LITERAL+", "MULTIAPPEND", "COMPRESS=DEFLATE",
	}
	const bad = "BAD unknown command, or not now"
	for without, then := range map[string]string{
		"IDLE":        "C: a IDLE\nS: a " + bad,
		"NAMESPACE":   "C: a NAMESPACE\nS: a " + bad,
		"MOVE":        "C: a MOVE 1 INBOX\nS: a " + bad,
		"ENABLE":      "C: a ENABLE QRESYNC\nS: a " + bad,
		"UNSELECT":    "C: a UNSELECT\nS: a " + bad,
		"UIDPLUS":     "C: a UID EXPUNGE 1\nS: a BAD unknown command\nC: b APPEND INBOX {1+}\nC: x\nS: * 2 EXISTS\nS: b OK stored",
		"CONDSTORE":   "C: a FETCH 1 FLAGS (CHANGEDSINCE 1)\nS: a BAD cannot parse this: at \" 1)\"",
		"QRESYNC":     "C: a ENABLE QRESYNC\nS: * ENABLED\nS: a OK done",
		"LITERAL+":    "C: a CREATE {1+}\nC: x\nS: a BAD cannot parse this: LITERAL+ is not offered",
		"MULTIAPPEND": "C: a APPEND INBOX {1+}\nC: x {1+}\nC: y\nS: a BAD one message at a time",

		"COMPRESS=DEFLATE": "C: a COMPRESS DEFLATE\nS: a " + bad,
	} {
		t.Run(without, func(t *testing.T) {
			var left []string
			for _, e := range all {
				if e != without {
					left = append(left, e)
				}
			}
			list := "CAPABILITY IMAP4rev1 " + strings.Join(left, " ")
			highest := "S: * OK [HIGHESTMODSEQ 2] highest\n"
			if without == "CONDSTORE" {
				highest = ""
			}
			dialogue(t, dialtest.Config{Protocol: policy.IMAP, Without: []string{strings.ToLower(without)}, Mailbox: []string{"x\n"}},
				"S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\nC: l LOGIN user secret\nS: l OK ["+list+"] welcome\n"+
					"C: s SELECT INBOX\nS: * 1 EXISTS\nS: * 0 RECENT\n"+threeFlags+"S: * OK [UIDNEXT 2] next\n"+highest+"S: s OK [READ-WRITE] selected\n"+then)
		})
	}
}

func TestSMTPProfiles(t *testing.T) {
	all := []string{"PIPELINING", "CHUNKING", "8BITMIME", "BINARYMIME", "SMTPUTF8", "SIZE", "DSN", "ENHANCEDSTATUSCODES"}
	const mail = "C: MAIL FROM:<a@mail.test> "
	for without, then := range map[string]string{
		"CHUNKING": "C: BDAT 1\nS: 501 5.5.4 not a chunk",
		"8BITMIME": mail + "BODY=8BITMIME\nS: 555 5.5.4 unknown parameter BODY",
		"SMTPUTF8": mail + "SMTPUTF8\nS: 555 5.5.4 unknown parameter SMTPUTF8",
		"SIZE":     mail + "SIZE=1\nS: 555 5.5.4 unknown parameter SIZE",
		"DSN":      mail + "RET=HDRS\nS: 555 5.5.4 unknown parameter RET\n" + mail + "\nS: 250 2.1.0 sender accepted\nC: RCPT TO:<b@mail.test> NOTIFY=NEVER\nS: 555 5.5.4 unknown parameter NOTIFY",
	} {
		t.Run(without, func(t *testing.T) {
			var list strings.Builder
			for _, e := range all {
				if e != without {
					list.WriteString("S: 250-" + e + "\n")
				}
			}
			dialogue(t, dialtest.Config{Protocol: policy.SMTP, Without: []string{without}},
				"S: 220 mail.test ESMTP ready\nC: EHLO me\nS: 250-mail.test\n"+list.String()+"S: 250 AUTH PLAIN\n"+then)
		})
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
	for _, without := range []string{"TOP", "UIDL"} {
		list := "S: TOP\nS: UIDL\nS: RESP-CODES\nS: AUTH-RESP-CODE\nS: PIPELINING\n"
		list = strings.Replace(list, "S: "+without+"\n", "", 1)
		dialogue(t, dialtest.Config{Protocol: policy.POP3, Without: []string{without}, Mailbox: []string{"x\n"}},
			"S: +OK ready\nC: USER user\nS: +OK now the password\nC: PASS secret\nS: +OK welcome\nC: CAPA\nS: +OK\n"+list+
				"S: USER\nS: SASL PLAIN\nS: .\nC: "+without+" 1 0\nS: -ERR unknown command")
	}
}
