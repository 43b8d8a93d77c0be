package dialtest_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/smtp"
	"net/textproto"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/testserver"
	"github.com/mailconn/mailconn/policy"
)

// relay is an SMTP server in the clear with rules.
func relay(t *testing.T, rules ...dialtest.Rule) *dialtest.Server {
	t.Helper()
	return testserver.Start(t, dialtest.Config{Protocol: policy.SMTP, NoSTARTTLS: true, Rules: rules})
}

// order adds rules to those of a server. Any goroutine may call it.
func order(t *testing.T, srv *dialtest.Server, rules ...dialtest.Rule) {
	t.Helper()
	if err := srv.Order(rules...); err != nil {
		t.Error(err)
	}
}

// sendMail sends a message with net/smtp, and returns the code of the reply that
// failed: 0 if none did, -1 for a connection that broke.
func sendMail(srv *dialtest.Server, to ...string) int {
	err := smtp.SendMail(srv.Addr(), nil, "me@mail.test", to, []byte("Subject: hi\r\n\r\nhi\r\n"))
	var reply *textproto.Error
	switch {
	case err == nil:
		return 0
	case errors.As(err, &reply):
		return reply.Code
	}
	return -1
}

func TestRulesOfSMTP(t *testing.T) {
	const ann, bob = "ann@mail.test", "bob@mail.test"
	for name, c := range map[string]struct {
		rule  dialtest.Rule
		to    []string
		codes []int // of messages, one after the other
		taken int
	}{
		"a recipient":        {dialtest.Rule{At: "RCPT TO:<ann@mail.test>", Reply: "550 5.1.1 no"}, []string{ann}, []int{550, 550}, 0},
		"another recipient":  {dialtest.Rule{At: "RCPT TO:<ann@mail.test>", Reply: "550 5.1.1 no"}, []string{bob}, []int{0, 0}, 2},
		"recipients":         {dialtest.Rule{At: "rcpt to:<*@mail.test>", Reply: "550 5.1.1 no"}, []string{bob}, []int{550}, 0},
		"a sender":           {dialtest.Rule{At: "MAIL FROM:<me@*", Reply: "550 5.7.1 no"}, []string{bob}, []int{550}, 0},
		"twice":              {dialtest.Rule{At: "MAIL", Reply: "451 4.3.0 later", Times: 2}, []string{bob}, []int{451, 451, 0}, 1},
		"after one":          {dialtest.Rule{At: "DATA", After: 1, Times: 1, Reply: "452 4.3.1 full"}, []string{bob}, []int{0, 452, 0}, 2},
		"421 at EHLO":        {dialtest.Rule{At: "EHLO", Times: 1, Reply: "421 4.3.2 no", End: dialtest.EndClose}, []string{bob}, []int{-1, 0}, 1},
		"greeting":           {dialtest.Rule{At: "greeting", Times: 1, Reply: "554 no"}, []string{bob}, []int{554, 0}, 1},
		"no connection":      {dialtest.Rule{At: "connect", Times: 1, End: dialtest.EndReset}, []string{bob}, []int{-1, 0}, 1},
		"over quota":         {dialtest.Rule{At: ".", Reply: "452 4.2.2 over quota"}, []string{bob}, []int{452}, 0},
		"at QUIT":            {dialtest.Rule{At: "QUIT", Reply: "451 4.3.0 no"}, []string{bob}, []int{451}, 1},
		"taken, and silence": {dialtest.Rule{At: ".", Bytes: -1, End: dialtest.EndClose}, []string{bob}, []int{-1}, 1},
		"lost":               {dialtest.Rule{At: ".", Skip: true, End: dialtest.EndReset}, []string{bob}, []int{-1}, 0},
		"taken otherwise":    {dialtest.Rule{At: ".", Reply: "250-2.0.0 well\n250 2.0.0 taken"}, []string{bob}, []int{0}, 1},
		"in a reply":         {dialtest.Rule{At: "EHLO", Bytes: 20, End: dialtest.EndClose}, []string{bob}, []int{-1}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			srv := relay(t, c.rule)
			for i, want := range c.codes {
				if got := sendMail(srv, c.to...); got != want {
					t.Errorf("message %d: %d, want %d", i, got, want)
				}
			}
			if n := len(srv.Messages()); n != c.taken {
				t.Errorf("%d messages, want %d", n, c.taken)
			}
		})
	}
}

