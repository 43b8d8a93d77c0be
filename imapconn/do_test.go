package imapconn_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
)

func TestDoSends(t *testing.T) {
	s := new(recorder)
	c := s.session(t, "LITERAL-", nil)
	for _, test := range []struct {
		name string
		args []any
		want string
	}{
		{"xyz", nil, "XYZ"},
		{"uid x-yz.1_2", nil, "UID X-YZ.1_2"},
		{"X", []any{"", "a", `q"\`, "{3}", "NIL"}, `X "" "a" "q\"\\" "{3}" "NIL"`},
		{"X", []any{"a\r\nM9 LOGOUT", "b"}, "X {12+}\r\na\r\nM9 LOGOUT \"b\""},
		{"X", []any{"ü", []byte("raw"), []byte{}}, "X {2+}\r\nü {3+}\r\nraw {0+}\r\n"},
		{"X", []any{strings.Repeat("x", 5000)}, "X {5000}\r\n" + strings.Repeat("x", 5000)},
		{"X", []any{imapconn.Atom("BODY.PEEK[HEADER]<0.5>"), imap.FlagSeen, imap.Flag("$Work")}, `X BODY.PEEK[HEADER]<0.5> \Seen $Work`},
		{"X", []any{imapconn.MailboxName("Entwürfe"), imapconn.MailboxName(`a "b`)}, `X "Entw&APw-rfe" "a \"b"`},
		{"X", []any{0, 7, int64(8), uint32(9), uint64(1<<63 - 1)}, "X 0 7 8 9 9223372036854775807"},
		{"X", []any{imap.UIDSetNum(1, 2, 5), imap.SeqSet{{Start: 3, Stop: 0}}}, "X 1:2,5 3:*"},
		{"X", []any{nil, imapconn.List{}, imapconn.List{nil, imapconn.List{"a", 1}, "b\nc"}}, "X NIL () (NIL (\"a\" 1) {3+}\r\nb\nc)"},
	} {
		if _, err := c.Do(t.Context(), test.name, test.args...); err != nil {
			t.Errorf("%q: %v", test.args, err)
		}
		if got := s.take(); len(got) != 1 || got[0] != test.want {
			t.Errorf("%q: said %q, want %q", test.args, got, test.want)
		}
	}
}

func TestDoRefuses(t *testing.T) {
	s := new(recorder)
	c := s.session(t, "LITERAL+", nil)
	for _, name := range []string{
		"LOGIN", "authenticate", "UNAUTHENTICATE", "PROXYAUTH", "STARTTLS", "COMPRESS", "LOGOUT", "ENABLE", "SELECT", "Examine",
		"CLOSE", "UNSELECT", "IDLE", "NOTIFY", "UID SELECT", "", "UID ", "A B", "A\r\nB", "Ä", "X(", "UID UID X",
	} {
		if _, err := c.Do(t.Context(), name); !isWrongCall(err) {
			t.Errorf("%q: %v", name, err)
		}
	}
	deep := imapconn.List{nil}
	deep[0] = deep
	for _, arg := range []any{
		imapconn.Atom(""), imapconn.Atom("a b"), imapconn.Atom("a\r\nb"), imapconn.Atom(`"`), imapconn.Atom("{3}"), imapconn.Atom("(a)"), imapconn.Atom("ä"), imapconn.Atom(`\`),
		imap.Flag(""), imap.Flag("a b"), imapconn.MailboxName(""), imapconn.MailboxName("a\nb"), "a\x00b", []byte{0},
		-1, int64(-1), uint64(1 << 63), 1.5, struct{}{}, []string{"a"}, imap.UIDSet{}, deep, imapconn.List{deep},
		imapconn.List(slices.Repeat([]any{strings.Repeat("x", 900)}, 100)),
	} {
		if _, err := c.Do(t.Context(), "X", arg); !isWrongCall(err) {
			t.Errorf("%.40v: %v", arg, err)
		}
	}
	var none context.Context
	if _, err := c.Do(none, "X"); !isWrongCall(err) {
		t.Error("nil context: ", err)
	}
	if said := s.take(); len(said) > 0 {
		t.Errorf("said %q", said)
	}
}

// isWrongCall reports whether an error says that an argument is wrong, and not that the
// session has ended.
func isWrongCall(err error) bool {
	var failed *dial.Error
	return errors.As(err, &failed) && failed.Phase == dial.PhaseConfig && failed.Hint() != ""
}

func TestDoAnswers(t *testing.T) {
	for _, test := range []struct{ name, command, answer, want string }{
		{"nothing", "X", "TAG OK done\r\n", `"" []`},
		{"a code", "X", "TAG OK [metadata LONGENTRIES 12] done\r\n", `"METADATA LONGENTRIES 12" []`},
		{"values", "X", "* X a 12 \"q\\\"\" NIL nil () (a (b)(c)) {3}\r\na\r\n ~{2}\r\nbc\r\n", `"" [{0 X [a 12 "q\"" <nil> <nil> [] [a [b] [c]] "a\r\n" "bc"]}]`},
		{"a literal that ends in a line", "X", "* X {4}\r\na\r\n\n\r\n", `"" [{0 X ["a\r\n\n"]}]`},
		{"sections", "X", "* x BODY[HEADER.FIELDS (A \"B\")]<0> \\Seen \\* a]b\r\n", `"" [{0 X [BODY[HEADER.FIELDS (A "B")]<0> \Seen \* a]b]}]`},
		{"a number", "X", "* 7 X a\r\n* 8 Y\r\n", `"" [{7 X [a]} {8 Y []}]`},
		{"what go-imap knows", "X", "* SEARCH 1 2\r\n* ID (\"a\" \"b\")\r\n* LIST () \"/\" a\r\n", `"" [{0 SEARCH [1 2]} {0 ID [["a" "b"]]} {0 LIST [[] "/" a]}]`},
		{"what is told as ever", "X", "* 5 EXISTS\r\n* 1 EXPUNGE\r\n* 0 RECENT\r\n* FLAGS (a)\r\n* OK hi\r\n* 2 FETCH (FLAGS ())\r\n* CAPABILITY IMAP4rev1\r\n", `"" []`},
		{"a FETCH", "UID FETCH", "* 2 FETCH (FLAGS () UID 7)\r\n* VANISHED (EARLIER) 3:5\r\n", `"" [{2 FETCH [[FLAGS [] UID 7]]} {0 VANISHED [[EARLIER] 3:5]}]`},
		{"refused", "X", "* X a\r\nTAG NO [CANNOT] no \x1b\r\n", "imap: NO [CANNOT] no \uFFFD"},
		{"unknown", "X", "TAG BAD what?\r\n", "imap: BAD what?"},
		{"a list that does not end", "X", "* X (a\r\n", "imapconn: X cannot be read"},
		{"quotes that do not end", "X", "* X \"a\r\n", "imapconn: X cannot be read"},
		{"deep lists", "X", "* X " + strings.Repeat("(", 100) + strings.Repeat(")", 100) + "\r\n", "imapconn: X cannot be read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &recorder{answer: func(command string) string {
				if strings.HasPrefix(command, "NOOP") {
					return ""
				}
				return test.answer
			}}
			c := s.session(t, "", nil)
			reply, err := c.Do(t.Context(), test.command)
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = fmt.Sprintf("%q %s", reply.Code, showResponses(reply.Responses))
			}
			if got != test.want && !(err != nil && strings.HasSuffix(got, test.want)) {
				t.Errorf("%s\nwant %s", got, test.want)
			}
			if err := c.Noop().Wait(); err != nil {
				t.Errorf("the session does not go on: %v", err)
			}
		})
	}
}

