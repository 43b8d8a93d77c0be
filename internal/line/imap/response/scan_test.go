package response_test

import (
	"strings"
	"testing"

	"github.com/mailconn/mailconn/internal/line/imap/response"
)

// strict judges a response with default limits.
func strict(text string) bool {
	s := response.Scanner{Limits: limits()}
	return s.Scan([]byte(text), response.ParseHead([]byte(text)))
}

// canonical are responses that the client reads as they stand.
func canonical() []string {
	return []string{
		"* OK ready", "* OK", "* OK [ALERT] look", "* OK [UIDNEXT 4392] next", "* NO [TRYCREATE] x", "* BYE bye", "* BAD",
		"* OK [PERMANENTFLAGS (\\Deleted \\Seen \\*)] Limited", "* OK [HIGHESTMODSEQ 715194045007] x", "* OK [REFERRAL imap://joe;AUTH=*@h/] x",
		"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] x", "* OK [UNSEEN 12]", "* OK [COPYUID 38505 304,319:320 3956:3958] x",
		"T1 OK [APPENDUID 38505 3955] done", "T1 NO no", "T1 BAD", "T1 OK", "+ go on", "+", "+ ",
		"* CAPABILITY IMAP4rev1 STARTTLS", "* ENABLED CONDSTORE", "* FLAGS (\\Answered $x)", "* FLAGS ()",
		"* 23 EXISTS", "* 0 EXISTS", "* 5 RECENT", "* 44 EXPUNGE",
		`* LIST (\Noselect \HasChildren) "/" foo/bar`, `* LIST () NIL INBOX`, `* LIST () "\\" "a \"b\""`, "* LIST () \"/\" {3}\r\na b",
		`* LIST () "." "Entw&APw-rfe"`, `* LIST () "/" "&2D3eAA-"`, `* LIST () "/" foo ("CHILDINFO" ("SUBSCRIBED"))`, `* LIST () "/" foo ("OLDNAME" ("fo"))`,
		`* STATUS blurdybloop (MESSAGES 231 UIDNEXT 44292)`, `* STATUS "" ()`, `* STATUS x (APPENDLIMIT NIL SIZE 5000000000 HIGHESTMODSEQ 7)`,
		"* SEARCH 2 3 6", "* SEARCH", "* SEARCH 2 5 (MODSEQ 917162500)", "* SORT 2 84 882 7", "* SORT", "* THREAD (2)(3 6 (4 23)(44 7 96))", "* THREAD",
		`* ESEARCH (TAG "A282") MIN 2 COUNT 3`, `* ESEARCH (TAG "A") UID ALL 2,10:11`, `* ESEARCH (TAG A)`, `* ESEARCH (TAG "A") UID`,
		`* NAMESPACE (("" "/")) NIL (("Public." ".")("x" NIL))`, `* NAMESPACE (("INBOX." "." "X-PARAM" ("FLAG1" "FLAG2"))) NIL NIL`,
		`* QUOTA "" (STORAGE 10 512)`, `* QUOTA x ()`, `* QUOTAROOT INBOX "" x`, `* QUOTAROOT INBOX`, "* ACL INBOX Fred rwipsldexta", "* MYRIGHTS INBOX rwi",
		`* METADATA "INBOX" (/private/comment "x" /y NIL)`, "* METADATA \"\" (/shared/comment {3}\r\nabc)", "* METADATA INBOX /shared/comment /private/comment",
		`* ID NIL`, `* ID ("name" "Cyrus" "version" "")`,
		`* 12 FETCH (FLAGS (\Seen) UID 7)`, "* 12 FETCH ()", "* 1 FETCH (MODSEQ (12121231000))", "* 1 FETCH (RFC822.SIZE 44827)",
		`* 1 FETCH (INTERNALDATE "17-Jul-1996 02:44:25 -0700")`, `* 1 FETCH (INTERNALDATE " 7-Jul-1996 02:44:25 -0700")`,
		envelope, `* 1 FETCH (ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL))`,
		`* 1 FETCH (BODY ("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 3028 92))`,
		`* 1 FETCH (BODYSTRUCTURE (("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1 NIL NIL NIL NIL)("image" "png" ("name" "x") "<id>" "d" "base64" 2 "md5" ("attachment" ("filename" "x")) ("en" "de") "loc") "MIXED" ("boundary" "b") NIL "en" NIL))`,
		`* 1 FETCH (BODYSTRUCTURE ("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 342 (NIL "s" NIL NIL NIL NIL NIL NIL NIL NIL) ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 3 1) 9))`,
		`* 1 FETCH (BODYSTRUCTURE ("application" "pdf" NIL NIL NIL "base64" 7))`,
		"* 1 FETCH (UID 5 BODY[] {5}\r\nhello)", "* 1 FETCH (BODY[HEADER.FIELDS (DATE \"FROM\")]<0> {2}\r\n\r\n BODY[1.2.MIME] \"x\" BODY[1.TEXT] NIL)",
		"* 1 FETCH (BINARY[1.2] ~{3}\r\nabc BINARY.SIZE[1] 44 BODY[HEADER] {0}\r\n)",
	}
}

