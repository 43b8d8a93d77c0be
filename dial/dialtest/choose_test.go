package dialtest_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/internal/test/testserver"
	"github.com/mailconn/mailconn/policy"
)

// Choose goes by the command, the connection and the message. A rule that it does not
// apply is not counted, and leaves the moment to those after it.
func TestRuleChoose(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	spam := func(m dialtest.Moment) dialtest.Rule {
		mu.Lock()
		asked = append(asked, fmt.Sprint(m.Conn, " ", m.Command, " ", m.Message.To))
		mu.Unlock()
		if m.Command == "." && bytes.Contains(m.Message.Data, []byte("spam")) {
			return dialtest.Rule{Reply: "554 5.7.1 looks like spam"}
		}
		return dialtest.Rule{}
	}
	srv := relay(t,
		dialtest.Rule{At: "*", Times: 1, Choose: spam},
		dialtest.Rule{At: "RCPT TO:<bob@mail.test>", Reply: "550 5.1.1 no such user"},
	)
	session := func(text, reply string) {
		conn := srv.Pipe()
		defer conn.Close()
		talk(t, conn, bufio.NewReader(conn), `S: 220 mail.test ESMTP ready
C: HELO me
S: 250 mail.test
C: MAIL FROM:<me@mail.test>
S: 250 2.1.0 sender accepted
C: RCPT TO:<bob@mail.test>
S: 550 5.1.1 no such user
C: RCPT TO:<ann@mail.test>
S: 250 2.1.5 recipient accepted
C: DATA
S: 354 go on
C: `+text+`
C: .
S: `+reply)
	}
	session("hello", "250 2.0.0 message accepted")
	session("spam", "554 5.7.1 looks like spam")
	session("spam", "250 2.0.0 message accepted")
	srv.Close()
	if want := "0 . [ann@mail.test]"; !slices.Contains(asked, want) || asked[0] != "0 connect []" || !slices.Contains(asked, "1 . [ann@mail.test]") {
		t.Errorf("asked %q", asked)
	}
	if i := slices.IndexFunc(asked, func(a string) bool { return strings.HasPrefix(a, "2 ") }); i >= 0 {
		t.Errorf("asked after it has applied once: %s", asked[i])
	}
}

// What a rule chooses may be anything that a rule does, and the function may use the
// server.
func TestRuleChoosesAnything(t *testing.T) {
	var srv *dialtest.Server
	var heard atomic.Int64
	srv = testserver.Start(t, dialtest.Config{Protocol: policy.POP3, LoginInClear: true, Mailbox: []string{"a\r\n"}, Rules: []dialtest.Rule{
		{At: "NOOP", Choose: func(dialtest.Moment) dialtest.Rule {
			order(t, srv, dialtest.Rule{At: "STAT", Reply: "-ERR ordered in between"})
			heard.Add(int64(len(srv.Commands())))
			return dialtest.Rule{Do: func(string) { heard.Add(100) }, Delay: time.Nanosecond, Reply: "+OK so be it", Bytes: 9, End: dialtest.EndClose}
		}},
	}})
	conn := srv.Pipe()
	defer conn.Close()
	r := bufio.NewReader(conn)
	talk(t, conn, r, "S: +OK ready\nC: USER user\nS: +OK now the password\nC: PASS secret\nS: +OK welcome\nC: NOOP")
	if got, err := r.ReadString('\n'); got != "+OK so be" || err == nil || heard.Load() != 103 {
		t.Errorf("%q, %v, %d", got, err, heard.Load())
	}
	again := srv.Pipe()
	defer again.Close()
	talk(t, again, bufio.NewReader(again), "S: +OK ready\nC: USER user\nS: +OK now the password\nC: PASS secret\nS: +OK welcome\nC: STAT\nS: -ERR ordered in between")
}

