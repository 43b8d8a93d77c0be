package protocols_test

import (
	"testing"

	"github.com/mailconn/mailconn/internal/protocols"
	"github.com/mailconn/mailconn/policy"
)

// Every protocol has its row, and its rooms are told apart by how they greet.
func TestRows(t *testing.T) {
	for p := policy.IMAP; p.Valid(); p++ {
		row := protocols.Of(p)
		if row.Name == "" || row.Timeout <= 0 || row.Upgrade == "" || row.Greets == nil || row.Dialect == nil || row.Scribe == nil {
			t.Errorf("%v: %+v", p, row)
		}
		if !row.Offers([]string{"X", row.Upgrade}) || !row.Offers([]string{row.Upgrade + " x"}) || row.Offers([]string{row.Upgrade + "X", "X " + row.Upgrade}) {
			t.Errorf("%v: what offers the upgrade", p)
		}
	}
	if row := protocols.Of(0); row.Name != "" {
		t.Errorf("the zero Protocol is %s", row.Name)
	}
	for text, want := range map[string]string{
		"* OK ready": "IMAP", "* bye": "IMAP", "* PREAUTH x": "IMAP", "+OK ready": "POP3", "-err": "POP3",
		"220 x": "SMTP", "220-x": "SMTP", "421 x": "SMTP", "554 x": "SMTP", "* 1 EXISTS": "", "HTTP/1.1 400": "", "SSH-2.0": "", "": "",
	} {
		if got := protocols.Greeting(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
