package imap_test

import (
	"bytes"
	"regexp"
	"slices"
	"testing"
)

// accepts is what a server may say that means yes.
var accepts = regexp.MustCompile(`(?i)(^|\n)[A-Z2-7]{8}1 OK( |\r\n)`)

// offers is the keyword of the upgrade, standing alone.
var offers = regexp.MustCompile(`(?i) STARTTLS[ \r]`)

// A command is accepted only by its own tag and OK, and the upgrade offered
// only by its exact keyword.
func FuzzCommand(f *testing.F) {
	for _, s := range []string{
		"<t> OK\r\n", "<t> NO\r\n", "<t> OKAY\r\n", "+ \r\n", "* BYE\r\n", "* X {3}\r\nabc\r\n<t> OK\r\n", "* X {-1}\r\n",
		"* CAPABILITY IMAP4rev1 STARTTLS\r\n<t> OK\r\n", "* CAPABILITY \u017fTARTTLS\r\n<t> OK\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		conn, srv := connect("", string(answer))
		r, err := conn.Command("X")
		if err == nil && r.Status == "OK" && !accepts.Match(bytes.ReplaceAll(answer, []byte("<t>"), []byte("AAAAAAAA1"))) {
			t.Fatalf("%q accepts: %+v", answer, r)
		}
		if len(srv.Received) != 1 {
			t.Fatalf("sent %q", srv.Received)
		}
		conn, _ = connect("", string(answer))
		list, _ := conn.Capabilities()
		caps := list.Entries
		if slices.Contains(caps, "STARTTLS") && !offers.Match(answer) {
			t.Fatalf("%q offers: %q", answer, caps)
		}
	})
}
