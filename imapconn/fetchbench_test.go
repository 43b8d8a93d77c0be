package imapconn_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/sockettest"
	"github.com/mailconn/mailconn/policy"
)

// canned is a server that has written down what it says of each of its messages.
type canned struct{ metadata, content func(uid int) string }

// serve answers the commands of a connection. It reads no more of a command than the set of
// messages, and whether it asks for contents.
func (s canned) serve(conn net.Conn) {
	defer conn.Close()
	io.WriteString(conn, "* PREAUTH [CAPABILITY IMAP4rev1] ready\r\n")
	w := bufio.NewWriterSize(conn, 64<<10)
	for lines := bufio.NewScanner(conn); lines.Scan(); w.Flush() {
		words := strings.SplitN(lines.Text(), " ", 5)
		if len(words) == 5 && words[2] == "FETCH" {
			say := s.metadata
			if strings.Contains(words[4], "BODY.PEEK[") {
				say = s.content
			}
			for part := range strings.SplitSeq(words[3], ",") {
				from, to, isRange := strings.Cut(part, ":")
				low, _ := strconv.Atoi(from)
				high := low
				if isRange {
					high, _ = strconv.Atoi(to)
				}
				for uid := low; uid <= high; uid++ {
					w.WriteString(say(uid))
				}
			}
		}
		fmt.Fprintf(w, "%s OK done\r\n", words[0])
	}
}

// session returns a session with the server.
func (s canned) session(b *testing.B) *imapconn.Client {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	sockettest.Serve(b, l, s.serve)
	c, err := imapconn.Dial(b.Context(), dial.Endpoint{Protocol: policy.IMAP, Host: "127.0.0.1", Port: uint16(l.Addr().(*net.TCPAddr).Port), Policy: policy.NoTLS}, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.Close() })
	return c
}

const envelopeAndStructure = `ENVELOPE ("Wed, 17 Jul 2026 02:23:25 -0700" "=?utf-8?q?Gr=C3=BC=C3=9Fe?=" (("Terry Gray" NIL "gray" "cac.example.org")) ` +
	`(("Terry Gray" NIL "gray" "cac.example.org")) (("Terry Gray" NIL "gray" "cac.example.org")) ((NIL NIL "imap" "cac.example.org")) ` +
	`((NIL NIL "minutes" "cnri.example.net")("John Klensin" NIL "KLENSIN" "mit.example.edu")) NIL "<B1-0@example.org>" "<B27397-0100000@cac.example.org>") ` +
	`BODYSTRUCTURE (("text" "plain" ("charset" "utf-8") NIL NIL "quoted-printable" 2279 48 NIL NIL NIL NIL)` +
	`("text" "html" ("charset" "utf-8") NIL NIL "base64" 4554 73 NIL ("inline" NIL) NIL NIL) "alternative" ("boundary" "d41d8cd98f00b204") NIL NIL NIL)`

// BenchmarkMetadata lists 1,000 messages, by a loop and by go-imap's Fetch.
func BenchmarkMetadata(b *testing.B) {
	const n = 1000
	c := canned{metadata: func(uid int) string {
		return fmt.Sprintf("* %d FETCH (UID %d RFC822.SIZE 4286 FLAGS (\\Seen) %s)\r\n", uid, uid, envelopeAndStructure)
	}}.session(b)
	uids := imap.UIDSet{{Start: 1, Stop: n}}
	b.Run("FetchEach", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			got := 0
			for m, err := range c.FetchEach(b.Context(), uids, &imapconn.FetchOptions{Envelope: true, BodyStructure: true, NoBody: true}) {
				if err != nil || m.Envelope.Subject != "Grüße" {
					b.Fatal(m, err)
				}
				got++
			}
			if got != n {
				b.Fatal(got)
			}
		}
	})
	b.Run("Fetch", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			o := &imap.FetchOptions{UID: true, Flags: true, RFC822Size: true, Envelope: true, BodyStructure: &imap.FetchItemBodyStructure{Extended: true}}
			messages, err := c.Fetch(uids, o).Collect()
			if err != nil || len(messages) != n {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkBodies reads 1,000 messages of 4 KiB, by a loop and by go-imap's Fetch.
func BenchmarkBodies(b *testing.B) {
	const n = 1000
	text := string(bytes.Repeat([]byte("0123456789abcde\n"), 256))
	c := canned{metadata: func(uid int) string {
		return fmt.Sprintf("* %d FETCH (UID %d RFC822.SIZE 4096)\r\n", uid, uid)
	}, content: func(uid int) string {
		return fmt.Sprintf("* %d FETCH (UID %d RFC822.SIZE 4096 FLAGS () BODY[]<0> {4096}\r\n%s)\r\n", uid, uid, text)
	}}.session(b)
	uids := imap.UIDSet{{Start: 1, Stop: n}}
	b.Run("FetchEach", func(b *testing.B) {
		b.SetBytes(n * 4096)
		b.ReportAllocs()
		for b.Loop() {
			for m, err := range c.FetchEach(b.Context(), uids, nil) {
				if err == nil {
					_, err = io.Copy(io.Discard, m)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("Fetch", func(b *testing.B) {
		b.SetBytes(n * 4096)
		b.ReportAllocs()
		for b.Loop() {
			o := &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true, Partial: &imap.SectionPartial{Size: 64 << 10}}}}
			if _, err := c.Fetch(uids, o).Collect(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