// greeting dials and returns the first line.
func greeting(t *testing.T, addr string) string {
	t.Helper()
	line, _ := bufio.NewReader(dialRaw(t, addr)).ReadString('\n')
	return line
}

// A limit on connections holds while they are open.
func TestRuleOver(t *testing.T) {
	srv := relay(t, dialtest.Rule{At: "greeting", Over: 2, Reply: "421 4.7.0 too many connections", End: dialtest.EndClose})
	for i, want := range []string{"220", "220", "421", "421"} {
		if got := greeting(t, srv.Addr()); !strings.HasPrefix(got, want) {
			t.Errorf("connection %d: %q", i, got)
		}
	}
	srv.HangUp()
	srv.ClearRules()
	if got := greeting(t, srv.Addr()); !strings.HasPrefix(got, "220") {
		t.Errorf("without rules: %q", got)
	}
}

// Delays are of the bubble's clock.
func TestRuleDelay(t *testing.T) {
	srv := relay(t, dialtest.Rule{At: "greeting", Delay: time.Hour}, dialtest.Rule{At: "NOOP", End: dialtest.EndStall})
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		conn := srv.Pipe()
		r := bufio.NewReader(conn)
		talk(t, conn, r, "S: 220 mail.test ESMTP ready\nC: NOOP\nS: 250 2.0.0 done\nC: RSET")
		if passed := time.Since(start); passed != time.Hour {
			t.Errorf("greeted after %v", passed)
		}
		conn.SetReadDeadline(time.Now().Add(time.Hour))
		if line, err := r.ReadString('\n'); err == nil {
			t.Errorf("a stalled server said %q", line)
		}
		conn.Close()
	})
}

// A server whose rules make it wait or stall is closed all the same.
func TestCloseDuringRule(t *testing.T) {
	srv := relay(t, dialtest.Rule{At: "greeting", Times: 1, Delay: time.Hour}, dialtest.Rule{At: "greeting", End: dialtest.EndStall})
	dialRaw(t, srv.Addr())
	dialRaw(t, srv.Addr())
	srv.Close()
}

func TestRuleReset(t *testing.T) {
	srv := relay(t, dialtest.Rule{At: "NOOP", Skip: true, End: dialtest.EndReset})
	conn := dialRaw(t, srv.Addr())
	r := bufio.NewReader(conn)
	talk(t, conn, r, "S: 220 mail.test ESMTP ready\nC: NOOP")
	if _, err := r.ReadByte(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v", err)
	}
}