// A command that a rule answers can be carried out all the same.
func TestRuleObey(t *testing.T) {
	srv := relay(t,
		dialtest.Rule{At: "RCPT", Obey: true, Reply: "251 2.1.5 will forward"},
		dialtest.Rule{At: "DATA", Obey: true, Reply: "354 have a go"},
		dialtest.Rule{At: ".", Obey: true, Reply: "451 4.3.0 taken, and denied"},
		dialtest.Rule{At: "QUIT", Obey: true, Reply: "250 2.0.0 not a farewell"},
	)
	conn := srv.Pipe()
	defer conn.Close()
	r := bufio.NewReader(conn)
	talk(t, conn, r, `S: 220 mail.test ESMTP ready
C: HELO me
S: 250 mail.test
C: MAIL FROM:<me@mail.test>
S: 250 2.1.0 sender accepted
C: RCPT TO:<ann@mail.test>
S: 251 2.1.5 will forward
C: DATA
S: 354 have a go
C: hello
C: .
S: 451 4.3.0 taken, and denied
C: QUIT
S: 250 2.0.0 not a farewell`)
	if line, err := r.ReadString('\n'); err == nil {
		t.Errorf("%q behind QUIT", line)
	}
	if got := srv.Messages(); len(got) != 1 || got[0].To[0] != "ann@mail.test" {
		t.Errorf("%+v", got)
	}
	pop := testserver.Start(t, dialtest.Config{Protocol: policy.POP3, LoginInClear: true, Mailbox: []string{"a\r\n"}, Rules: []dialtest.Rule{
		{At: "QUIT", Obey: true, Reply: "-ERR some are not removed"},
		{At: "AUTH", Obey: true, Reply: "+OK\n+OK one too many"},
	}})
	conn = pop.Pipe()
	defer conn.Close()
	talk(t, conn, bufio.NewReader(conn), "S: +OK ready\nC: AUTH PLAIN\nS: + \nC: AHVzZXIAc2VjcmV0\nS: +OK\nS: +OK one too many\nC: DELE 1\nS: +OK marked\nC: QUIT\nS: -ERR some are not removed")
	if got := pop.Mailbox(); len(got) != 0 {
		t.Errorf("left: %q", got)
	}
	imap := imapServer(t, "a\r\n")
	order(t, imap, dialtest.Rule{At: "APPEND", Obey: true, Reply: "NO [INUSE] and yet"})
	c, _ := loggedIn(t, imap, "C: a APPEND INBOX {5}\nS: + go on\nC: hello\nS: a NO [INUSE] and yet")
	c.Close()
	if got := imap.Mailbox(); len(got) != 2 {
		t.Errorf("%q", got)
	}
}

// A STARTTLS that is carried out has the rule's reply ahead of TLS, and nothing inside.
func TestRuleObeyTLS(t *testing.T) {
	srv := testserver.Start(t, dialtest.Config{Protocol: policy.SMTP, Rules: []dialtest.Rule{
		{At: "STARTTLS", Obey: true, Reply: "220 2.0.0 come in"},
	}})
	conn := srv.Pipe()
	defer conn.Close()
	talk(t, conn, bufio.NewReader(conn), "S: 220 mail.test ESMTP ready\nC: HELO me\nS: 250 mail.test\nC: STARTTLS\nS: 220 2.0.0 come in")
	config := srv.ClientConfig()
	config.ServerName = "mail.test"
	inside := tls.Client(conn, config)
	talk(t, inside, bufio.NewReader(inside), "C: HELO me\nS: 250 mail.test")
}

// A rule that chooses applies no more often than it says, also if connections choose at the
// same time.
func TestRuleChooseAtOnce(t *testing.T) {
	var both sync.WaitGroup
	both.Add(2)
	srv := relay(t, dialtest.Rule{At: "NOOP", Times: 1, Choose: func(dialtest.Moment) dialtest.Rule {
		both.Done()
		both.Wait()
		return dialtest.Rule{Reply: "450 once"}
	}})
	said := make(chan string, 2)
	for range 2 {
		conn := srv.Pipe()
		defer conn.Close()
		go func() {
			r := bufio.NewReader(conn)
			r.ReadString('\n')
			io.WriteString(conn, "NOOP\r\n")
			line, _ := r.ReadString('\n')
			said <- line
		}()
	}
	once := 0
	for range 2 {
		if strings.HasPrefix(<-said, "450") {
			once++
		}
	}
	if once != 1 {
		t.Errorf("it has applied %d times", once)
	}
}

// Messages are the caller's.
func TestMessagesAreCopies(t *testing.T) {
	srv := relay(t)
	sendMail(srv, "ann@mail.test")
	srv.Close()
	first := srv.Messages()[0]
	first.MailParams[0], first.To[0], first.Data[0] = "x", "x", 'x'
	first.RcptParams[0] = []string{"x"}
	if srv.Deliver("lost\n"); len(srv.Mailbox()) > 0 {
		t.Error("a server without a store has a mailbox")
	}
	if got := srv.Messages()[0]; got.MailParams[0] != "BODY=8BITMIME" || got.To[0] != "ann@mail.test" || got.Data[0] == 'x' || len(got.RcptParams[0]) > 0 {
		t.Errorf("%+v", got)
	}
}