const envelope = `* 12 FETCH (ENVELOPE ("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev2 WG mtg summary" (("Terry Gray" NIL "gray" "cac.washington.edu")) ` +
	`(("Terry Gray" NIL "gray" "cac.washington.edu")("x" NIL "y" "z")) NIL ((NIL NIL "imap" "cac.washington.edu")) NIL NIL NIL "<B27397-0100000@cac.washington.edu>"))`

func TestCanonical(t *testing.T) {
	for _, text := range canonical() {
		if !strict(text + "\r\n") {
			t.Errorf("does not pass: %q", text)
		}
	}
}

// Everything that is not as it should be is left to package mend, even if the
// client would read it.
func TestNotCanonical(t *testing.T) {
	deep := strings.Repeat("(", 65) + `"text" "plain" NIL NIL NIL "7bit" 1 1` + strings.Repeat(` "mixed")`, 64)
	for _, text := range []string{
		"", " ", "*", "* ", "*  1 EXISTS", "* 1  EXISTS", "* 1 exists", "* 4294967296 EXISTS", "* x EXISTS", "* EXISTS", "* -1 EXISTS", "* 1 EXISTS x", "* 0 EXPUNGE", "* 0 FETCH ()",
		"* PREAUTH x", "* VANISHED 1", "T1 EXISTS", "T1 1 EXISTS", "T1 PREAUTH", "T1", "* 1 OK x", "*\tOK x",
		"* OK  x", "* OK [", "* OK [x] y", "* OK [X y", "* OK [CAPABILITY] x", "* OK [CAPABILITY (] x", "* OK [CAPABILITY A  B] x", "* OK [PERMANENTFLAGS (a])] x", "* OK [UIDNEXT x] y",
		"* OK [COPYUID 1 1:2 3] x", "* OK [COPYUID 1 2,1 3:4] x", "* OK [COPYUID 1 1:* 2:3] x", "* OK [COPYUID 14  ] x", "* OK [COPYUID 1 1:4294967295 1:4294967295] x", "* OK [APPENDUID 1 2:3] x",
		"* OK a\x1b[2J", "* OK \u202e", "* OK " + strings.Repeat("x", 401), "* OK [] x", "[ALERT] x",
		"* CAPABILITY", "* CAPABILITY (", "* CAPABILITY A (", "* CAPABILITY A\x01", "* FLAGS (\"\\\\Deleted\")", "* FLAGS ( a)", "* FLAGS (a", "* FLAGS NIL", "* FLAGS ([a])", "* FLAGS (\\)",
		`* LIST () "" x`, `* LIST () """ x`, `* LIST () "ab" x`, `* LIST () / x`, `* LIST () "/" "&BBAEMQQyACYEMwQ0BDU-"`, `* LIST () "/" "&x"`, `* LIST () "/" "&AGE-"`, `* LIST () "/" "&2D0-"`, "* LIST () \"/\" \"\xff\"", `* LIST () "/" "&APw-&APw-"`, `* LIST () "/" x (FOO (1))`, "* LIST () \"/\" {5}\r\nab",
		"* STATUS x (RECENT 1)", "* STATUS x (MESSAGES -1)", "* STATUS x (MESSAGES 1 )", "* STATUS x", "* STATUS x (MESSAGES 4294967296)",
		"* SEARCH 3 2", "* SEARCH 2 2", "* SEARCH 1:2", "* SEARCH 0", "* SEARCH 1  2", "* SEARCH x", "* SORT 1 (MODSEQ 5)", "* SEARCH (MODSEQ 5)", "* THREAD ()", "* THREAD (1 )", "* THREAD ((1) 2)", "* THREAD (1", "* THREAD (1)) ", "* THREAD x",
		`* ESEARCH`, `* ESEARCH UID ALL 1`, `* ESEARCH (TAG "a") ALL 1:*`, `* ESEARCH (TAG "a") UID ALL 1:4294967295`, `* ESEARCH (TAG "a") ALL 5,3`, `* ESEARCH (TAG "a") FOO 1`, `* ESEARCH (TAG "a") UIDX`,
		"* NAMESPACE NIL NIL", "* NAMESPACE ((1)) NIL NIL", "* QUOTA x (STORAGE 1)", "* QUOTA x (STORAGE -1 2)", "* ACL INBOX a", "* MYRIGHTS INBOX", "* ID (\"a\" NIL)", "* ID (\"a\")", "* ID (\"\" \"x\")", "* METADATA x (/a 5)",
		"* 1 FETCH (FLAGS (a) )", "* 1 FETCH (X-GM-LABELS ())", "* 1 FETCH (INTERNALDATE NIL)", `* 1 FETCH (INTERNALDATE "30-Feb-1996 02:44:25 -0700")`, `* 1 FETCH (INTERNALDATE "17-Jul-0001 02:44:25 -0700")`, `* 1 FETCH (INTERNALDATE "17-jul-1996 02:44:25 -0700")`,
		"* 1 FETCH (BODY[] {5}\r\nhello UID 5)", "* 1 FETCH (UID 5 UID 5)", "* 1 FETCH (FLAGS () FLAGS ())", `* 1 FETCH (BODY ("a" "b" NIL NIL NIL "7bit" 1 NIL NIL NIL NIL 5))`, "* 1 FETCH (UID 0)", "* 1 FETCH (MODSEQ (-1))", "* 1 FETCH (RFC822.SIZE \"5\")", "* 1 FETCH (BODY[] {6}\r\nhello)", "* 1 FETCH (BODY[x] NIL)", "* 1 FETCH (BODY[1.] NIL)", "* 1 FETCH (BINARY[1.] NIL)",
		`* 1 FETCH (ENVELOPE ("d" "a" b" NIL NIL NIL NIL NIL NIL NIL NIL))`, `* 1 FETCH (ENVELOPE (NIL))`, `* 1 FETCH (ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL "` + strings.Repeat("(", 1025) + `"))`,
		"* 1 FETCH (BODY " + deep + ")", `* 1 FETCH (BODY ("text" "plain" ("a") NIL NIL "7bit" 1 1))`, `* 1 FETCH (BODY ("text" "plain" ("" "a") NIL NIL "7bit" 1 1))`, `* 1 FETCH (BODY ("text" "plain" NIL NIL NIL "7bit" 1 NIL))`, `* 1 FETCH (BODY (NIL "x"))`,
		"* 1 FETCH FLAGS ()", "* 1 FETCH(FLAGS ())", "* 1 FETCH (FLAGS ())x",
	} {
		if strict(text + "\r\n") {
			t.Errorf("passes: %q", text)
		}
	}
	if strict("* 1 EXISTS\n") || strict("* 1 EXISTS") || strict("* 1 EXISTS\r\n* 2 EXISTS\r\n") {
		t.Error("a line's end")
	}
}

func TestWordsAreCounted(t *testing.T) {
	l := response.Default()
	for n, want := range map[int]bool{l.Words(): true, l.Words() + 1: false} {
		if text := "* FLAGS (a" + strings.Repeat(" a", n-1) + ")\r\n"; strict(text) != want {
			t.Errorf("%d flags: %v", n, !want)
		}
	}
}