func TestRulesOfLogin(t *testing.T) {
	for protocol, c := range map[policy.Protocol]struct{ attempt, wrong, ok, reply, locked string }{
		policy.Submission: {"AUTH PLAIN AHVzZXIAc2VjcmV0", "535 5.7.8 wrong user or password", "235 2.7.0 welcome", "535 5.7.3 locked", "535 5.7.3 locked"},
		policy.POP3:       {"USER user\nS: +OK now the password\nC: PASS secret", "-ERR [AUTH] wrong user or password", "+OK welcome", "-ERR [SYS/PERM] locked", "-ERR [SYS/PERM] locked"},
		policy.IMAP:       {"a LOGIN user secret", "a NO [AUTHENTICATIONFAILED] wrong user or password", "a OK [CAPABILITY <imap>] welcome", "NO [UNAVAILABLE] locked", "a NO [UNAVAILABLE] locked"},
	} {
		srv := testserver.Start(t, dialtest.Config{Protocol: protocol, LoginInClear: true, NoSTARTTLS: true, Greeting: map[policy.Protocol]string{
			policy.Submission: "220 x", policy.POP3: "+OK x", policy.IMAP: "* OK x"}[protocol], Rules: []dialtest.Rule{
			{At: "credentials", Times: 2, Skip: true}, {At: "credentials", Times: 1, Reply: c.reply}, {At: "credentials", End: dialtest.EndClose},
		}})
		conn := srv.Pipe()
		conn.SetDeadline(time.Now().Add(10 * time.Second)) // of a test that fails
		r := bufio.NewReader(conn)
		if _, err := r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		if protocol == policy.Submission {
			talk(t, conn, r, "C: EHLO me\n<ehlo>\nS: 250-ENHANCEDSTATUSCODES\nS: 250 AUTH PLAIN")
		}
		for _, answer := range []string{c.wrong, c.wrong, c.locked, c.ok} {
			talk(t, conn, r, "C: "+c.attempt+"\nS: "+answer)
		}
		if line, err := r.ReadString('\n'); err != io.EOF {
			t.Errorf("%v: %q, %v behind the login", protocol, line, err)
		}
		conn.Close()
	}
}

func TestRulesOfPOP3(t *testing.T) {
	body := strings.Repeat("x", 1000) + "\r\n"
	srv := testserver.Start(t, dialtest.Config{
		Protocol: policy.POP3, LoginInClear: true, Mailbox: []string{"a\r\n", body},
		Rules: []dialtest.Rule{{At: "RETR 1", Reply: "-ERR [SYS/TEMP] later"}, {At: "RETR 2", Bytes: 100, End: dialtest.EndClose}},
	})
	conn := srv.Pipe()
	r := bufio.NewReader(conn)
	talk(t, conn, r, "S: +OK ready\nC: USER user\nS: +OK now the password\nC: PASS secret\nS: +OK welcome\nC: RETR 1\nS: -ERR [SYS/TEMP] later\nC: RETR 2")
	if got, _ := io.ReadAll(r); len(got) != 100 {
		t.Errorf("%d bytes of the reply", len(got))
	}
}

func TestRulesOfIMAP(t *testing.T) {
	srv := imapServer(t, "a\r\n")
	inbox := srv.Store().Inbox()
	order(t, srv,
		dialtest.Rule{At: "APPEND", Times: 2, Reply: "NO [OVERQUOTA] full"},
		dialtest.Rule{At: "STATUS", Times: 1, Do: func(string) { inbox.Renumber() }},
		dialtest.Rule{At: "idling", Times: 1, Do: func(string) { srv.Deliver("b\n") }},
		dialtest.Rule{At: "idling", Reply: "* BYE shutting down", End: dialtest.EndClose},
	)
	conn, r := loggedIn(t, srv, `C: a APPEND INBOX {5}
S: a NO [OVERQUOTA] full
C: b APPEND INBOX {5+}
C: hello
S: b NO [OVERQUOTA] full
C: c STATUS INBOX (UIDVALIDITY)
S: * STATUS "INBOX" (UIDVALIDITY 1002)
S: c OK done
C: d SELECT INBOX
S: * 1 EXISTS
S: * 0 RECENT
`+strings.Replace(threeFlags, "1001", "1002", 1)+`S: * OK [UIDNEXT 2] next
S: * OK [HIGHESTMODSEQ 3] highest
S: d OK [READ-WRITE] selected
C: e IDLE
S: + idling
S: * 2 EXISTS
C: DONE
S: e OK done
C: f IDLE
S: + idling
S: * BYE shutting down`)
	if line, err := r.ReadString('\n'); err != io.EOF {
		t.Errorf("after BYE: %q, %v", line, err)
	}
	conn.Close()
}

