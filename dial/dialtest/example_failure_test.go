package dialtest_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"log"
	"net"
	"net/smtp"
	"net/textproto"
	"strings"

	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/policy"
)

// sendTo stands for a program that sends a message.
func sendTo(addr string, to ...string) error {
	return smtp.SendMail(addr, nil, "me@mail.test", to, []byte("Subject: hello\r\n\r\nhello\r\n"))
}

// Each kind of failure of a server that takes mail.
func ExampleRule_sending() {
	for _, rule := range []dialtest.Rule{
		{At: "connect", End: dialtest.EndClose},
		{At: "greeting", Reply: "554 5.7.1 you are on a list"},
		{At: "EHLO", Reply: "421 4.3.2 shutting down", End: dialtest.EndClose},
		{At: "MAIL FROM:<me@mail.test>", Reply: "550 5.7.1 not you"},
		{At: "RCPT TO:<ann@mail.test>", Reply: "550 5.1.1 no such user"},
		{At: "RCPT", Reply: "452 4.5.3 too many recipients", After: 1},
		{At: "DATA", Reply: "451 4.3.0 not now"},
		{At: ".", Reply: "552 5.3.4 too large"},
		{At: ".", Bytes: -1, End: dialtest.EndReset}, // it has the message, and cannot say so
		{At: "QUIT", Reply: "500 5.5.1 what"},
	} {
		srv, err := dialtest.NewServer(dialtest.Config{Protocol: policy.SMTP, NoSTARTTLS: true, Rules: []dialtest.Rule{rule}})
		if err != nil {
			log.Fatal(err)
		}
		err = sendTo(srv.Addr(), "ann@mail.test", "bob@mail.test")
		srv.Close()
		outcome := "the connection broke"
		if reply := new(textproto.Error); errors.As(err, &reply) {
			outcome = fmt.Sprintf("%d %s", reply.Code, reply.Msg)
		}
		fmt.Printf("%s: %s; messages: %d\n", rule.At, outcome, len(srv.Messages()))
	}
	// Output:
	// connect: the connection broke; messages: 0
	// greeting: 554 5.7.1 you are on a list; messages: 0
	// EHLO: the connection broke; messages: 0
	// MAIL FROM:<me@mail.test>: 550 5.7.1 not you; messages: 0
	// RCPT TO:<ann@mail.test>: 550 5.1.1 no such user; messages: 0
	// RCPT: 452 4.5.3 too many recipients; messages: 0
	// DATA: 451 4.3.0 not now; messages: 0
	// .: 552 5.3.4 too large; messages: 0
	// .: the connection broke; messages: 1
	// QUIT: 500 5.5.1 what; messages: 1
}

// Each kind of failure of a server that mail is read from. What the program says
// and hears is shown by a plain connection.
func ExampleRule_reading() {
	srv, err := dialtest.NewServer(dialtest.Config{Protocol: policy.IMAP, LoginInClear: true, Mailbox: []string{"Subject: one\n\nfirst\n"}})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	if err := srv.Order(
		dialtest.Rule{At: "credentials", Times: 1, Skip: true}, // the password is wrong once
		dialtest.Rule{At: "APPEND", Reply: "NO [OVERQUOTA] full"},
		dialtest.Rule{At: "idling", Times: 1, Do: func(string) { srv.Deliver("Subject: two\n\nsecond\n") }},
		dialtest.Rule{At: "CLOSE", Do: func(string) { srv.Store().Inbox().Renumber() }},
		dialtest.Rule{At: "FETCH", Bytes: 30, End: dialtest.EndClose},
		dialtest.Rule{At: "idling", Reply: "* BYE shutting down", End: dialtest.EndClose},
	); err != nil {
		log.Fatal(err)
	}
	conn, err := net.Dial("tcp", srv.Addr())
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	r.ReadString('\n') // the greeting
	for _, command := range []string{
		"LOGIN user secret", "LOGIN user secret", "APPEND INBOX {5}", "EXAMINE INBOX", "IDLE", "CLOSE", "STATUS INBOX (UIDVALIDITY)", "EXAMINE INBOX", "FETCH 1 BODY[]",
	} {
		fmt.Fprintf(conn, "a %s\r\n", command)
		for {
			line, err := r.ReadString('\n')
			if line = strings.TrimSpace(line); line == "+ idling" {
				continue
			}
			if command == "IDLE" && strings.HasSuffix(line, "EXISTS") {
				fmt.Fprintf(conn, "DONE\r\n")
			}
			if line != "" && command != "EXAMINE INBOX" && !strings.Contains(line, "CAPABILITY") {
				fmt.Println(line)
			}
			if err != nil || strings.HasPrefix(line, "a ") {
				break
			}
		}
	}
	// Output:
	// a NO [AUTHENTICATIONFAILED] wrong user or password
	// a NO [OVERQUOTA] full
	// * 2 EXISTS
	// a OK done
	// a OK closed
	// * STATUS "INBOX" (UIDVALIDITY 1002)
	// a OK done
	// * 1 FETCH (BODY[] {23}
	// Subjec
}