// showResponses prints responses, with strings in quotes.
func showResponses(responses []imapconn.Response) string {
	var out []string
	for _, r := range responses {
		out = append(out, fmt.Sprintf("{%d %s %s}", r.Number, r.Name, showValue(r.Args)))
	}
	return "[" + strings.Join(out, " ") + "]"
}

func showValue(value any) string {
	switch value := value.(type) {
	case string:
		return strconv.Quote(value)
	case imapconn.List:
		var out []string
		for _, member := range value {
			out = append(out, showValue(member))
		}
		return "[" + strings.Join(out, " ") + "]"
	}
	return fmt.Sprint(value)
}

// What a server says unasked reaches the program's handlers beside Do.
func TestHandlersBesideDo(t *testing.T) {
	exists := make(chan uint32, 1)
	s := &recorder{answer: func(string) string { return "* 5 EXISTS\r\n" }}
	c := s.session(t, "", &imapconn.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(m *imapclient.UnilateralDataMailbox) {
			if m.NumMessages != nil {
				exists <- *m.NumMessages
			}
		},
	}})
	if _, err := c.Do(t.Context(), "X"); err != nil {
		t.Fatal(err)
	}
	if n := <-exists; n != 5 {
		t.Error(n)
	}
}

// A server that says too much ends the session; one that is cancelled goes on.
func TestDoIsBounded(t *testing.T) {
	much := &recorder{answer: func(string) string { return strings.Repeat("* X "+strings.Repeat("a ", 400)+"\r\n", 100) }}
	c := much.session(t, "", &imapconn.Options{Bounds: imapconn.Bounds{Line: 4096}})
	if _, err := c.Do(t.Context(), "X"); !errors.Is(err, policy.ErrLimit) || c.Err() == nil {
		t.Error(err, c.Err())
	}
}

// An answer of more values than its length allows for cannot be read, and the session goes on.
func TestDoAnswersOfManyValues(t *testing.T) {
	many := &recorder{answer: func(string) string { return "* X " + strings.Repeat("a ", 400) + "\r\n" }}
	c := many.session(t, "", &imapconn.Options{Bounds: imapconn.Bounds{Line: 4096}})
	if _, err := c.Do(t.Context(), "X"); err == nil || !strings.Contains(err.Error(), "X cannot be read") || c.Err() != nil {
		t.Error(err, c.Err())
	}
}

// A command that was written is given up when its context ends, and the session goes on.
func TestDoIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := &recorder{answer: func(command string) string {
			synctest.Wait()
			cancel()
			synctest.Wait()
			return "* X a\r\n"
		}}
		c := s.session(t, "", nil)
		if _, err := c.Do(ctx, "X"); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if err := c.Noop().Wait(); err != nil {
			t.Error(err)
		}
	})
}