// New UIDs end a session that has the mailbox selected, at NOOP too; the literal of a
// command that is skipped is no command; a rule's greeting is said line by line, or not.
func TestWhatARuleLeavesOut(t *testing.T) {
	srv := imapServer(t, "a\r\n")
	conn, r := loggedIn(t, srv, "C: d SELECT INBOX\nS: * 1 EXISTS\nS: * 0 RECENT\n"+threeFlags+
		"S: * OK [UIDNEXT 2] next\nS: * OK [HIGHESTMODSEQ 2] highest\nS: d OK [READ-WRITE] selected")
	order(t, srv, dialtest.Rule{At: "APPEND", Skip: true})
	talk(t, conn, r, "C: a APPEND INBOX {13+}\nC: x LOGOUT now!\nC: b NOOP\nS: b OK done")
	srv.Store().Inbox().Renumber()
	talk(t, conn, r, "C: c NOOP\nS: * BYE the mailbox has new UIDs")
	if line, err := r.ReadString('\n'); err != io.EOF {
		t.Errorf("after BYE: %q, %v", line, err)
	}
	for reply, want := range map[string]string{
		"220-one\n220 two": "S: 220-one\nS: 220 two\nC: NOOP\nS: 250 2.0.0 done",
		"":                 "C: NOOP\nS: 250 2.0.0 done",
	} {
		relay := relay(t, dialtest.Rule{At: "greeting", Reply: reply, Skip: reply == ""})
		conn := relay.Pipe()
		conn.SetDeadline(time.Now().Add(10 * time.Second)) // of a test that fails
		talk(t, conn, bufio.NewReader(conn), want)
		conn.Close()
	}
}

// A rule that can never apply is an error, of the configuration and of Order, and none
// that comes with it is added.
func TestRulesAreChecked(t *testing.T) {
	for _, bad := range []struct {
		protocol policy.Protocol
		rule     dialtest.Rule
	}{
		{policy.SMTP, dialtest.Rule{At: "RCTP"}}, {policy.SMTP, dialtest.Rule{At: "RCPT:<ann@mail.test>"}}, {policy.SMTP, dialtest.Rule{At: "RETR"}},
		{policy.SMTP, dialtest.Rule{At: "idling"}}, {policy.SMTP, dialtest.Rule{At: "credential"}}, {policy.Submission, dialtest.Rule{At: "UID FETCH"}},
		{policy.Submission, dialtest.Rule{At: " "}}, {policy.SMTP, dialtest.Rule{At: "*.", After: -1}}, {policy.SMTP, dialtest.Rule{At: "..", Reply: "250 ok"}},
		{policy.IMAP, dialtest.Rule{At: "RCPT TO:<ann@mail.test>"}}, {policy.IMAP, dialtest.Rule{At: "."}}, {policy.IMAP, dialtest.Rule{At: "a FETCH"}},
		{policy.IMAP, dialtest.Rule{At: "FETHC*"}}, {policy.IMAP, dialtest.Rule{At: "UID FETHC 1"}}, {policy.IMAP, dialtest.Rule{At: "UIDFETCH"}},
		{policy.POP3, dialtest.Rule{At: "Idling"}}, {policy.POP3, dialtest.Rule{At: "RETR2"}}, {policy.POP3, dialtest.Rule{At: "SELECT"}}, {policy.POP3, dialtest.Rule{At: "EXIT"}},
		{policy.POP3, dialtest.Rule{At: "RETR", Times: -1}}, {policy.POP3, dialtest.Rule{At: "RETR", Over: -1}},
		{policy.POP3, dialtest.Rule{At: "RETR", Delay: -1}}, {policy.POP3, dialtest.Rule{At: "RETR", End: dialtest.EndStall + 1}},
	} {
		c := dialtest.Config{Protocol: bad.protocol, NoListener: true, Rules: []dialtest.Rule{bad.rule}}
		if _, err := dialtest.NewServer(c); err == nil {
			t.Errorf("%v: a server with %+v", bad.protocol, bad.rule)
		}
		c.Rules = nil
		srv := testserver.Start(t, c)
		if err := srv.Order(dialtest.Rule{At: "greeting"}, bad.rule); err == nil || len(srv.UnusedRules()) > 0 {
			t.Errorf("%v: ordered %+v: %v, %q", bad.protocol, bad.rule, err, srv.UnusedRules())
		}
	}
	for protocol, patterns := range map[policy.Protocol][]string{
		policy.SMTP:       {"", "*", ".", "rcpt", "RCPT TO:<ann@mail.test>", "RC*", "*TO*", "BDAT 1 LAST", "bdat", "ETRN", "XCLIENT", "x*", "connect", "Greeting", "credentials", "Closed"},
		policy.Submission: {"AUTH PLAIN", "greet*", "."},
		policy.IMAP:       {"", "UID", "UID *", "UID F*", "UID FETCH *BODY*", "FETCH*", "AUTHENTICATE PLAIN", "GETQUOTA", "UID THREAD", "XLIST", "connect", "greeting", "credentials", "idling", "CLOSED"},
		policy.POP3:       {"RETR 2", "RETR*", "APOP", "UTF8", "STLS", "XTND XMIT", "connect", "greeting", "credentials", "closed"},
	} {
		for _, at := range patterns {
			if err := testserver.Start(t, dialtest.Config{Protocol: protocol, NoListener: true}).Order(dialtest.Rule{At: at}); err != nil {
				t.Error(protocol, err)
			}
		}
	}
}

