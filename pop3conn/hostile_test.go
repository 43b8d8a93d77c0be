package pop3conn_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
)

// listing is a connection to a server that lists PIPELINING and then says
// reply, whatever it hears, in segments of seg bytes, and hangs up.
func listing(seg int, reply string) *loop {
	return &loop{canned: canned{ready: "+OK\r\n", replies: []string{"+OK\r\n" + pipelining + ".\r\n"}, seg: seg}, reply: reply}
}

// mustListen begins a session on a listing connection.
func mustListen(t testing.TB, seg int, reply string) (*loop, *pop3conn.Client) {
	conn := listing(seg, "")
	c := mustBegin(t, conn)
	conn.reply = reply
	return conn, c
}

// consumed is what a careful consumer makes of a loop: the messages that it
// read to the end, by number, and whether it was told that there is more.
func consumed(c *pop3conn.Client, msgs []pop3conn.Listing) (whole map[int]string, failed bool) {
	whole = map[int]string{}
	for m, err := range c.RetrEach(ctx, msgs) {
		var b strings.Builder
		if err == nil {
			_, err = io.Copy(&b, m)
		}
		if err != nil {
			failed = true
			continue
		}
		if _, twice := whole[m.Msg]; twice {
			panic("a message came twice")
		}
		whole[m.Msg] = b.String()
	}
	return whole, failed
}

// TestCutAnywhere ends the connection after every byte of a pipelined dialogue,
// in several segmentations: what the consumer gets is whole and what it does
// not get it knows of.
func TestCutAnywhere(t *testing.T) {
	messages := []string{"a\r\n.\r\nb\r\n", "", ".\r\n..\r\n", "Subject: x\r\n\r\n.end\r\n"}
	var wire strings.Builder
	var ends []int
	for _, m := range messages {
		wire.WriteString("+OK\r\n" + stuffed(m) + ".\r\n")
		ends = append(ends, wire.Len())
	}
	for cut := range wire.Len() + 1 {
		for _, seg := range []int{1, 2, 3, 5, 0} {
			_, c := mustListen(t, seg, wire.String()[:cut])
			whole, failed := consumed(c, listings(len(messages)))
			want := 0
			for i, end := range ends {
				if end <= cut {
					want++
					if whole[i+1] != messages[i] {
						t.Errorf("cut at %d, segments of %d: message %d is %q", cut, seg, i+1, whole[i+1])
					}
				}
			}
			if len(whole) != want || failed != (want < len(messages)) {
				t.Errorf("cut at %d, segments of %d: %d messages, failed %v", cut, seg, len(whole), failed)
			}
		}
	}
}

// TestMisbehaving: a server that lists PIPELINING and then drops commands, or
// answers what it was not asked, is an error that names the way out.
func TestMisbehaving(t *testing.T) {
	body := "+OK\r\na\r\n.\r\n"
	for name, reply := range map[string]string{
		"commands dropped": body,
		"out of step":      body + "a\r\n.\r\n",
		"too much":         strings.Repeat(body, 4),
		"no body":          "+OK\r\n+OK\r\n-ERR\r\n",
		"nothing":          "",
		"long line":        body + "+OK " + strings.Repeat("x", 9<<10) + "\r\n",
		"hung up":          body + "-ERR bye",
	} {
		synctest.Test(t, func(t *testing.T) {
			client, server := net.Pipe()
			go run(server, []string{"S: +OK", "C: CAPA", "R: +OK\r\nPIPELINING\r\n.\r\n", "C: RETR 1", "C: RETR 2", "C: RETR 3", "R: " + reply})
			if name == "hung up" {
				client.Close()
				client, server = net.Pipe()
				go run(server, []string{"S: +OK", "C: CAPA", "R: +OK\r\nPIPELINING\r\n.\r\n", "C: RETR 1", "C: RETR 2", "C: RETR 3", "R: " + reply, "CLOSE"})
			}
			c, err := begin(client, &pop3conn.Options{ReplyTimeout: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			consumed(c, listings(3))
			err = c.Noop(ctx)
			if !errors.Is(err, pop3conn.ErrPipelining) || !strings.Contains(err.Error(), "Options.NoPipelining") {
				t.Errorf("%s: %v", name, err)
			}
			if name == "commands dropped" && !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s: %v", name, err)
			}
			client.Close()
		})
	}
}

// TestLyingSizes: an announced size allocates nothing and ends nothing.
func TestLyingSizes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, size := range []string{"0", "1", "9223372036854775807"} {
			box := &mailbox{caps: pipelining, letters: letters(2, 50), odd: map[string]string{
				"LIST":   "+OK\r\n1 " + size + "\r\n2 " + size + "\r\n.\r\n",
				"RETR 1": "+OK " + size + " octets\r\nabc\r\n.\r\n"}}
			_, c := dialFar(t, box, nil)
			if list, err := c.Index(ctx); err != nil || fmt.Sprint(list[0].Size) != size {
				t.Fatalf("%v, %v", list, err)
			}
			whole, failed := consumed(c, listings(2))
			if failed || whole[1] != "abc\r\n" || whole[2] != box.letters[1] {
				t.Errorf("%s: %q", size, whole)
			}
		}
	})
}

