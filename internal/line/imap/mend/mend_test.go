package mend_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/internal/line/imap/mend"
	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// mended returns what is made of a response: its canonical form, or "" if it is left
// out, and the faults that were found.
func mended(t *testing.T, text string, l response.Limits) (out string, faults []string) {
	t.Helper()
	b := []byte(text)
	h := response.ParseHead(b)
	var list []mend.Fault
	if h.Kind == response.Fetch {
		f, err := mend.FetchOf(b, h, l)
		if err != nil {
			return "", []string{"error: " + err.Error()}
		}
		out, list = string(f.Out), f.Faults
	} else {
		r := mend.ResponseOf(b, h, l)
		out, list = string(r.Out), r.Faults
	}
	if s := (response.Scanner{Limits: &l}); out != "" && !s.Scan([]byte(out), response.ParseHead([]byte(out))) {
		t.Errorf("the client does not read %q", out)
	}
	for _, f := range list {
		faults = append(faults, fmt.Sprintf("%s %s", [...]string{"", "mended", "unfamiliar", "unreadable"}[f.Class], f.What))
	}
	return strings.TrimSuffix(out, "\r\n"), faults
}

// env is an envelope of nothing, and basic the beginning of a part.
const (
	env   = `(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)`
	basic = `"text" "plain" NIL NIL NIL "7bit" 3`
)