// A rule whose function goes by what a message says, and by what the test has counted.
func ExampleRule_choose() {
	greylisted := map[string]bool{}
	srv, err := dialtest.NewServer(dialtest.Config{Protocol: policy.SMTP, NoSTARTTLS: true, Rules: []dialtest.Rule{
		{At: "RCPT", Choose: func(m dialtest.Moment) dialtest.Rule {
			if sender := m.Message.From; !greylisted[sender] {
				greylisted[sender] = true
				return dialtest.Rule{Reply: "451 4.7.1 come again"}
			}
			return dialtest.Rule{} // the recipient is accepted
		}},
		{At: ".", Choose: func(m dialtest.Moment) dialtest.Rule {
			if bytes.Contains(m.Message.Data, []byte("lottery")) {
				return dialtest.Rule{Reply: "554 5.7.1 looks like spam"}
			}
			return dialtest.Rule{}
		}},
	}})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	for _, text := range []string{"Hello.", "Hello again.", "You have won the lottery."} {
		err := smtp.SendMail(srv.Addr(), nil, "me@mail.test", []string{"ann@mail.test"}, []byte(text+"\r\n"))
		if reply := new(textproto.Error); errors.As(err, &reply) {
			fmt.Println(reply.Code, reply.Msg)
		}
	}
	fmt.Println("messages:", len(srv.Messages()))
	// Output:
	// 451 4.7.1 come again
	// 554 5.7.1 looks like spam
	// messages: 1
}

// A limit on connections, which holds while others are open.
func ExampleRule_connectionLimit() {
	srv, err := dialtest.NewServer(dialtest.Config{Protocol: policy.SMTP, Rules: []dialtest.Rule{
		{At: "greeting", Over: 1, Reply: "421 4.7.0 too many connections", End: dialtest.EndClose},
	}})
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		conn := srv.Pipe()
		defer conn.Close()
		greeting, _ := bufio.NewReader(conn).ReadString('\n')
		fmt.Println(strings.TrimSpace(greeting))
	}
	// Output:
	// 220 mail.test ESMTP ready
	// 421 4.7.0 too many connections
}

// A program that tries again, over a network that breaks. The same seed breaks it
// in the same places.
func ExampleNewNetwork() {
	srv, err := dialtest.NewServer(dialtest.Config{Protocol: policy.SMTP, NoSTARTTLS: true})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	network, err := dialtest.NewNetwork(srv.Addr(), dialtest.Plan{Seed: 16, Refuse: 0.3, Cut: 0.5, Within: 100})
	if err != nil {
		log.Fatal(err)
	}
	for sendTo(network.Addr(), "ann@mail.test") != nil {
	}
	network.Close()
	for _, fault := range network.Faults() {
		fmt.Println(fault.Kind)
	}
	// Output:
	// cut
	// refuse
	// cut
	// cut
	// none
}