// TestIndex: lists that do not agree, a server without UIDL, numbers that are
// none.
func TestIndex(t *testing.T) {
	both(t, func(t *testing.T, o *pop3conn.Options) {
		for _, tt := range []struct {
			list, uidl string
			want       string
		}{
			{"+OK\r\n2 5\r\n.\r\n", "+OK\r\n1 a\r\n2 a\r\n.\r\n", "[{1 a -1} {2 a 5}] <nil>"},
			{"+OK\r\n.\r\n", "+OK\r\n.\r\n", "[] <nil>"},
			{"+OK\r\n1 5\r\n.\r\n", "-ERR what\r\n", "[] refused"},
			{"-ERR what\r\n", "+OK\r\n1 a\r\n.\r\n", "[] refused"},
			{"+OK\r\n1 -5\r\n.\r\n", "+OK\r\n1 a\r\n.\r\n", "[{1 a -1}] <nil>"},
			{"+OK\r\n1 99999999999999999999\r\n.\r\n", "+OK\r\n1 a\r\n.\r\n", "[{1 a -1}] <nil>"},
			{"+OK\r\n1 5\r\n.\r\n", "+OK\r\n1 a b\r\n.\r\n", "[{1 a b 5}] <nil>"},
			{"+OK\r\n1 5\r\n.\r\n", "+OK\r\n1 \x00\r\n.\r\n", "[{1  5}] <nil>"},
			{"+OK\r\n1 5\r\n3 7\r\n.\r\n", "+OK\r\n3 c\r\n2 b\r\nx\r\n.\r\n", "[{1  5} {2 b -1} {3 c 7}] <nil>"},
			{"+OK\r\n1 5\r\n1 6\r\n.\r\n", "+OK\r\n1 a\r\n1 b\r\n.\r\n", "[{1 a 5}] <nil>"},
			{"+OK\r\n1 5\n.\r\n", "+OK\r\n1 a\r\n.\r\n", "[] over"},
			{"+OK\r\n1 5\r\n.\r\n", "+OK\r\n1 a\r\n-ERR\r\n.\r\n", "[] over"},
		} {
			box := &mailbox{caps: pipelining, odd: map[string]string{"LIST": tt.list, "UIDL": tt.uidl}}
			_, c := dialFar(t, box, o)
			list, err := c.Index(ctx)
			var refused *pop3conn.Error
			var broken *policy.Violation
			switch {
			case errors.As(err, &refused) && c.Noop(ctx) == nil:
				err = errors.New("refused")
			case errors.As(err, &broken) && c.Noop(ctx) != nil:
				err = errors.New("over")
			}
			if got := fmt.Sprint(list, err); got != strings.Replace(tt.want, " <nil>", " <nil>", 1) {
				t.Errorf("%q %q: %s, want %s", tt.list, tt.uidl, got, tt.want)
			}
		}
	})
}

// FuzzEach compares a loop over three messages with a simple reading of the
// same bytes.
func FuzzEach(f *testing.F) {
	f.Add("+OK\r\na\r\n.\r\n-ERR no\r\n+OK\r\n..\r\n.\r\n", uint8(1))
	f.Add("+OK\r\n.\r\n+OK 5 octets\r\n\x00\r\n..\r\n.\r\n+ok\r\n.\r\n", uint8(3))
	f.Add("-ERR [SYS/TEMP] x\r\n-ERR\r\n+OKAY\r\n.\r\n", uint8(0))
	f.Fuzz(func(t *testing.T, stream string, seg uint8) {
		_, c := mustListen(t, int(seg), stream)
		whole, _ := consumed(c, listings(3))
		want := simply(stream)
		for i := range 3 {
			if got, ok := whole[i+1]; ok != (want[i+1] != nil) || ok && got != *want[i+1] {
				t.Errorf("%q, message %d: %q, %v", stream, i+1, got, ok)
			}
		}
	})
}

// simply reads the replies to three RETR the slow way.
func simply(stream string) map[int]*string {
	whole := map[int]*string{}
	for n := range 3 {
		line, rest, ok := strings.Cut(stream, "\r\n")
		if !ok || len(line) > 8<<10-2 || strings.ContainsAny(line, "\r\n\x00") {
			break
		}
		indicator, _, _ := strings.Cut(line, " ")
		if strings.EqualFold(indicator, "-ERR") {
			stream = rest
			continue
		}
		if !strings.EqualFold(indicator, "+OK") {
			break
		}
		message, complete := reference(rest)
		if !complete {
			break
		}
		whole[n+1] = &message
		at := strings.Index("\r\n"+rest, "\r\n.\r\n")
		stream = rest[at+len(".\r\n"):]
	}
	return whole
}