func TestMended(t *testing.T) {
	for _, c := range []struct{ in, out, faults string }{
		// Blanks and letters' case.
		{"*  1843 EXISTS", "* 1843 EXISTS", ""},
		{" * 3 exists ", "* 3 EXISTS", ""},
		{"* 3 EXISTS now", "* 3 EXISTS", ""},
		{"* ok  [uidnext 5]  next", "* OK [UIDNEXT 5] next", ""},
		{"* flags ( \\Seen  a )", "* FLAGS (\\Seen a)", ""},
		{"* 1 FETCH (flags (\\Seen )  Uid 5 )", "* 1 FETCH (UID 5 FLAGS (\\Seen))", "mended blanks"},
		{"* 1 FETCH(FLAGS(a)UID 5)", "* 1 FETCH (UID 5 FLAGS (a))", "mended blanks"},
		{"* 1 FETCH (FLAGS(a) UID 5)", "* 1 FETCH (UID 5 FLAGS (a))", "mended blanks"},
		// Status responses.
		{"T1 no [TryCreate] make it", "T1 NO [TRYCREATE] make it", ""},
		{"[ALERT] out of memory", "* OK [ALERT] out of memory", ""},
		{"* OK [COPYUID 14  ] done", "* OK done", "unreadable response code COPYUID"},
		{"* OK [COPYUID 1234567890 1:5 100:*] done", "* OK done", "unreadable response code COPYUID"},
		{"* OK [COPYUID 1 3,1 5:6] done", "* OK done", "unreadable response code COPYUID"},
		{"T1 OK [APPENDUID 1 2:3] done", "T1 OK done", "unreadable response code APPENDUID"},
		{"* OK [PERMANENTFLAGS (\\Seen [x] a])] Limited", "* OK [PERMANENTFLAGS (\\Seen)] Limited", "unreadable flag,unreadable flag"},
		{"* OK [PERMANENTFLAGS ()] x", "* OK [PERMANENTFLAGS ()] x", ""},
		{"* OK [broken text", "* OK broken text", ""},
		{"* OK [] x", "* OK x", "unreadable response code"},
		{"T1 NO \x1b[2J\u202eevil", "T1 NO \ufffd[2J\ufffdevil", ""},
		{"T1 NO " + strings.Repeat("ab", 400), "T1 NO " + strings.Repeat("ab", 198) + "a...", ""},
		{"* OK [CAPABILITY IMAP4rev1  X(] x", "* OK x", "unreadable response code CAPABILITY"},
		{"* OK [CAPABILITY IMAP4rev1  X] x", "* OK [CAPABILITY IMAP4rev1 X] x", ""},
		{"* OK [HIGHESTMODSEQ -1] x", "* OK x", "unreadable response code HIGHESTMODSEQ"},
		{"+idling", "+ idling", ""},
		{"+ wird gew\xfcnscht", "+ ", ""},
		{"+ idling\x18", "+ ", ""},
		{"+ \x00", "+ ", ""},
		{"+ " + strings.Repeat("YWJj", 400), "+ " + strings.Repeat("YWJj", 400), ""},
		// Lists of flags.
		{`* FLAGS ("\\Deleted" \Answered \Flagged)`, `* FLAGS (\Deleted \Answered \Flagged)`, "mended a flag in quotes"},
		{`* FLAGS (a (b) "" "x y" \ c)`, `* FLAGS (a c)`, "unreadable flag,unreadable flag,unreadable flag,unreadable flag"},
		{`* FLAGS NIL`, `* FLAGS ()`, "mended NIL in place of a list"},
		{`* FLAGS`, `* FLAGS ()`, "mended NIL in place of a list"},
		{`* FLAGS x`, ``, "unreadable FLAGS"},
		// Mailboxes.
		{`* LIST (\HasNoChildren) "|" "&BBAEMQQyACYEMwQ0BDU-"`, `* LIST (\HasNoChildren) "|" "&-BBAEMQQyACYEMwQ0BDU-"`, "mended a mailbox's name that is no modified UTF-7"},
		{`* LIST () "" INBOX`, `* LIST () NIL "INBOX"`, "mended no delimiter"},
		{`* LIST () / My Folder`, `* LIST () "/" "My Folder"`, "mended a delimiter without quotes,mended a mailbox's name without quotes"},
		{`* LIST () "/" NIL`, `* LIST () "/" "NIL"`, ""},
		{"* LIST () \"/\" \"\xff\x01\"", "* LIST () \"/\" \"\ufffd?\"", "mended a mailbox's name that is no modified UTF-7"},
		{`* LIST () "/" x ("FOO" (1) "CHILDINFO" ("SUBSCRIBED"))`, `* LIST () "/" "x" (CHILDINFO ("SUBSCRIBED"))`, "unfamiliar LIST item"},
		{`* LIST () "/"`, ``, "unreadable LIST"},
		{`* STATUS My Box (MESSAGES 1 RECENT 0 unseen "2" MAILBOXID (x) SIZE x)`, `* STATUS "My Box" (MESSAGES 1 UNSEEN 2)`, "mended a number in quotes,unfamiliar STATUS item,unreadable STATUS SIZE"},
		{`* STATUS x (MESSAGES -1)`, `* STATUS "x" (MESSAGES 0)`, "mended no number: it was taken for 0"},
		// Answers.
		{"* SEARCH 3 1 2 2 0", "* SEARCH 1 2 3", "unreadable number of a message"},
		{"* SEARCH 3 1 x", "", "unreadable SEARCH"},
		{"* SEARCH 9 5 (MODSEQ 77)", "* SEARCH 5 9 (MODSEQ 77)", ""},
		{"* SORT 9 5 (MODSEQ 77)", "* SORT 9 5", ""},
		{`* ESEARCH (TAG "A") uid ALL 9,5:7,6 PARTIAL (1:2 3)`, `* ESEARCH (TAG "A") UID ALL 5:7,9`, "unfamiliar ESEARCH PARTIAL"},
		{`* ESEARCH (TAG "A") ALL 4294967290,1`, `* ESEARCH (TAG "A") ALL 1,4294967290`, ""},
		{`* ESEARCH (TAG "A") ALL 5,3:4,4:7,9:8,20`, `* ESEARCH (TAG "A") ALL 3:9,20`, ""},
		{`* ESEARCH (TAG "A") ALL 1:9,2:3,4,12`, `* ESEARCH (TAG "A") ALL 1:9,12`, ""},
		{`* ESEARCH (TAG "A") ALL 3,x`, ``, "unreadable ESEARCH"},
		{`* ESEARCH (TAG "A") ALL x:3`, ``, "unreadable ESEARCH"},
		{`* ESEARCH (TAG "A") ALL 3:x`, ``, "unreadable ESEARCH"},
		{`* ESEARCH (TAG "A")  MIN 3 MAX x COUNT 2`, `* ESEARCH (TAG "A") MIN 3 COUNT 2`, "unfamiliar ESEARCH MAX"},
		{`* ESEARCH (TAG "A")  COUNT 0`, `* ESEARCH (TAG "A") COUNT 0`, ""},
		{`* ESEARCH (TOG "A") ALL 1`, ``, "unreadable ESEARCH"},
		{`* ESEARCH (TAG "A")`, `* ESEARCH (TAG "A")`, ""},
		{`* ESEARCH (TAG "A" 3) ALL 1`, ``, "unreadable ESEARCH"},
		{`* ESEARCH (TAG "A") ALL 1:4294967295`, ``, "unreadable ESEARCH"},
		{`* ESEARCH UID ALL 1`, ``, "unreadable ESEARCH"},
		{"* THREAD (1 2  (3)(4 ))", "* THREAD (1 2 (3)(4))", ""},
		{"* THREAD (1 2", "", "unreadable THREAD"},
		{`* NAMESPACE (("" "/"))  NIL`, `* NAMESPACE (("" "/")) NIL NIL`, ""},
		{`* NAMESPACE (("x" "" "EXT" ("y"))) () NIL`, `* NAMESPACE (("x" NIL)) NIL NIL`, "mended no delimiter"},
		{`* NAMESPACE (("" "/")("#s/" "/"))  NIL NIL`, `* NAMESPACE (("" "/")("#s/" "/")) NIL NIL`, ""},
		{`* NAMESPACE ("x")  NIL NIL`, ``, "unreadable NAMESPACE"},
		{`* NAMESPACE (("x"))  NIL NIL`, ``, "unreadable NAMESPACE"},
		{`* NAMESPACE x  NIL NIL`, ``, "unreadable NAMESPACE"},
		{`* QUOTA ""  (STORAGE 10 512 MESSAGE 1 2)`, `* QUOTA "" (STORAGE 10 512 MESSAGE 1 2)`, ""},
		{`* QUOTA ""  (STORAGE x 512 MESSAGE 1 2)`, `* QUOTA "" (MESSAGE 1 2)`, "unreadable quota of a resource"},
		{`* QUOTA ""  (STORAGE 1 x MESSAGE 1 2)`, `* QUOTA "" (MESSAGE 1 2)`, "unreadable quota of a resource"},
		{`* ID  NIL`, `* ID NIL`, ""},
		{`* ID  x`, ``, "unreadable ID"},
		{`* ID ("" "x" "name" ("y") "os" "z")`, `* ID ("os" "z")`, ""},
		{`* METADATA  "INBOX" (/a "1" /b NIL)`, `* METADATA "INBOX" ("/a" "1" "/b" NIL)`, "mended a word in place of a string"},
		{`* QUOTA NIL (STORAGE "10" 512 (x) 1 2)`, `* QUOTA "" (STORAGE 10 512)`, "mended NIL in place of a string,mended a number in quotes,unreadable quota of a resource"},
		{`* ID ("name" "x" "version" NIL)`, `* ID ("name" "x" "version" "")`, ""},
		{`* ID ("name" x "odd")`, `* ID ("name" "x")`, ""},
		{"* METADATA INBOX (/private/comment ~{3}\r\nabc)", `* METADATA "INBOX" ("/private/comment" "abc")`, "mended a word in place of a string"},
		// Items of a FETCH.
		{"* 1 FETCH (FLAGS () BODY[HEADER] {4}\r\nabcd UID 42)", "* 1 FETCH (UID 42 FLAGS () BODY[HEADER] \"abcd\")", ""},
		{"* 1 FETCH (BODY[] {5}\r\nabcde\r\n)", "* 1 FETCH (BODY[] \"abcde\")", "mended blanks"},
		{"* 1 FETCH (BODY[] {4}\r\na\r\nb UID 7 FLAGS (x))", "* 1 FETCH (UID 7 FLAGS (x) BODY[] {4}\r\na\r\nb)", ""},
		{"* 1 FETCH (body[header.fields ( Date )]<0.100> nil)", "* 1 FETCH (BODY[HEADER.FIELDS (Date)]<0> NIL)", ""},
		{"* 2 FETCH (UID 6 INTERNALDATE NIL)", "* 2 FETCH (UID 6)", "unreadable INTERNALDATE"},
		{`* 2 FETCH (INTERNALDATE "Mon, 7 Feb 1994 21:52:25 -0800")`, `* 2 FETCH (INTERNALDATE "07-Feb-1994 21:52:25 -0800")`, "mended a date of another form"},
		{`* 2 FETCH (INTERNALDATE "29-Feb-2000 21:52:25 +0000")`, `* 2 FETCH (INTERNALDATE "29-Feb-2000 21:52:25 +0000")`, ""},
		{`* 2 FETCH (UID 6 X-GM-LABELS ("\\Inbox") FLAGS ())`, `* 2 FETCH (UID 6 FLAGS ())`, "unfamiliar FETCH X-GM-LABELS"},
		{`* 2 FETCH (MODSEQ (-1) UID 6)`, `* 2 FETCH (UID 6)`, "unreadable MODSEQ"},
		{`* 2 FETCH (MODSEQ 5)`, `* 2 FETCH (MODSEQ (5))`, ""},
		{`* 2 FETCH (RFC822.SIZE "77" UID 0)`, `* 2 FETCH (RFC822.SIZE 77)`, "unreadable UID,mended a number in quotes"},
		{`* 2 FETCH (RFC822.SIZE NIL)`, `* 2 FETCH ()`, "unreadable RFC822.SIZE"},
		// Envelopes.
		{`* 2 FETCH (ENVELOPE (NIL NIL "" ((NIL NIL a b)) ((NIL NIL "c" "d")NIL) (NIL NIL "e" "f") NIL NIL NIL NIL))`,
			`* 2 FETCH (ENVELOPE (NIL NIL NIL ((NIL NIL "a" "b")) ((NIL NIL "c" "d")) ((NIL NIL "e" "f")) NIL NIL NIL NIL))`,
			"mended blanks,mended an empty string in place of a list,mended a word in place of a string,mended NIL in place of an address,mended an address that is in no list"},
		{`* 2 FETCH (UID 9 ENVELOPE (NIL "say "hi" now" NIL NIL NIL NIL NIL NIL NIL NIL) FLAGS (\Seen))`, `* 2 FETCH (UID 9 FLAGS (\Seen))`, "unreadable ENVELOPE"},
		{`* 2 FETCH (ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL "<11.JavaMail."FOO"@HOST>") UID 9)`, `* 2 FETCH (UID 9)`, "unreadable ENVELOPE"},
		{`* 2 FETCH (ENVELOPE (NIL "a" "b" NIL NIL NIL NIL NIL NIL NIL NIL) UID 9)`, `* 2 FETCH (UID 9)`, "unreadable ENVELOPE"},
		{`* 2 FETCH (ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL "` + strings.Repeat("(", 2000) + `"))`,
			`* 2 FETCH (ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL "` + strings.Repeat("(", 1024) + `"))`, "mended a text that is too long for its parser: it was cut"},
		{"* 2 FETCH (ENVELOPE (NIL \"folded\r\n subject\" NIL NIL NIL NIL NIL NIL NIL NIL))", `* 2 FETCH (ENVELOPE (NIL "folded subject" NIL NIL NIL NIL NIL NIL NIL NIL))`, "mended the end of a line in a string"},
		// Body structures.
		{`* 2 FETCH (BODYSTRUCTURE ((` + basic + ` 1) "alternative" ("boundary" NIL)))`, `* 2 FETCH (BODYSTRUCTURE ((` + basic + ` 1) "alternative" ("boundary" "")))`, "mended NIL in place of a string"},
		{`* 2 FETCH (BODYSTRUCTURE (` + basic + ` 31 NIL "inline" NIL NIL))`, `* 2 FETCH (BODYSTRUCTURE (` + basic + ` 31 NIL ("inline" NIL) NIL NIL))`, "mended a disposition that is no list"},
		{`* 2 FETCH (BODYSTRUCTURE (NIL "alternative" ("boundary" "x") NIL NIL NIL))`, `* 2 FETCH (BODYSTRUCTURE ("multipart" "alternative" ("boundary" "x") NIL NIL "7bit" 0 NIL NIL NIL NIL))`, "mended a multipart without parts"},
		{`* 2 FETCH (BODYSTRUCTURE ("mixed" ("boundary" "x") NIL NIL))`, `* 2 FETCH (BODYSTRUCTURE ("multipart" "mixed" ("boundary" "x") NIL NIL "7bit" 0 NIL NIL NIL))`, "mended a multipart without parts"},
		{`* 2 FETCH (BODYSTRUCTURE (` + basic + ` 1 NIL NIL NIL NIL ))`, `* 2 FETCH (BODYSTRUCTURE (` + basic + ` 1 NIL NIL NIL NIL))`, "mended blanks"},
		{`* 2 FETCH (BODYSTRUCTURE ("text" "plain" NIL NIL """" "7bit" 3 1) UID 5)`, `* 2 FETCH (UID 5)`, "unreadable BODYSTRUCTURE"},
		{`* 2 FETCH (BODYSTRUCTURE (TEXT PLAIN (CHARSET us-ascii NAME) NIL NIL 7bit "3" NIL))`, `* 2 FETCH (BODYSTRUCTURE ("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7bit" 3 0 NIL))`,
			"mended a word in place of a string,mended a parameter without a value,mended a number in quotes,mended a text without its number of lines"},
		{`* 2 FETCH (BODYSTRUCTURE (` + basic + ` -1))`, `* 2 FETCH (BODYSTRUCTURE (` + basic + ` 0))`, "mended no number: it was taken for 0"},
		{`* 2 FETCH (BODYSTRUCTURE ("message" "rfc822" NIL NIL NIL "7bit" 342 NIL NIL NIL))`, `* 2 FETCH (BODYSTRUCTURE ("message" "rfc822" NIL NIL NIL "7bit" 342))`, "mended a message without its structure"},
		{`* 2 FETCH (BODYSTRUCTURE ("message" "rfc822" NIL NIL NIL "7bit" 342 ` + env + ` (` + basic + `) NIL))`, `* 2 FETCH (BODYSTRUCTURE ("message" "rfc822" NIL NIL NIL "7bit" 342 ` + env + ` (` + basic + `) 0))`, "mended no number: it was taken for 0"},
		{`* 2 FETCH (BODYSTRUCTURE ("image" "png" ("name" "x" "" "z") NIL NIL "base64" 5000000000 ("attachment" NIL)))`, `* 2 FETCH (BODYSTRUCTURE ("image" "png" ("name" "x") NIL NIL "base64" 4294967295 NIL ("attachment" NIL)))`,
			"mended a parameter without a name,mended a number that is too large,mended no MD5 ahead of a disposition"},
		{`* 2 FETCH (BODYSTRUCTURE (` + basic + ` 1 NIL NIL NIL NIL 5))`, `* 2 FETCH ()`, "unreadable BODYSTRUCTURE"},
		{`* 2 FETCH (BODYSTRUCTURE (` + basic + ` 1 NIL NIL (("x"))))`, `* 2 FETCH ()`, "unreadable BODYSTRUCTURE"},
		{`* 2 FETCH (UID 7 ENVELOPE ` + env + ` BODYSTRUCTURE ("x" ((5))))`, `* 2 FETCH (UID 7 ENVELOPE ` + env + `)`, "unreadable BODYSTRUCTURE"},
		{`* 2 FETCH (UID 7 ENVELOPE ` + env + ` BODYSTRUCTURE ("" ((NIL NIL "a" "b")) NIL))`, `* 2 FETCH (UID 7)`, "unreadable ENVELOPE,unreadable BODYSTRUCTURE"},
		{`* 2 FETCH (UID 7 ENVELOPE ` + env + ` ENVELOPE ` + env + ` FLAGS ())`, `* 2 FETCH (UID 7 FLAGS ())`, "unreadable ENVELOPE,unreadable ENVELOPE"},
		{`* 2 FETCH (FLAGS ("" a) UID 7)`, `* 2 FETCH (UID 7)`, "unreadable FLAGS"},
		{`* 2 FETCH (BODYSTRUCTURE ((` + basic + ` 1)(` + basic + ` 1)))`, `* 2 FETCH (BODYSTRUCTURE ((` + basic + ` 1)(` + basic + ` 1) "mixed"))`, "mended a multipart without a subtype"},
		{`* 2 FETCH (UID 3 BODYSTRUCTURE NIL)`, `* 2 FETCH (UID 3)`, "unreadable BODYSTRUCTURE"},
		// What does not end, and what is wrong about the length of a literal.
		{`* 2 FETCH (FLAGS (a) UID 5`, `* 2 FETCH (UID 5 FLAGS (a))`, "mended a list that does not end"},
		{"* 2 FETCH (BODY[] {3}\r\nabcd)", "", "error: a literal of another length than was announced"},
	} {
		out, faults := mended(t, c.in+"\r\n", response.Default())
		if got := strings.Join(faults, ","); out != c.out || got != c.faults {
			t.Errorf("%.200q\n got %q\nwant %q\n got %s\nwant %s", c.in, out, c.out, got, c.faults)
		}
	}
}
