package response_test

import (
	"testing"

	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// full is what a client asks for to list a message.
const full = `* 12 FETCH (UID 4827313 FLAGS (\Seen \Answered) INTERNALDATE "17-Jul-1996 02:44:25 -0700" RFC822.SIZE 4286 ` +
	`ENVELOPE ("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev2 WG mtg summary and minutes" (("Terry Gray" NIL "gray" "cac.washington.edu")) ` +
	`(("Terry Gray" NIL "gray" "cac.washington.edu")) (("Terry Gray" NIL "gray" "cac.washington.edu")) ((NIL NIL "imap" "cac.washington.edu")) ` +
	`((NIL NIL "minutes" "CNRI.Reston.VA.US")("John Klensin" NIL "KLENSIN" "MIT.EDU")) NIL NIL "<B27397-0100000@cac.washington.edu>") ` +
	`BODYSTRUCTURE (("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 3028 92 NIL NIL NIL NIL)("TEXT" "HTML" ("CHARSET" "US-ASCII" "NAME" "x.htm") "<960723163407.20117h@cac.washington.edu>" "Compiler diff" "BASE64" 4554 73 NIL ("attachment" ("filename" "x.htm")) NIL NIL) "MIXED" ("boundary" "----=_x") NIL NIL NIL))` + "\r\n"

func BenchmarkScan(b *testing.B) {
	for name, text := range map[string]string{"flags": "* 23421 FETCH (UID 4827313 FLAGS (\\Seen))\r\n", "full": full} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			line := []byte(text)
			s := response.Scanner{Limits: limits()}
			f := response.Frame{Limits: s.Limits}
			for b.Loop() {
				f.Reset(false)
				e, err := f.Find(line)
				if err != nil || !s.Scan(line[:e.Len], f.Head) {
					b.Fatal("does not pass")
				}
			}
		})
	}
}