// A server without a listener can be made inside a bubble, and one that keeps nothing
// still calls its rules.
func TestNoListenerNoRecords(t *testing.T) {
	if _, err := dialtest.NewServer(dialtest.Config{Protocol: policy.SMTP, NoListener: true, Unix: "x"}); err == nil {
		t.Error("no listener, and one at a Unix socket")
	}
	synctest.Test(t, func(t *testing.T) {
		said := 0
		srv, err := dialtest.NewServer(dialtest.Config{
			Protocol: policy.SMTP, NoSTARTTLS: true, NoListener: true, NoRecords: true,
			Rules: []dialtest.Rule{{At: "greeting", Delay: time.Hour}, {At: ".", Do: func(string) { said++ }}, {At: "closed", Do: func(string) { said += 10 }}},
		})
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		conn, err := srv.NetDialer().DialContext(t.Context(), "tcp", "mail.test:25")
		if err != nil {
			t.Fatal(err)
		}
		talk(t, conn, bufio.NewReader(conn), "S: 220 mail.test ESMTP ready\nC: HELO me\nS: 250 mail.test\nC: MAIL FROM:<>\nS: 250 2.1.0 sender accepted\n"+
			"C: RCPT TO:<a@mail.test>\nS: 250 2.1.5 recipient accepted\nC: DATA\nS: 354 go on\nC: .\nS: 250 2.0.0 message accepted\nC: QUIT\nS: 221 2.0.0 bye")
		conn.Close()
		if err := srv.Close(); err != nil || time.Since(begin) < time.Hour {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
		if len(srv.Sessions())+len(srv.Commands())+len(srv.Messages()) > 0 || said != 11 || srv.Addr() != "" {
			t.Errorf("%v, %q, %v, %d, %q", srv.Sessions(), srv.Commands(), srv.Messages(), said, srv.Addr())
		}
		if conn := srv.Pipe(); conn.SetDeadline(time.Now()) == nil {
			if n, err := conn.Read(make([]byte, 1)); err == nil {
				t.Errorf("%d bytes of a closed server", n)
			}
			conn.Close()
		}
	})
}

// A rule for an empty line is for no other, and the end that a rule orders is not undone
// by one that applies in the middle of the same command.
func TestRuleForAnEmptyLine(t *testing.T) {
	srv := testserver.Start(t, dialtest.Config{Protocol: policy.POP3, LoginInClear: true, Rules: []dialtest.Rule{
		{At: "", Reply: "-ERR nothing"},
		{At: "credentials", Delay: time.Nanosecond},
		{At: "PASS", Delay: time.Nanosecond, End: dialtest.EndClose},
	}})
	conn := srv.Pipe()
	defer conn.Close()
	r := bufio.NewReader(conn)
	talk(t, conn, r, "S: +OK ready\nC: \nS: -ERR nothing\nC: USER user\nS: +OK now the password\nC: PASS secret\nS: +OK welcome")
	if line, err := r.ReadString('\n'); err != io.EOF {
		t.Errorf("%q, %v behind PASS", line, err)
	}
}

// Logins can be judged by a function, by whatever mechanism the password arrives.
func TestAccept(t *testing.T) {
	good := map[string]string{"ann": "one", "bob": "two"}
	srv := testserver.Start(t, dialtest.Config{
		Protocol: policy.POP3, LoginInClear: true, Mechanisms: []string{"PLAIN", "XOAUTH2"},
		Accept: func(user, password string) bool { return password != "" && good[user] == password },
	})
	for attempt, reply := range map[string]string{
		"USER ann\nS: +OK now the password\nC: PASS one":              "+OK welcome",
		"USER ann\nS: +OK now the password\nC: PASS two":              "-ERR [AUTH] wrong user or password",
		"AUTH PLAIN " + in64("\x00bob\x00two"):                        "+OK welcome",
		"AUTH PLAIN " + in64("\x00user\x00secret"):                    "-ERR [AUTH] wrong user or password",
		"AUTH XOAUTH2 " + in64("user=bob\x01auth=Bearer two\x01\x01"): "+OK welcome",
	} {
		conn := srv.Pipe()
		talk(t, conn, bufio.NewReader(conn), "S: +OK ready\nC: "+attempt+"\nS: "+reply)
		conn.Close()
	}
}