// A command that the server does not understand is one that rules can stand in for.
func TestRuleForAnotherCommand(t *testing.T) {
	srv := imapServer(t)
	order(t, srv, dialtest.Rule{At: "GETQUOTA", Reply: "* QUOTA \"\" (STORAGE 10 512)\nOK done"})
	conn, _ := loggedIn(t, srv, "C: a GETQUOTA \"\"\nS: * QUOTA \"\" (STORAGE 10 512)\nS: a OK done\nC: b GETACL INBOX\nS: b BAD unknown command, or not now")
	conn.Close()
}

// A test is told which of its rules never applied: not those that did, by pattern or by
// choice.
func TestUnusedRules(t *testing.T) {
	nothing := func(dialtest.Moment) dialtest.Rule { return dialtest.Rule{} }
	srv := relay(t,
		dialtest.Rule{At: "MAIL", Reply: "451 4.3.0 later", Times: 1},
		dialtest.Rule{At: "RCPT", After: 5, Reply: "452 4.5.3 too many"},
		dialtest.Rule{At: "*", Choose: nothing},
		dialtest.Rule{At: "DATA", Choose: func(dialtest.Moment) dialtest.Rule { return dialtest.Rule{Reply: "554 5.5.1 no"} }},
		dialtest.Rule{At: "VRFY", Reply: "250 ok"},
	)
	if got := sendMail(srv, "ann@mail.test"); got != 451 {
		t.Error(got)
	}
	if got := fmt.Sprintf("%q", srv.UnusedRules()); got != `["RCPT" "*" "DATA" "VRFY"]` {
		t.Error(got)
	}
	if got := sendMail(srv, "ann@mail.test"); got != 554 {
		t.Error(got)
	}
	if got := fmt.Sprintf("%q", srv.UnusedRules()); got != `["RCPT" "*" "VRFY"]` {
		t.Error(got)
	}
	srv.ClearRules()
	if got := srv.UnusedRules(); len(got) > 0 {
		t.Error(got)
	}
}

// A rule can be told of each command.
func TestRuleDo(t *testing.T) {
	var heard []string
	srv := relay(t, dialtest.Rule{At: "*", Do: func(command string) { heard = append(heard, command) }})
	sendMail(srv, "ann@mail.test")
	srv.Close()
	if got := fmt.Sprint(heard); got != "[connect greeting EHLO localhost MAIL FROM:<me@mail.test> BODY=8BITMIME SMTPUTF8 RCPT TO:<ann@mail.test> DATA . QUIT closed]" {
		t.Errorf("%s", got)
	}
}
